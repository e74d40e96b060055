"""The routes of accounts, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.accounts.routes import addresses, browsers, mailboxes, me, numbers, reached, sign_in, staff

ROUTES: list[HTTPRouteHandler] = [
    *sign_in.ROUTES,
    *me.ROUTES,
    *addresses.ROUTES,
    *reached.ROUTES,
    *browsers.ROUTES,
    *mailboxes.ROUTES,
    *numbers.ROUTES,
    *staff.ROUTES,
]
