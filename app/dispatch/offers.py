"""Offers: units are asked in waves, the nearest first, all of them in the last one. Pure.

Every offer has a time at which it lapses; the wave is over when that is past or everybody has declined. Who answers
late may still have it while nobody else does: a guard who comes is better than one who was quick.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import AccountId, IncidentId, OfferId, UnitId


class OfferState(StrEnum):
    """What became of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    SUPERSEDED = "superseded"
    """Another unit has it, or it was called off."""
    RETURNED = "returned"
    """Accepted and given back, or handed over to another unit."""


class OfferAction(StrEnum):
    """What can happen to an offer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    LAPSE = "lapse"
    SUPERSEDE = "supersede"
    RETURN = "return"


_S, _A = OfferState, OfferAction

TRANSITIONS: Mapping[tuple[OfferState, OfferAction], OfferState] = {
    (_S.OPEN, _A.ACCEPT): _S.ACCEPTED,
    (_S.LAPSED, _A.ACCEPT): _S.ACCEPTED,
    (_S.OPEN, _A.DECLINE): _S.DECLINED,
    (_S.LAPSED, _A.DECLINE): _S.DECLINED,
    (_S.OPEN, _A.LAPSE): _S.LAPSED,
    (_S.OPEN, _A.SUPERSEDE): _S.SUPERSEDED,
    (_S.LAPSED, _A.SUPERSEDE): _S.SUPERSEDED,
    (_S.ACCEPTED, _A.RETURN): _S.RETURNED,
}

ACCEPTABLE = frozenset({_S.OPEN, _S.LAPSED})


class Declined(StrEnum):
    """Why a unit does not go."""

    TOO_FAR = "too_far"
    BUSY = "busy"
    VEHICLE = "vehicle"
    REST = "rest"
    OTHER = "other"


class Wave(Struct, frozen=True, kw_only=True):
    """How many units are asked at once (None: all that are left), and how long they have."""

    units: int | None
    wait: timedelta


WAVES: tuple[Wave, ...] = (
    Wave(units=1, wait=timedelta(seconds=45)),
    Wave(units=3, wait=timedelta(seconds=60)),
    Wave(units=None, wait=timedelta(seconds=120)),
)
AGAIN_AFTER = timedelta(minutes=5)
"""So long after nobody came, everybody who is on duty then is asked anew."""


class Offer(Struct, frozen=True, kw_only=True):
    """The question to a unit: will you take it? `relieves`: it takes over from the unit that is out."""

    id: OfferId
    incident_id: IncidentId
    unit_id: UnitId
    round: int
    wave: int
    state: OfferState
    offered_at: datetime
    expires_at: datetime
    distance_m: float | None = None
    relieves: bool = False
    answered_at: datetime | None = None
    answered_by: AccountId | None = None
    reason: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """Whom the next wave asks; no `units` means that nobody is left."""

    wave: int
    units: tuple[UnitId, ...] = ()
    expires_at: datetime | None = None


def next_wave(wave: int, nearest: Sequence[UnitId], asked: Iterable[Offer], now: datetime) -> Plan:
    """The wave after `wave` (0: none yet). `nearest` are those who can go, the nearest first; `asked` the offers of
    this round. A wave that would ask nobody is passed over. The last one also asks those again who did not answer, not
    those who declined.
    """
    known = {one.unit_id: one.state for one in asked}
    for number in range(wave + 1, len(WAVES) + 1):
        kind = WAVES[number - 1]
        last = number == len(WAVES)
        again = {OfferState.LAPSED} if last else set()
        left = [one for one in nearest if one not in known or known[one] in again]
        chosen = left if kind.units is None else left[: kind.units]
        if chosen:
            return Plan(wave=number, units=tuple(chosen), expires_at=now + kind.wait)
    return Plan(wave=len(WAVES))


def is_answered(offers: Iterable[Offer]) -> bool:
    """Whether nobody is left of whom an answer is awaited."""
    return all(one.state is not OfferState.OPEN for one in offers)
