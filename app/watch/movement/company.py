"""Company: somebody of hers who agreed is beside her, so that what is unusual of her walk is not told. Pure.

Beside her is who was where she was at the same moment, as far as both receivers can tell. A contact's phone that lies
at her home is beside nobody who leaves it: the daughter who sleeps there does not walk with her.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from app.geo.measure import distance_m, to_local_m
from app.watch.movement.moving import Company, Movement, Point

NEAR_M: Final = 60.0
"""So far apart two people who walk together may be, besides the errors of their receivers."""
COARSE_M: Final = 150.0
"""A place that may be off by more says nothing of who is with whom."""

SLOW_S: Final = 150.0
APART: Final = timedelta(minutes=5)
APART_SLOW: Final = timedelta(minutes=10)
"""How far from each other in time two fixes may be; of a tracker with steps of more than `SLOW_S`."""

SHOWN_FOR: Final = timedelta(minutes=20)
"""After so long without a word that there is company nobody can say so."""


class Beside(Struct, frozen=True, kw_only=True):
    """Where a device of a contact was."""

    contact_id: UUID
    device_id: UUID
    point: Point


def within(movement: Movement) -> timedelta:
    """How far from the moment at which something is to be told fixes of contacts are looked at."""
    return APART_SLOW if movement.step_s > SLOW_S else APART


def company(
    movement: Movement,
    here: Point,
    others: Iterable[Beside],
    home_m: Callable[[Point], float | None],
    home_radius_m: float,
) -> UUID | None:
    """The contact who is beside her, who is `here`; None for nobody. `home_m` says how far from her home a place is."""
    nearest: dict[UUID, Beside] = {}
    for one in others:
        known = nearest.get(one.device_id)
        if known is None or _apart(one, here) < _apart(known, here):
            nearest[one.device_id] = one  # Who went on is not beside her any more: the fix nearest in time counts.
    found = [one for one in nearest.values() if _is_beside(movement, here, one) and _is_out(one, home_m, home_radius_m)]
    return min(found, key=lambda one: (_apart(one, here), one.contact_id)).contact_id if found else None


def note(movement: Movement, contact_id: UUID | None, at: datetime) -> None:
    """Keeps in whose company she is since when, or that she is alone."""
    before = movement.company
    if contact_id is None:
        movement.company = None
    elif before is None or before.contact != contact_id.bytes or at - before.at > SHOWN_FOR:
        movement.company = Company(contact_id.bytes, at, at)
    else:
        movement.company = Company(before.contact, before.since, max(at, before.at))


def put_back(movement: Movement, ats: Sequence[datetime]) -> None:
    """As if what began at these moments, in order, had not been told: it is told as soon as she is alone."""
    for at in reversed(ats):
        if movement.level and movement.level_at == at:
            movement.level, movement.level_at = 0, None
        elif movement.level:
            movement.level = 1


def shown(movement: Movement, now: datetime) -> Company | None:
    """In whose company she is, as far as that is known now."""
    kept = movement.company
    return kept if kept is not None and now - kept.at <= SHOWN_FOR else None


def _apart(one: Beside, here: Point) -> timedelta:
    return abs(one.point.at - here.at)


def _is_beside(movement: Movement, here: Point, one: Beside) -> bool:
    point = one.point
    if point.accuracy_m > COARSE_M or _apart(one, here) > within(movement):
        return False
    return _apart_m(movement, here, point) <= NEAR_M + here.accuracy_m + point.accuracy_m


def _is_out(one: Beside, home_m: Callable[[Point], float | None], home_radius_m: float) -> bool:
    away_m = home_m(one.point)
    return away_m is None or away_m > home_radius_m


def _apart_m(movement: Movement, here: Point, other: Point) -> float:
    """How far somebody was from where she was at that moment: on the line of her walk, or here."""
    trail = movement.trail
    wanted_s = 0.0 if trail is None else (other.at - trail.from_at).total_seconds()
    if trail is None or other.at >= here.at or wanted_s >= trail.points[-1][0]:
        return distance_m(here.lat_deg, here.lon_deg, other.lat_deg, other.lon_deg)
    after = next(number for number, one in enumerate(trail.points) if one[0] >= wanted_s)
    to_s, to_east, to_north = trail.points[after]
    from_s, from_east, from_north = trail.points[max(0, after - 1)]
    share = 1.0 if to_s == from_s else (wanted_s - from_s) / (to_s - from_s)
    east_m, north_m = to_local_m(trail.lat_deg, trail.lon_deg, other.lat_deg, other.lon_deg)
    return math.hypot(
        from_east + (to_east - from_east) * share - east_m, from_north + (to_north - from_north) * share - north_m
    )
