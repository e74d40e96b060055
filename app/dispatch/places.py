"""Which of the places that a guard's phone tells are kept. Pure.

Only what was measured while he was on duty: not before, not after, and not when nobody can say. A phone that was out of
reach tells later, and is believed for a day.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from app.dispatch.units import Spell, Task
from app.kit.ids import TaskId, UnitId

AHEAD = timedelta(minutes=2)
"""So far a phone's clock may be ahead of ours."""
OLD = timedelta(days=1)
POINTS_MAX = 200
"""In one batch: an hour and a half of a place every 30 s."""


class Told(Struct, frozen=True, kw_only=True):
    """A place as the phone tells it."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None = None


class Refusal(StrEnum):
    """Why a place is not kept."""

    OFF_DUTY = "off_duty"
    AHEAD = "ahead"
    OLD = "old"


class Kept(Struct, frozen=True, kw_only=True):
    """A place, of which unit it is, for what that was out, and whether he still is on duty there."""

    told: Told
    unit_id: UnitId
    task_id: TaskId | None
    is_now: bool


def sorted_out(
    batch: Sequence[Told], spells: Sequence[Spell], tasks: Sequence[Task], now: datetime
) -> tuple[list[Kept], dict[int, Refusal]]:
    """What is kept of a batch, and of the rest by its number why not. `spells` are his, `tasks` those of his units."""
    kept: list[Kept] = []
    refused: dict[int, Refusal] = {}
    for number, told in enumerate(batch):
        found = _judged(told, spells, tasks, now)
        if isinstance(found, Refusal):
            refused[number] = found
        else:
            kept.append(found)
    return kept, refused


def _judged(told: Told, spells: Sequence[Spell], tasks: Sequence[Task], now: datetime) -> Kept | Refusal:
    if told.at - now > AHEAD:
        return Refusal.AHEAD
    if now - told.at > OLD:
        return Refusal.OLD
    at = min(told.at, now)  # What a clock that is ahead calls later is now.
    spell = next((one for one in spells if _holds(one.from_at, one.until_at, at)), None)
    if spell is None:
        return Refusal.OFF_DUTY
    task = next((one for one in tasks if one.unit_id == spell.unit_id and _holds(one.taken_at, one.freed_at, at)), None)
    return Kept(
        told=told,
        unit_id=spell.unit_id,
        task_id=None if task is None else task.id,
        is_now=spell.until_at is None,
    )


def _holds(from_at: datetime, until_at: datetime | None, at: datetime) -> bool:
    return from_at <= at and (until_at is None or at < until_at)
