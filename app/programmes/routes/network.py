"""SOS networks, and who is in their registers."""

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
from app.kit.ids import NetworkEntryId, WearerId
from app.programmes import service
from app.programmes.model import Code
from app.programmes.networks import Network
from app.programmes.register import Applicant, Consenter, Entry
from app.programmes.routes.contracts import Reason, Withdrawal

Number = Annotated[str, Meta(min_length=1, max_length=20, description="as the office calls the entry; one line")]
Applied = Annotated[str, Meta(max_length=100, description="name of whoever applied; one line")]
Features = Annotated[str, Meta(max_length=2000, description="by what she is known, for a search")]


class EntryBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """She is entered. Without `network` it is the city's only one, without `number` the next, without `entered_on`
    today. When a care manager or a support centre applies, who agreed (`consent_by`) and when is needed.
    `police_since`: from when it is agreed that the police may know of the entry; null while nobody agreed. `left_on` is
    for entries of before, from the office's papers.
    """

    applied_by: Applicant
    network: Code | None = None
    number: Number | None = None
    entered_on: date | UnsetType = UNSET
    applicant: Applied = ""
    consent_by: Consenter | None = None
    consent_on: date | None = None
    police_since: date | None = None
    features: Features = ""
    left_on: date | None = None


class EntryPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different, and why; absent fields stay as they are. `left_on` null: she has not left after all."""

    reason: Reason
    number: Number | UnsetType = UNSET
    entered_on: date | UnsetType = UNSET
    applied_by: Applicant | UnsetType = UNSET
    applicant: Applied | UnsetType = UNSET
    consent_by: Consenter | UnsetType | None = UNSET
    consent_on: date | UnsetType | None = UNSET
    police_since: date | UnsetType | None = UNSET
    features: Features | UnsetType = UNSET
    left_on: date | UnsetType | None = UNSET


class Leaving(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """She leaves, today or on the day that is given, and why."""

    reason: Reason
    left_on: date | None = None


class EntryOut(Struct, frozen=True, kw_only=True):
    """A wearer in the register of a network, from `entered_on` up to, not including, `left_on`."""

    id: UUID
    wearer: UUID
    network: str
    number: str
    entered_on: date
    applied_by: Applicant
    applicant: str
    consent_by: Consenter | None
    consent_on: date | None
    police_since: Annotated[date | None, Meta(description="from when the police may know of it; null: they may not")]
    features: str
    left_on: date | None
    created_at: datetime


class EntryChangeOut(Struct, frozen=True, kw_only=True):
    """Who changed what: only what is different, before and after."""

    id: UUID
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    by: str
    at: datetime


@get(
    "/v1/networks",
    guards=[May(Action.NETWORK_READ)],
    operation_id="list_networks",
    summary="SOS networks of the city",
    tags=["networks"],
)
async def list_networks(viewer: NamedDependency[Viewer]) -> Page[Network]:
    """The networks of your city, with the words of their papers. For staff and families."""
    return Page(items=service.networks_of(viewer))


@get(
    "/v1/network-entries",
    guards=[May(Action.NETWORK_WRITE)],
    operation_id="list_network_entries",
    summary="Who is in the registers of the city",
    tags=["networks"],
)
async def list_network_entries(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    network: FromQuery[Code | None] = None,
    running: FromQuery[bool | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[EntryOut]:
    """Entries of the wearers of your city, oldest first; with `running` only those who have not left, or only those who
    have. For its clerks and administrators.
    """
    now, after = clock(), decode_cursor(cursor, UUID)
    found = await database.read(lambda c: service.network_entries(c, viewer, network, running, after, limit + 1, now))
    return page([_out(one) for one in found], limit, lambda one: one.id)


@get(
    "/v1/wearers/{wearer_id:uuid}/network",
    guards=[May(Action.NETWORK_READ)],
    operation_id="list_network_entries_of_wearer",
    summary="Her entries in registers of SOS networks",
    tags=["networks"],
)
async def list_network_entries_of_wearer(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[EntryOut]:
    """All her entries, newest first, those that she has left too. For her household, for who sees her alerts, and the
    clerks of her city; for others it is a 404.
    """
    now, key = clock(), WearerId(wearer_id)
    found = await database.read(lambda c: service.entries_of(c, viewer, key, now))
    return Page(items=[_out(one) for one in found])


@post(
    "/v1/wearers/{wearer_id:uuid}/network",
    guards=[May(Action.NETWORK_WRITE)],
    operation_id="enter_network",
    summary="Enter her in the register of an SOS network",
    tags=["networks"],
    raises_problems=[Conflict],
)
async def enter_network(
    wearer_id: FromPath[UUID],
    data: JSONBody[EntryBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> EntryOut:
    """Enters her. 409 when she is in this network on some of these days, or another entry has the number. For clerks of
    her city and administrators.
    """
    now, key = clock(), WearerId(wearer_id)
    values = _given(data, "network", "number")
    return _out(
        await database.write(lambda c: service.enter_network(c, viewer, key, data.network, data.number, values, now))
    )


@get(
    "/v1/network-entries/{network_entry_id:uuid}",
    guards=[May(Action.NETWORK_READ)],
    operation_id="read_network_entry",
    summary="An entry in a register",
    tags=["networks"],
)
async def read_network_entry(
    network_entry_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> EntryOut:
    """One entry, for whom `GET /v1/wearers/{id}/network` is; for the clerks of her city also after her watching has
    ended.
    """
    now, key = clock(), NetworkEntryId(network_entry_id)
    return _out(await database.read(lambda c: service.entry(c, viewer, key, now)))


@patch(
    "/v1/network-entries/{network_entry_id:uuid}",
    guards=[May(Action.NETWORK_WRITE)],
    operation_id="change_network_entry",
    summary="Change an entry",
    tags=["networks"],
    raises_problems=[Conflict],
)
async def change_network_entry(
    network_entry_id: FromPath[UUID],
    data: JSONBody[EntryPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> EntryOut:
    """Changes what is given; who did it and why is kept. For clerks of her city and administrators."""
    now, key = clock(), NetworkEntryId(network_entry_id)
    changes = _given(data, "reason")
    return _out(await database.write(lambda c: service.change_entry(c, viewer, key, changes, data.reason, now)))


@post(
    "/v1/network-entries/{network_entry_id:uuid}/leave",
    guards=[May(Action.NETWORK_WRITE)],
    operation_id="leave_network",
    summary="She leaves the network",
    tags=["networks"],
    status_code=200,
    raises_problems=[Conflict],
)
async def leave_network(
    network_entry_id: FromPath[UUID],
    data: JSONBody[Leaving],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> EntryOut:
    """From that day on she is not in the network; the entry is kept. 409 when she has left it. For clerks of her city
    and administrators.
    """
    now, key = clock(), NetworkEntryId(network_entry_id)
    return _out(await database.write(lambda c: service.leave_network(c, viewer, key, data.left_on, data.reason, now)))


@post(
    "/v1/network-entries/{network_entry_id:uuid}/withdraw",
    guards=[May(Action.NETWORK_WRITE)],
    operation_id="withdraw_network_entry",
    summary="She was entered by mistake",
    tags=["networks"],
    status_code=204,
)
async def withdraw_network_entry(
    network_entry_id: FromPath[UUID],
    data: JSONBody[Withdrawal],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Nothing follows from the entry any more, and it is a 404 from now on. For clerks of her city and
    administrators.
    """
    now, key = clock(), NetworkEntryId(network_entry_id)
    await database.write(lambda c: service.withdraw_entry(c, viewer, key, data.reason, now))


@get(
    "/v1/network-entries/{network_entry_id:uuid}/changes",
    guards=[May(Action.NETWORK_READ)],
    operation_id="list_network_entry_changes",
    summary="Who changed what in an entry",
    tags=["networks"],
)
async def list_network_entry_changes(
    network_entry_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[EntryChangeOut]:
    """Changes of the entry, newest first, for whom the entry is."""
    now, before, key = clock(), decode_cursor(cursor, UUID), NetworkEntryId(network_entry_id)
    found, names = await database.read(lambda c: service.entry_changes(c, viewer, key, before, limit + 1, now))
    out = [
        EntryChangeOut(
            id=one.id, before=one.before, after=one.after, reason=one.reason, by=names.get(one.by, ""), at=one.at
        )
        for one in found
    ]  # fmt: skip
    return page(out, limit, lambda one: one.id)


def _given(data: Struct, *others: str) -> dict[str, Any]:
    """The fields that were given, but for some."""
    names = [name for name in data.__struct_fields__ if name not in others]
    return {name: getattr(data, name) for name in names if getattr(data, name) is not UNSET}


def _out(one: Entry) -> EntryOut:
    return EntryOut(
        wearer=one.wearer_id,
        **{name: getattr(one, name) for name in EntryOut.__struct_fields__ if name != "wearer"},
    )


ROUTES: list[HTTPRouteHandler] = [
    list_networks, list_network_entries, list_network_entries_of_wearer, enter_network, read_network_entry,
    change_network_entry, leave_network, withdraw_network_entry, list_network_entry_changes,
]  # fmt: skip
