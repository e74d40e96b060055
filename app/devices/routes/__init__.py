"""The routes of devices, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.devices.routes import carriers, commands, devices

ROUTES: list[HTTPRouteHandler] = [*devices.ROUTES, *carriers.ROUTES, *commands.ROUTES]
