"""The routes of stickers, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.stickers.routes import board, boards, finder, guarding, issues, practice, register, scans

ROUTES: list[HTTPRouteHandler] = [
    *finder.ROUTES,
    *board.ROUTES,
    *scans.ROUTES,
    *boards.ROUTES,
    *guarding.ROUTES,
    *practice.ROUTES,
    *issues.ROUTES,
    *register.ROUTES,
]
