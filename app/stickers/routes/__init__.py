"""The routes of stickers, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.stickers.routes import (
    board,
    boards,
    cards,
    finder,
    guarding,
    hers,
    issues,
    practice,
    register,
    scans,
    stock,
)

ROUTES: list[HTTPRouteHandler] = [
    *finder.ROUTES,
    *board.ROUTES,
    *scans.ROUTES,
    *boards.ROUTES,
    *guarding.ROUTES,
    *practice.ROUTES,
    *issues.ROUTES,
    *register.ROUTES,
    *hers.ROUTES,
    *cards.ROUTES,
    *stock.ROUTES,
]
