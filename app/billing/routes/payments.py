"""What was paid for a document. Who may note it: the office, and the company whose document it is."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.billing import service
from app.billing.model import PaymentKind
from app.billing.routes.bodies import PaymentOut, payment_out
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict, NotFound

Note = Annotated[str, Meta(max_length=200)]


class PaymentIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that came, went back, or is given up. The same `key` is the same payment, however often it is sent."""

    amount_yen: Annotated[int, Meta(ge=1, le=10_000_000_000)]
    on: Annotated[date, Meta(description="the day in Japan")]
    key: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}(?!\n)$", description="of your own: one payment, one key")
    ]
    kind: PaymentKind = PaymentKind.PAID
    note: Note = ""


class TakeBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a payment was wrong."""

    note: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]


@get(
    "/v1/billing/documents/{document_id:uuid}/payments",
    guards=[May(Action.BILL_READ)],
    operation_id="list_payments",
    summary="What was paid for a document",
    tags=["billing"],
)
async def list_payments(
    document_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[PaymentOut]:
    """In the order in which it was noted."""
    after = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: service.payments(c, viewer, document_id, after, limit + 1))
    return page([payment_out(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/billing/documents/{document_id:uuid}/payments",
    guards=[May(Action.BILL_COLLECT)],
    operation_id="note_payment",
    summary="Note a payment, a refund, or what is given up",
    tags=["billing"],
    status_code=200,
    raises_problems=[Conflict, NotFound],
)
async def note_payment(
    document_id: FromPath[UUID],
    data: JSONBody[PaymentIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PaymentOut:
    """The payment; sent again, the one that is there. More than is open may be paid, and is then `overpaid`. 409 where
    more is given up than is open, more goes back than was too much, or on a return that lessens another document.
    """
    now = clock()
    made = await database.write(
        lambda c: service.pay(
            c, viewer, document_id, kind=data.kind, amount_yen=data.amount_yen, on=data.on, note=data.note,
            key=data.key, now=now,
        )
    )  # fmt: skip
    return payment_out(made)


@post(
    "/v1/billing/documents/{document_id:uuid}/payments/{payment_id:uuid}/take-back",
    guards=[May(Action.BILL_COLLECT)],
    operation_id="take_payment_back",
    summary="A payment was noted by mistake",
    tags=["billing"],
    status_code=200,
    raises_problems=[Conflict],
)
async def take_payment_back(
    document_id: FromPath[UUID],
    payment_id: FromPath[UUID],
    data: JSONBody[TakeBack],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PaymentOut:
    """The row that takes it back; both stay. Again it is the same row."""
    now = clock()
    made = await database.write(lambda c: service.take_back(c, viewer, document_id, payment_id, data.note, now))
    return payment_out(made)


ROUTES: list[HTTPRouteHandler] = [list_payments, note_payment, take_payment_back]
