"""How long a unit stays out: in hours that are asked for one after the other, up to the cap of the scheme. Pure.

The clock starts when the unit sets out. Before an hour is over, the contact is asked for the next one, unless the
scheme grants it; without an answer the turn-out ends with the hour. Who is with her stays with her: what ends is the
search, and the bill.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from app.kit.errors import Conflict

ASKED_BEFORE = timedelta(minutes=10)
"""So long before an hour is over the contact is asked."""


class Limit(Struct, frozen=True, kw_only=True):
    """What a scheme says of time: minutes of one unit of price (None: a price for each turn-out, whatever it takes),
    the most that a turn-out may last (extensions included; None: not said), and whether further units need nobody's
    word.
    """

    unit_minutes: int | None = None
    cap_minutes: int | None = None
    automatic: bool = False


def granted_at_first(limit: Limit) -> int:
    """How many units who asks for a turn-out has agreed to: one; or all, where further ones need nobody's word."""
    return 1 if not limit.automatic else units_max(limit) or 1


def units_max(limit: Limit) -> int | None:
    """How many units a turn-out lasts at the most, None for no end. A cap within a unit counts that one.

    >>> units_max(Limit(unit_minutes=60, cap_minutes=180)), units_max(Limit(unit_minutes=60, cap_minutes=150))
    (3, 3)
    """
    if limit.unit_minutes is None or limit.cap_minutes is None:
        return None
    return max(1, -(-limit.cap_minutes // limit.unit_minutes))


def ends_at(departed_at: datetime, granted: int, limit: Limit) -> datetime | None:
    """When what was granted is used up, at the latest at the cap; None where nothing ends it."""
    if limit.unit_minutes is None:
        return None if limit.cap_minutes is None else departed_at + timedelta(minutes=limit.cap_minutes)
    if limit.automatic and limit.cap_minutes is None:
        return None
    minutes = granted * limit.unit_minutes
    if limit.cap_minutes is not None:
        minutes = min(minutes, limit.cap_minutes)
    return departed_at + timedelta(minutes=minutes)


def can_be_extended(granted: int, limit: Limit) -> bool:
    """Whether one more unit is possible."""
    most = units_max(limit)
    return limit.unit_minutes is not None and not limit.automatic and (most is None or granted < most)


def asks_at(departed_at: datetime, granted: int, limit: Limit) -> datetime | None:
    """When the contact is to be asked for one more; None where that is not possible."""
    end = ends_at(departed_at, granted, limit)
    return end - ASKED_BEFORE if end is not None and can_be_extended(granted, limit) else None


def extended(granted: int, limit: Limit) -> int:
    """The units granted after one more. Raises `Conflict` at the cap.

    >>> extended(2, Limit(unit_minutes=60, cap_minutes=180))
    3
    """
    if not can_be_extended(granted, limit):
        raise Conflict("This turn-out cannot be made longer: that is as long as the scheme allows.")
    return granted + 1
