"""Schemes, contracts, prices, usage and SOS networks over HTTP."""

from litestar.handlers import HTTPRouteHandler

from app.programmes.routes.contracts import ROUTES as CONTRACTS
from app.programmes.routes.network import ROUTES as NETWORK
from app.programmes.routes.quotes import ROUTES as QUOTES
from app.programmes.routes.schemes import ROUTES as SCHEMES
from app.programmes.routes.usage import ROUTES as USAGE
from app.programmes.routes.wearers import ROUTES as WEARERS

ROUTES: list[HTTPRouteHandler] = [*SCHEMES, *CONTRACTS, *WEARERS, *QUOTES, *USAGE, *NETWORK]
