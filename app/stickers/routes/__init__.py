"""The routes of stickers, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.stickers.routes import finder, scans

ROUTES: list[HTTPRouteHandler] = [*finder.ROUTES, *scans.ROUTES]
