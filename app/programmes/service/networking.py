"""The registers of SOS networks: the office of the city enters wearers, family and staff read it. Who changed what, and
why, is kept with each change; nothing is ever deleted.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.names import one_line
from app.db.locks import one_at_a_time
from app.households import service as households
from app.households.words import line, lines
from app.kit.calendar import local_date
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, NetworkEntryId, WearerId, new_id
from app.programmes import networks
from app.programmes.contracts import difference
from app.programmes.networks import Network
from app.programmes.register import KEPT, Entry, EntryChange, must_be_sound, overlap
from app.programmes.store import network, people

_READING = frozenset({Role.FAMILY, Role.OPERATOR})
"""Who reads of a wearer only while she is watched over; the office keeps the register also afterwards."""


def networks_of(viewer: Viewer) -> list[Network]:
    """The networks of the viewer's city."""
    return networks.of_city(viewer.city_id)


def entries_of(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> list[Entry]:
    """The entries of a wearer, newest first, for who manages her or sees her alerts. Raises `NotFound`."""
    households.attended_wearer(connection, viewer, wearer_id, now)
    return network.of_wearer(connection, wearer_id)


def entry(connection: Connection, viewer: Viewer, entry_id: NetworkEntryId, now: datetime) -> Entry:
    """One entry, for who may read those of its wearer; for the office of her city also when she has ended. Raises
    `NotFound` for others, and for one that was withdrawn.
    """
    found = network.one(connection, entry_id)
    if found is None:
        raise NotFound
    if viewer.role in _READING:
        households.attended_wearer(connection, viewer, found.wearer_id, now)
    else:
        households.administered_wearer(connection, viewer, found.wearer_id)
    return found


def network_entries(
    connection: Connection, viewer: Viewer, code: str | None, running: bool | None, after: UUID | None, count: int,
    now: datetime,
) -> list[Entry]:  # fmt: skip
    """Up to `count` entries of the viewer's city, oldest first, without those of wearers who are hidden from the viewer
    or no longer watched over.
    """
    found: list[Entry] = []
    while len(found) < count:
        some = network.page(connection, viewer.city_id, code, running, after, count)
        known = households.visible_wearer_ids(connection, viewer, None, now, {one.wearer_id for one in some})
        found += [one for one in some if one.wearer_id in known]
        if len(some) < count:
            break
        after = some[-1].id
    return found[:count]


def enter_network(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, code: str | None, number: str | None,
    values: Mapping[str, Any], now: datetime,
) -> Entry:  # fmt: skip
    """A new entry of a wearer whom the viewer manages. Without `code` it is the city's only network, without `number`
    the next one. Raises `NotFound`; `InvalidInput` for what cannot be meant; `Conflict` when she is in it already, or
    another entry has the number.
    """
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    code, today = _code(networks.of_city(wearer.city_id), code), local_date(now)
    _queue_up(connection, wearer.city_id, code)
    one = Entry(
        id=NetworkEntryId(new_id()), city_id=wearer.city_id, wearer_id=wearer_id, network=code,
        number=number or _next_number(connection, wearer.city_id, code), created_by=viewer.account_id, created_at=now,
        **({"entered_on": today} | dict(values)),
    )  # fmt: skip
    one = _sound(one, today)
    _must_be_alone(connection, one)
    network.add(connection, one)
    _note(connection, one, {}, _shown(one), "", viewer.account_id, now)
    return one


def change_entry(
    connection: Connection, viewer: Viewer, entry_id: NetworkEntryId, changes: Mapping[str, Any], reason: str,
    now: datetime,
) -> Entry:  # fmt: skip
    """The entry after the change. Raises as `enter_network`."""
    before = _locked(connection, viewer, entry_id, now)
    after = _sound(replace(before, **changes), local_date(now))
    _must_be_alone(connection, after)
    old, new = difference(_shown(before), _shown(after))
    if old or new:
        network.change(connection, after)
        _note(connection, after, old, new, reason, viewer.account_id, now)
    return after


def leave_network(
    connection: Connection, viewer: Viewer, entry_id: NetworkEntryId, left_on: date | None, reason: str, now: datetime
) -> Entry:
    """She leaves the network today, or left it on a day. Raises as `enter_network`, and `Conflict` when she is out."""
    before = _locked(connection, viewer, entry_id, now)
    if not before.runs:
        raise Conflict("She has left it.")
    return change_entry(connection, viewer, entry_id, {"left_on": left_on or local_date(now)}, reason, now)


def withdraw_entry(
    connection: Connection, viewer: Viewer, entry_id: NetworkEntryId, reason: str, now: datetime
) -> None:
    """She was entered by mistake: nothing follows from it. Raises `NotFound`."""
    one = _locked(connection, viewer, entry_id, now)
    network.change(connection, replace(one, withdrawn_at=now))
    _note(connection, one, {}, {"withdrawn_at": now.isoformat()}, reason, viewer.account_id, now)


def entry_changes(
    connection: Connection, viewer: Viewer, entry_id: NetworkEntryId, before: UUID | None, count: int, now: datetime
) -> tuple[list[EntryChange], dict[AccountId, str]]:
    """Up to `count` changes of an entry, newest first, and who they were. Raises `NotFound`."""
    entry(connection, viewer, entry_id, now)
    found = network.changes(connection, entry_id, before, count)
    return found, people.names(connection, {one.by for one in found})


def in_network(connection: Connection, wearer_ids: Collection[WearerId], day: date) -> dict[WearerId, list[Entry]]:
    """The entries of these wearers that run on that day; who is in no network is absent."""
    found: dict[WearerId, list[Entry]] = {}
    for one in network.running(connection, wearer_ids, day):
        found.setdefault(one.wearer_id, []).append(one)
    return found


def _code(known: list[Network], code: str | None) -> str:
    codes = [one.id for one in known]
    if code is None and len(codes) == 1:
        return codes[0]
    if code not in codes:
        raise InvalidInput(f"Say which network: {', '.join(codes)}.", "network")
    return code


def _queue_up(connection: Connection, city_id: int, code: str) -> None:
    """Nobody else writes this register until the end of the transaction."""
    one_at_a_time(connection, f"network {code} of {city_id}")


def _next_number(connection: Connection, city_id: Any, code: str) -> str:
    number = network.count(connection, city_id, code) + 1
    while network.numbered(connection, city_id, code, str(number)) is not None:
        number += 1
    return str(number)


def _locked(connection: Connection, viewer: Viewer, entry_id: NetworkEntryId, now: datetime) -> Entry:
    one = entry(connection, viewer, entry_id, now)
    _queue_up(connection, one.city_id, one.network)
    found = network.one(connection, entry_id)
    if found is None:
        raise NotFound
    return found


def _sound(one: Entry, today: date) -> Entry:
    must_be_sound(one, today)
    return replace(
        one,
        number=one_line(one.number, "number"),
        applicant=line(one.applicant, "applicant"),
        features=lines(one.features, "features"),
    )


def _must_be_alone(connection: Connection, one: Entry) -> None:
    named = network.numbered(connection, one.city_id, one.network, one.number)
    if named not in (None, one.id):
        raise Conflict("Another entry has this number.")
    others = [known for known in network.of_wearer(connection, one.wearer_id) if known.network == one.network]
    if any(overlap(one, known) for known in others if known.id != one.id):
        raise Conflict("She is in this network on some of these days already.")


def _shown(one: Entry) -> dict[str, Any]:
    """What can change in an entry, as changes keep it."""
    found: dict[str, Any] = msgspec.to_builtins({name: getattr(one, name) for name in KEPT})
    return found


def _note(
    connection: Connection, one: Entry, before: dict[str, Any], after: dict[str, Any], reason: str, by: AccountId,
    now: datetime,
) -> None:  # fmt: skip
    network.add_change(
        connection,
        EntryChange(id=new_id(), entry_id=one.id, before=before, after=after, reason=reason, by=by, at=now),
    )
