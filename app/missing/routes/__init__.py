"""Searches and their maps over HTTP."""

from litestar.handlers import HTTPRouteHandler

from app.missing.routes.facts import ROUTES as FACTS
from app.missing.routes.maps import ROUTES as MAPS
from app.missing.routes.searches import ROUTES as SEARCHES

ROUTES: list[HTTPRouteHandler] = [*SEARCHES, *FACTS, *MAPS]
