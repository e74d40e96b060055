"""The routes of stickers, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.stickers.routes import board, finder, scans

ROUTES: list[HTTPRouteHandler] = [*finder.ROUTES, *board.ROUTES, *scans.ROUTES]
