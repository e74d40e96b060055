"""An incident taken in hand: locked, written down, saved."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.alerts.store import alerts as alerts_store
from app.dispatch.incident import Actor
from app.dispatch.model import Incident, with_moments
from app.dispatch.store import entries, incidents
from app.dispatch.timeline import Entry, What, moments, time_of
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AccountId, EntryId, IncidentId, UnitId, WearerId, new_id


class Sent(Struct, frozen=True, kw_only=True):
    """What a phone says of a line: its own name for it, the time it saw, and where it was (degrees)."""

    key: str
    said_at: datetime | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None


class By(Struct, frozen=True, kw_only=True):
    """Who did something: as what, and for which unit. `account_id` None: the house itself."""

    actor: Actor
    account_id: AccountId | None = None
    unit_id: UnitId | None = None


HOUSE = By(actor=Actor.HOUSE)


def queue_up(connection: Connection, wearer_id: WearerId) -> None:
    """From here to the end of the transaction nobody else changes what is about this wearer: wearer first, then her
    incident, then her alerts, everywhere in the same order.
    """
    alerts_store.queue_up(connection, [wearer_id])


def in_hand(connection: Connection, incident_id: IncidentId) -> Incident:
    """The incident, which nobody else changes until the end of the transaction. Raises `NotFound`."""
    found = incidents.by_id(connection, incident_id)
    if found is None:
        raise NotFound
    queue_up(connection, found.wearer_id)
    locked = incidents.locked(connection, incident_id)
    assert locked is not None, "incidents are never deleted"
    return locked


def saved(connection: Connection, before: Incident, after: Incident) -> Incident:
    """The incident as it is now. Raises `Conflict` when somebody was quicker."""
    if after != before and not incidents.save(connection, before, after):
        raise Conflict("Somebody else was quicker; look again.")
    return after


def named(by: By, sent: Sent) -> str:
    """What a line is called that somebody sent: names of two phones never meet."""
    assert by.account_id is not None
    return f"{by.account_id.hex}:{sent.key}"


def note(
    connection: Connection, one: Incident, what: What, by: By, now: datetime, *, sent: Sent | None = None,
    key: str = "", unit_id: UnitId | None = None, detail: Mapping[str, str] | None = None,
) -> Entry | None:  # fmt: skip
    """Adds a line to the timeline; None where it was there already. What the house writes is named by `key`, or is a
    line of its own each time.
    """
    entry_id = EntryId(new_id())
    name = named(by, sent) if sent is not None else f"house:{what}:{key or entry_id.hex}"
    line = Entry(
        id=entry_id,
        incident_id=one.id,
        what=what,
        at=time_of(None if sent is None else sent.said_at, one.requested_at, now),
        said_at=None if sent is None else sent.said_at,
        received_at=now,
        actor=by.actor,
        account_id=by.account_id,
        unit_id=by.unit_id or unit_id,
        lat_deg=None if sent is None else sent.lat_deg,
        lon_deg=None if sent is None else sent.lon_deg,
        detail=detail or {},
        key=name,
    )
    return line if entries.add(connection, line) else None


def is_told(connection: Connection, one: Incident, by: By, sent: Sent) -> bool:
    """Whether this was sent before."""
    return entries.by_key(connection, one.id, named(by, sent)) is not None


def timed_anew(connection: Connection, one: Incident) -> Incident:
    """The incident with the moments of its whole timeline; not saved yet."""
    return with_moments(one, moments(entries.of(connection, one.id)))
