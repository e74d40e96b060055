"""Units, turn-outs and offers over HTTP."""

from litestar.handlers import HTTPRouteHandler

from app.dispatch.routes.companies import ROUTES as COMPANIES
from app.dispatch.routes.dispatches import ROUTES as DISPATCHES
from app.dispatch.routes.going import ROUTES as GOING
from app.dispatch.routes.mine import ROUTES as MINE
from app.dispatch.routes.reading import ROUTES as READING
from app.dispatch.routes.rota import ROUTES as ROTA
from app.dispatch.routes.units import ROUTES as UNITS

ROUTES: list[HTTPRouteHandler] = [*COMPANIES, *UNITS, *ROTA, *MINE, *DISPATCHES, *READING, *GOING]
