"""When something was wrong with which detector."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.kit.errors import InvalidInput
from app.kit.ids import DetectorId
from app.tags import states
from app.tags.model import DetectorHealth, DetectorTrouble, Spell
from app.tags.states import DetectorState, Uptime
from app.tags.store import hearing, spells
from app.tags.store.spells import Shown

SPELLS_AT_ONCE = 5_000
"""So many spells begin or end in one transaction; the job comes again soon."""

FORGOTTEN_MAX = 5_000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=7)
SPAN_MAX = timedelta(days=92)


class StateView(Struct, frozen=True, kw_only=True):
    """The state of a detector at a moment, and what is known of it now; None before it is first heard."""

    shown: Shown
    health: DetectorHealth | None


def uptime(connection: Connection) -> Uptime | None:
    """Since when this service is up, once it has noted that."""
    return spells.uptime(connection)


def judge(connection: Connection, uptime: Uptime | None, now: datetime, limit: int = SPELLS_AT_ONCE) -> int:
    """Begins and ends the spells of all detectors, at most `limit` of them; how many. What it does not come to, it does
    the next time; to judge again changes nothing.
    """
    changed: list[Spell] = []
    for one in spells.known(connection):
        changed += states.judged(one.one, one.health, one.latest, uptime, now)
        if len(changed) >= limit:
            break
    spells.write(connection, changed)
    return len(changed)


def spells_between(
    connection: Connection, detector_ids: Collection[UUID], from_at: datetime, until_at: datetime
) -> dict[UUID, list[Spell]]:
    """What was wrong with each of these detectors in the span [from, until), in order of beginning; a spell is given
    whole. A detector with which nothing was has an empty list.
    """
    found: dict[UUID, list[Spell]] = {detector_id: [] for detector_id in detector_ids}
    for spell in spells.between(connection, found.keys(), from_at, until_at):
        found[spell.detector_id].append(spell)
    return found


def state_at(
    connection: Connection, detector_ids: Collection[UUID], at: datetime
) -> dict[UUID, tuple[DetectorTrouble, ...]]:
    """What was wrong with each of these detectors at a moment, in the order of the troubles; nothing: it was up."""
    instant = spells_between(connection, detector_ids, at, at + timedelta(microseconds=1))
    order = list(DetectorTrouble)
    return {key: tuple(sorted((one.trouble for one in found), key=order.index)) for key, found in instant.items()}


def visible_states(
    connection: Connection, viewer: Viewer, at: datetime, only: DetectorState | None, after: UUID | None, count: int
) -> list[StateView]:
    """Up to `count` detectors that the viewer may see, in the order of their ids, and how each was at a moment."""
    shown = spells.states(connection, viewer, at, only, after, count)
    health = hearing.of(connection, [one.id for one in shown])
    return [StateView(shown=one, health=health.get(one.id)) for one in shown]


def visible_spells(
    connection: Connection,
    viewer: Viewer,
    detector_id: DetectorId,
    from_at: datetime,
    until_at: datetime,
    before: tuple[datetime, str] | None,
    count: int,
) -> list[Spell]:
    """Up to `count` spells in the span of a detector that the viewer may see, newest first. Raises `NotFound`."""
    detector_id = spells.visible(connection, viewer, detector_id)
    return spells.newest(connection, detector_id, from_at, until_at, before, count)


def span(from_at: datetime | None, until_at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The span that is asked for: up to now where its end is not told, of 7 days where its beginning is not.

    Raises `InvalidInput` for one that is none, or longer than anything is kept.
    """
    until = now if until_at is None else until_at
    if not EARLIEST <= until <= LATEST:
        raise InvalidInput("Nothing is kept of that time.", "until")
    begin = until - SPAN if from_at is None else from_at
    if begin >= until:
        raise InvalidInput("The span must begin before it ends.", "from")
    if until - begin > SPAN_MAX:
        raise InvalidInput(f"Ask for {SPAN_MAX.days} days at most.", "from")
    return begin, until


def forget_before(connection: Connection, before: datetime) -> int:
    """Deletes spells and counts of hours that were over by then; how many. Call again until it is 0."""
    counts = hearing.forget_hours_before(connection, before, FORGOTTEN_MAX)
    return counts + spells.forget_before(connection, before, FORGOTTEN_MAX)
