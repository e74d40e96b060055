"""Bills over HTTP."""

from litestar.handlers import HTTPRouteHandler

from app.billing.routes.closings import ROUTES as CLOSINGS
from app.billing.routes.documents import ROUTES as DOCUMENTS
from app.billing.routes.issuers import ROUTES as ISSUERS
from app.billing.routes.payments import ROUTES as PAYMENTS
from app.billing.routes.statements import ROUTES as STATEMENTS

ROUTES: list[HTTPRouteHandler] = [*DOCUMENTS, *PAYMENTS, *STATEMENTS, *CLOSINGS, *ISSUERS]
