"""The routes of history, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.history.routes import areas, passages, places

ROUTES: list[HTTPRouteHandler] = [*places.ROUTES, *passages.ROUTES, *areas.ROUTES]
