"""Companies as issuers of documents: kept by the office of the city."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.billing import service
from app.billing.model import Bank, Issuer, RegistrationNumber
from app.billing.totals import Rounding
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AccountId
from app.programmes.model import Code


class IssuerIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on a company's documents. Without a registration number they are no qualified invoices."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    address: Annotated[str, Meta(max_length=200)] = ""
    phone: Annotated[str, Meta(max_length=30)] = ""
    registration_number: RegistrationNumber | None = None
    rounding: Annotated[Rounding, Meta(description="of the tax of each document and rate")] = Rounding.DOWN
    payment_days: Annotated[int, Meta(ge=0, le=365, description="from the day of issue to the day it is due")] = 30
    bank: Bank | None = None


class IssuerOut(Struct, frozen=True, kw_only=True):
    """A company as it bills in your city."""

    code: Annotated[str, Meta(description="as schemes and contracts call it")]
    name: str
    address: str
    phone: str
    registration_number: str | None
    rounding: Rounding
    payment_days: int
    bank: Bank | None
    changed_at: datetime


class Issuers(Struct, frozen=True, kw_only=True):
    """All of a city."""

    items: list[IssuerOut]


@get(
    "/v1/billing/issuers",
    guards=[May(Action.BILL_WRITE)],
    operation_id="list_issuers",
    summary="Companies that bill in your city",
    tags=["billing"],
)
async def list_issuers(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> Issuers:
    """Some few."""
    found = await database.read(lambda c: service.issuers_of(c, viewer))
    return Issuers(items=[_out(one) for one in found])


@put(
    "/v1/billing/issuers/{code:str}",
    guards=[May(Action.BILL_WRITE)],
    operation_id="put_issuer",
    summary="What stands on a company's documents from now on",
    tags=["billing"],
)
async def put_issuer(
    code: FromPath[Code],
    data: JSONBody[IssuerIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> IssuerOut:
    """A new one, or another wording; documents that were issued keep what it was."""
    now = clock()
    made = await database.write(
        lambda c: service.put_issuer(
            c, viewer.city_id, code, name=data.name, address=data.address, phone=data.phone,
            registration_number=data.registration_number, rounding=data.rounding, payment_days=data.payment_days,
            bank=data.bank, by=viewer.account_id, now=now,
        )
    )  # fmt: skip
    return _out(made)


@put(
    "/v1/billing/issuers/{code:str}/readers/{reader_id:uuid}",
    guards=[May(Action.BILL_WRITE)],
    operation_id="let_issuer_read",
    summary="Let somebody of a company read and collect its bills",
    tags=["billing"],
    status_code=204,
    raises_problems=[Conflict, NotFound],
)
async def let_read(
    code: FromPath[Code],
    reader_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """An account of the company's control room. Again changes nothing."""
    now = clock()
    await database.write(lambda c: service.let_read(c, viewer, code, AccountId(reader_id), now))


@delete(
    "/v1/billing/issuers/{code:str}/readers/{reader_id:uuid}",
    guards=[May(Action.BILL_WRITE)],
    operation_id="stop_issuer_reading",
    summary="Somebody of a company reads its bills no more",
    tags=["billing"],
)
async def stop_reading(
    code: FromPath[Code],
    reader_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> None:
    """From now on there are no documents for that account."""
    await database.write(lambda c: service.stop_reading(c, viewer, code, AccountId(reader_id)))


def _out(one: Issuer) -> IssuerOut:
    return IssuerOut(
        code=one.code, name=one.name, address=one.address, phone=one.phone, rounding=one.rounding,
        registration_number=one.registration_number, payment_days=one.payment_days, bank=one.bank,
        changed_at=one.changed_at,
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [list_issuers, put_issuer, let_read, stop_reading]
