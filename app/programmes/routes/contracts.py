"""Contracts of wearers under schemes, and who changed what in them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict
from app.kit.ids import ContractId, WearerId
from app.programmes import service
from app.programmes.contracts import What
from app.programmes.model import Asked, Category, Code, Grant, Quantity, Span, Terms, YenSet
from app.programmes.service.contracting import Known

Reason = Annotated[
    str, Meta(min_length=2, max_length=500, pattern=r"\S", description="kept with the change; not blank")
]
TaxYear = Annotated[str, Meta(pattern=r"^[0-9]{4}(?!\n)$", description="fiscal year of the municipal tax")]


class ContractBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new contract. `terms` name the scheme; where she lived and when she was away is said of the wearer, by other
    routes. Without `contracted_on` it is of today. `insured`: the city has insured the turn-outs.
    """

    terms: Terms
    insured: bool = False


class ContractChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different, and why; absent fields stay as they are. Of `amounts`, `choices` and `tax_classes` only
    what is named changes, and null takes a value away. The scheme never changes, nor a plan that was said: that is
    another contract.
    """

    reason: Reason
    plan: Code | UnsetType = UNSET
    issuer: Code | UnsetType | None = UNSET
    applied_on: date | UnsetType | None = UNSET
    contracted_on: date | UnsetType = UNSET
    installed_on: date | UnsetType | None = UNSET
    received_on: date | UnsetType | None = UNSET
    end_decided_on: date | UnsetType | None = UNSET
    ended_on: date | UnsetType | None = UNSET
    devices: Quantity | UnsetType = UNSET
    options: list[Code] | UnsetType = UNSET
    amounts: dict[Code, YenSet | None] | UnsetType = UNSET
    choices: dict[Code, str | None] | UnsetType = UNSET
    household_class: Code | UnsetType | None = UNSET
    tax_classes: dict[TaxYear, Code | None] | UnsetType = UNSET
    assistance: list[Span] | UnsetType = UNSET
    category: Category | UnsetType | None = UNSET
    subsidy: Grant | UnsetType | None = UNSET
    insured: bool | UnsetType = UNSET


class Withdrawal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it was a mistake."""

    reason: Reason


class ContractOut(Struct, frozen=True, kw_only=True):
    """A contract. `version` holds today, null while nobody said what decides it; `asked` is what the scheme leaves open
    and nobody has said: without it not everything can be billed.
    """

    id: UUID
    wearer: UUID
    scheme: str
    scheme_name: Annotated[dict[str, str], Meta(description="by language: `ja`, `en`")]
    version: str | None
    began_on: Annotated[date, Meta(description="the first day on which anything of it counts")]
    ended_on: Annotated[date | None, Meta(description="the last day")]
    insured: bool
    terms: Annotated[Terms, Meta(description="with where she lived and when she was away")]
    asked: list[Asked]
    created_at: datetime


class ChangeOut(Struct, frozen=True, kw_only=True):
    """Who changed what: only what is different, before and after."""

    id: UUID
    what: What
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    by: str
    at: datetime


@get(
    "/v1/wearers/{wearer_id:uuid}/contracts",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="list_contracts",
    summary="Contracts of a wearer",
    tags=["programmes"],
)
async def list_contracts(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[ContractOut]:
    """All her contracts, newest first, ended ones too. For her household and the clerks of her city; for others it is a
    404.
    """
    now = clock()
    found = await database.read(lambda c: service.contracts_of(c, viewer, WearerId(wearer_id), now))
    return Page(items=[_out(one) for one in found])


@post(
    "/v1/wearers/{wearer_id:uuid}/contracts",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="enter_contract",
    summary="Enter a contract",
    tags=["programmes"],
    raises_problems=[Conflict],
)
async def enter_contract(
    wearer_id: FromPath[UUID],
    data: JSONBody[ContractBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ContractOut:
    """Enters a contract with the tariff that holds now, which is kept with it. What the scheme cannot mean is a 400
    that names the field; 409 when she has one under this scheme that has no end. For clerks of her city and
    administrators.
    """
    now, key = clock(), WearerId(wearer_id)
    return _out(await database.write(lambda c: service.enter(c, viewer, key, data.terms, data.insured, now)))


@get(
    "/v1/contracts/{contract_id:uuid}",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="read_contract",
    summary="A contract",
    tags=["programmes"],
)
async def read_contract(
    contract_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ContractOut:
    """One contract. For her household while she is watched over, and for the clerks of her city also afterwards; for
    others it is a 404.
    """
    now, key = clock(), ContractId(contract_id)
    return _out(await database.read(lambda c: service.known(c, service.contract(c, viewer, key), now)))


@patch(
    "/v1/contracts/{contract_id:uuid}",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="change_contract",
    summary="Change a contract",
    tags=["programmes"],
    raises_problems=[Conflict],
)
async def change_contract(
    contract_id: FromPath[UUID],
    data: JSONBody[ContractChange],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ContractOut:
    """Changes what is given, also for days that are past; who did it and why is kept. For clerks of her city and
    administrators.
    """
    now, key = clock(), ContractId(contract_id)
    fields = {name: getattr(data, name) for name in data.__struct_fields__ if name not in ("reason", "insured")}
    changes = {name: value for name, value in fields.items() if value is not UNSET}
    insured = None if data.insured is UNSET else data.insured
    return _out(await database.write(lambda c: service.change(c, viewer, key, changes, insured, data.reason, now)))


@post(
    "/v1/contracts/{contract_id:uuid}/withdraw",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="withdraw_contract",
    summary="The contract was a mistake",
    tags=["programmes"],
    status_code=204,
    raises_problems=[Conflict],
)
async def withdraw_contract(
    contract_id: FromPath[UUID],
    data: JSONBody[Withdrawal],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Nothing follows from it any more, and it is a 404 from now on. 409 when something was used by it: then it can
    only end. For clerks of her city and administrators.
    """
    now, key = clock(), ContractId(contract_id)
    await database.write(lambda c: service.withdraw(c, viewer, key, data.reason, now))


@get(
    "/v1/contracts/{contract_id:uuid}/changes",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="list_contract_changes",
    summary="Who changed what in a contract",
    tags=["programmes"],
)
async def list_contract_changes(
    contract_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ChangeOut]:
    """Changes of the contract, and of where its wearer lived and when she was away, newest first. For her household and
    the clerks of her city.
    """
    before, key = decode_cursor(cursor, UUID), ContractId(contract_id)
    found, names = await database.read(lambda c: service.changes(c, viewer, key, before, limit + 1))
    out = [
        ChangeOut(
            id=one.id, what=one.what, before=one.before, after=one.after, reason=one.reason,
            by=names.get(one.by, ""), at=one.at,
        )
        for one in found
    ]  # fmt: skip
    return page(out, limit, lambda one: one.id)


def _out(known: Known) -> ContractOut:
    one = known.contract
    return ContractOut(
        id=one.id, wearer=one.wearer_id, scheme=one.scheme, scheme_name=known.scheme.name.both(),
        version=known.version, began_on=one.began_on, ended_on=one.ended_on, insured=one.insured, terms=one.terms,
        asked=known.asked, created_at=one.created_at,
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [
    list_contracts, enter_contract, read_contract, change_contract, withdraw_contract, list_contract_changes
]  # fmt: skip
