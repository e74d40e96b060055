"""The timeline of an incident: who did what, when and where. Rows are added and never changed; what was wrong is set
right by a row of its own that says why. It is what a bill rests on. Pure.

Every line has the time that the phone said and the time at which it came. Lines are in order of the phone's time where
that can be true, so that what a phone could not send for ten minutes stands where it happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from app.dispatch.incident import Actor, IncidentAction
from app.kit.ids import AccountId, EntryId, IncidentId, UnitId

SKEW = timedelta(minutes=2)
"""Clocks of phones are so far wrong."""

OFFLINE_MAX = timedelta(hours=12)
"""A phone that says it kept something for longer than this has a wrong clock."""


class What(StrEnum):
    """What a line says."""

    REQUESTED = "requested"
    JOINED = "joined"
    """Somebody else asked for a guard while one was being looked for."""
    OFFERED = "offered"
    DECLINED = "declined"
    NOBODY = "nobody_available"
    ACCEPTED = "accepted"
    RELIEVED = "relieved"
    GIVEN_BACK = "given_back"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    SEARCHING = "searching"
    FOUND = "found"
    NOT_FOUND = "not_found"
    HANDED_OVER = "handed_over"
    CLEARED = "cleared"
    CANCELLED = "cancelled"
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    EXTENSION_REFUSED = "extension_refused"
    TIME_UP = "time_up"
    ON_THE_WAY = "on_the_way"
    STANDING_STILL = "standing_still"
    """The unit has been at this for longer than usual; the control room was told."""
    SWEPT = "swept"


OF_STEP: Mapping[IncidentAction, What] = {
    IncidentAction.DEPART: What.DEPARTED,
    IncidentAction.ARRIVE: What.ARRIVED,
    IncidentAction.SEARCH: What.SEARCHING,
    IncidentAction.FIND: What.FOUND,
    IncidentAction.NOT_FIND: What.NOT_FOUND,
    IncidentAction.HAND_OVER: What.HANDED_OVER,
    IncidentAction.CLEAR: What.CLEARED,
}

CORRECTABLE = frozenset({What.ACCEPTED, *OF_STEP.values(), What.CANCELLED})
"""Whose time may be set right."""


class Entry(Struct, frozen=True, kw_only=True):
    """A line. `at` is when it happened, by `said_at` of the phone where that can be true; `received_at` is when it came
    here. `key` is the phone's name for what it sent, by which it is one line however often it comes. A correction names
    the line that it sets right, and the reason.
    """

    id: EntryId
    incident_id: IncidentId
    what: What
    at: datetime
    received_at: datetime
    actor: Actor
    said_at: datetime | None = None
    account_id: AccountId | None = None
    unit_id: UnitId | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    detail: Mapping[str, str] = {}
    key: str
    corrects: EntryId | None = None
    reason: str = ""


class Moments(Struct, frozen=True, kw_only=True):
    """When it all happened, None for what did not. `served_until` is when the turn-out ended for who asked for it: she
    was handed over, was not found, or it was called off; not when the unit was home again.
    """

    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    found_at: datetime | None = None
    served_until: datetime | None = None


def time_of(said_at: datetime | None, since: datetime, received_at: datetime) -> datetime:
    """When it happened: as the phone says, if that is not before the incident began, not to come, and not longer ago
    than a phone is without signal; else when it came. A clock that is a little wrong is cut to what can be.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 4, 1, 3, tzinfo=UTC)
    >>> time_of(noon - timedelta(minutes=10), noon - timedelta(hours=1), noon) == noon - timedelta(minutes=10)
    True
    >>> time_of(noon + timedelta(days=1), noon - timedelta(hours=1), noon) == noon
    True
    """
    if said_at is None or not is_plausible(said_at, since, received_at):
        return received_at
    return min(max(said_at, since), received_at)


def is_plausible(said_at: datetime, since: datetime, received_at: datetime) -> bool:
    """Whether a phone can have meant this."""
    return max(since - SKEW, received_at - OFFLINE_MAX) <= said_at <= received_at + SKEW


def corrected(entries: Iterable[Entry]) -> list[Entry]:
    """The lines as they stand after corrections, in order of time: the newest correction of a line counts."""
    found = {one.id: one for one in entries if one.corrects is None}
    fixes = sorted((one for one in entries if one.corrects is not None), key=lambda one: one.id)
    for fix in fixes:
        assert fix.corrects is not None
        wrong = found.get(fix.corrects)
        if wrong is not None:
            found[wrong.id] = replace(wrong, at=fix.at)
    return sorted(found.values(), key=lambda one: (one.at, one.id))


def moments(entries: Sequence[Entry]) -> Moments:
    """When what happened, whatever the order in which it came. A unit that never said that it set out did so at the
    latest when it reported the next thing.
    """
    lines = corrected(entries)
    first = {what: next((one.at for one in lines if one.what is what), None) for what in What}
    last = {what: next((one.at for one in reversed(lines) if one.what is what), None) for what in What}
    under_way = (What.DEPARTED, What.ARRIVED, What.SEARCHING, What.FOUND, What.NOT_FOUND, What.HANDED_OVER)
    known = [at for what in under_way if (at := first[what]) is not None]
    ends = [What.HANDED_OVER, What.CANCELLED, What.NOT_FOUND, What.CLEARED]
    over = next((at for what in ends if (at := last[what]) is not None), None)
    departed_at = first[What.DEPARTED] or min(known, default=None)
    if departed_at is not None and over is not None:
        over = max(over, departed_at)
    return Moments(
        departed_at=departed_at, arrived_at=first[What.ARRIVED], found_at=first[What.FOUND], served_until=over
    )
