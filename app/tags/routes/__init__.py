"""The routes of tags and detectors, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.tags.routes import detectors, files, health, tags

ROUTES: list[HTTPRouteHandler] = [*tags.ROUTES, *detectors.ROUTES, *files.ROUTES, *health.ROUTES]
