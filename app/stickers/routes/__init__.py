"""The routes of stickers, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.stickers.routes import board, boards, finder, guarding, practice, scans

ROUTES: list[HTTPRouteHandler] = [
    *finder.ROUTES,
    *board.ROUTES,
    *scans.ROUTES,
    *boards.ROUTES,
    *guarding.ROUTES,
    *practice.ROUTES,
]
