"""The routes of households, one file a subject; this is their door."""

from litestar.handlers import HTTPRouteHandler

from app.households.routes import consents, contacts, households, looks, protections, wearers

ROUTES: list[HTTPRouteHandler] = [
    *households.ROUTES,
    *wearers.ROUTES,
    *contacts.ROUTES,
    *consents.ROUTES,
    *protections.ROUTES,
    *looks.ROUTES,
]
