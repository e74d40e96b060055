"""What was used by a contract, and its free turn-outs."""

from datetime import date, datetime
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
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict, InvalidInput
from app.kit.ids import ContractId, UsageId
from app.programmes import service
from app.programmes.contracts import Kind, Used
from app.programmes.ledger import Entry, TurnState
from app.programmes.model import Item, Payer, PlaceTold, TurnOut
from app.programmes.routes.contracts import Reason
from app.programmes.service.quota import Left

Key = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,60}(?!\n)$", description="your own name for it: the same key is one thing")
]


class UsageBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the two: a place that was told, or something that was bought, replaced or repaired."""

    key: Key
    place_told: PlaceTold | None = None
    item: Item | None = None


class UsageCorrection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is right instead, and why; with neither, it never happened."""

    reason: Reason
    place_told: PlaceTold | None = None
    item: Item | None = None


class UsageOut(Struct, frozen=True, kw_only=True):
    """A row of usage. `corrects` is the row in whose place it counts; one of the three says what happened, none of them
    that it never did.
    """

    id: UUID
    kind: Kind
    on: Annotated[date, Meta(description="day in Japan, by which it belongs to a month")]
    turn_out: TurnOut | None
    place_told: PlaceTold | None
    item: Item | None
    corrects: UUID | None
    reason: str
    recorded_at: datetime


class YearOut(Struct, frozen=True, kw_only=True):
    """Free turn-outs of a year, or a month: `of` so many, `consumed` by guards who set out, `reserved` by those who
    have accepted, `left` of all. `payer` bears them; null: nobody is asked for money.
    """

    name: str
    first_on: date
    last_on: date
    of: int
    consumed: int
    reserved: int
    left: int
    payer: Payer | None


class EntryOut(Struct, frozen=True, kw_only=True):
    """A step in the ledger: the `number` of a turn-out in its `year` was reserved, consumed or released, and why."""

    id: UUID
    dispatch: UUID
    what: TurnState
    year: str
    number: int | None
    why: str
    at: datetime


class LedgerOut(Struct, frozen=True, kw_only=True):
    """The year as it stands (null where the scheme gives no free turn-outs), and the steps that led there."""

    year: YearOut | None
    entries: Page[EntryOut]


@get(
    "/v1/contracts/{contract_id:uuid}/quota",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="read_quota",
    summary="Free turn-outs of a contract",
    tags=["programmes"],
)
async def read_quota(
    contract_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> LedgerOut:
    """How many are left this year, and every step of the ledger, newest first. For her household and the clerks of her
    city.
    """
    now, before, key = clock(), decode_cursor(cursor, UUID), ContractId(contract_id)
    left, steps = await database.read(lambda c: service.ledger(c, viewer, key, before, limit + 1, now))
    return LedgerOut(
        year=None if left is None else _year(left),
        entries=page([_entry(number, one) for number, one in steps], limit, lambda one: one.id),
    )


@get(
    "/v1/contracts/{contract_id:uuid}/usage",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="list_usage",
    summary="What was used by a contract",
    tags=["programmes"],
)
async def list_usage(
    contract_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[UsageOut]:
    """Turn-outs, places told, things bought, newest row first; what was corrected too. For her household and the clerks
    of her city.
    """
    before, key = decode_cursor(cursor, UUID), ContractId(contract_id)
    found = await database.read(lambda c: service.used(c, viewer, key, before, limit + 1))
    return page([_used(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/contracts/{contract_id:uuid}/usage",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="record_usage",
    summary="Note what was used",
    tags=["programmes"],
    raises_problems=[Conflict],
)
async def record_usage(
    contract_id: FromPath[UUID],
    data: JSONBody[UsageBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> UsageOut:
    """A place that was told by telephone, an accessory, a repair. Turn-outs are recorded by themselves. The same key
    again is the same row; 409 when something else stands under it. For clerks of her city and administrators.
    """
    now, key = clock(), ContractId(contract_id)
    facts = _one_of(data.place_told, data.item)
    if facts is None:
        raise InvalidInput("Say what was used: a place that was told, or an item.", "place_told")
    return _used(await database.write(lambda c: service.record(c, viewer, key, facts, data.key, now)))


@post(
    "/v1/contracts/{contract_id:uuid}/usage/{usage_id:uuid}/correct",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="correct_usage",
    summary="It was otherwise",
    tags=["programmes"],
    raises_problems=[Conflict],
)
async def correct_usage(
    contract_id: FromPath[UUID],
    usage_id: FromPath[UUID],
    data: JSONBody[UsageCorrection],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> UsageOut:
    """A new row that counts in place of the old one, which stays. 409 for one that was corrected before (correct the
    correction) and for a turn-out, which is corrected in its timeline. For clerks of her city and administrators.
    """
    now, key, row = clock(), ContractId(contract_id), UsageId(usage_id)
    facts = _one_of(data.place_told, data.item)
    return _used(await database.write(lambda c: service.correct(c, viewer, key, row, facts, data.reason, now)))


def _one_of(place_told: PlaceTold | None, item: Item | None) -> PlaceTold | Item | None:
    if place_told is not None and item is not None:
        raise InvalidInput("One thing at a time.", "item")
    return place_told or item


def _used(one: Used) -> UsageOut:
    facts = one.facts
    return UsageOut(
        id=one.id, kind=one.kind, on=one.on, turn_out=facts if isinstance(facts, TurnOut) else None,
        place_told=facts if isinstance(facts, PlaceTold) else None, item=facts if isinstance(facts, Item) else None,
        corrects=one.corrects, reason=one.reason, recorded_at=one.recorded_at,
    )  # fmt: skip


def _year(left: Left) -> YearOut:
    return YearOut(
        name=left.period.key, first_on=left.period.first_on, last_on=left.period.last_on, of=left.of,
        consumed=left.consumed, reserved=left.reserved, left=left.left, payer=left.payer,
    )  # fmt: skip


def _entry(number: UUID, one: Entry) -> EntryOut:
    return EntryOut(
        id=number, dispatch=one.dispatch_id, what=one.what, year=one.period, number=one.n, why=one.why, at=one.at
    )


ROUTES: list[HTTPRouteHandler] = [read_quota, list_usage, record_usage, correct_usage]
