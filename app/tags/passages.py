"""Sightings of one tag by one detector joined to passages: a passage ends where nothing was heard for longer than a
gap.

The gap follows from how often the tag is heard where it is near: three times that, and a minute at least, because
these tags are small, sleep and lose advertisements (BLE notes, section 3). It belongs to the tag and not to the
passage: if each passage had its own, which sightings belong together would depend on the order in which they arrive
(decision 0008). Times here are whole seconds since 1970, UTC.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from app.tags.heard import Heard, heard_at, joined

GAP_S_MIN: Final = 60.0
GAP_INTERVALS: Final = 3.0

INTERVAL_S_MAX: Final = 900.0
"""A tag that is heard less often than this is not heard regularly."""

LEARN_COUNT_MIN: Final = 5
"""So many moments say how often a tag is heard."""


class Stretch(Struct, frozen=True, kw_only=True):
    """A time in which a tag was heard without a gap. `id` is that of the stored passage, None while it is news."""

    first_s: int
    last_s: int
    heard: Heard
    rssi_dbm_max: float | None = None
    id: UUID | None = None


class Joined(Struct, frozen=True, kw_only=True):
    """One passage after joining: as it is now, the stored ones that went into it, and whether it is a new one."""

    stretch: Stretch
    before: tuple[UUID, ...]

    @property
    def is_new(self) -> bool:
        """Whether nothing of it was stored before."""
        return not self.before


def gap_s(interval_s: float) -> float:
    """How long nothing must be heard of a tag until its passage is over, seconds.

    >>> gap_s(2.0), gap_s(45.0)
    (60.0, 135.0)
    """
    return max(GAP_S_MIN, GAP_INTERVALS * interval_s)


def stretches(seconds: Sequence[int], rssi_dbm_max: float | None, gap: float) -> list[Stretch]:
    """Seconds in order, cut where the gap is longer than `gap`."""
    if seconds[-1] - seconds[0] <= gap:  # The usual case: a body spans a few seconds.
        return [_stretch(seconds, rssi_dbm_max)]
    found = []
    start = 0
    for place in range(1, len(seconds) + 1):
        if place == len(seconds) or seconds[place] - seconds[place - 1] > gap:
            found.append(_stretch(seconds[start:place], rssi_dbm_max))
            start = place
    return found


def _stretch(seconds: Sequence[int], rssi_dbm_max: float | None) -> Stretch:
    return Stretch(first_s=seconds[0], last_s=seconds[-1], heard=heard_at(seconds), rssi_dbm_max=rssi_dbm_max)


def join(stored: Iterable[Stretch], news: Iterable[Stretch], gap: float) -> list[Joined]:
    """The passages that stored ones and news come to, in order of time; those that news did not touch are among them,
    as they were.

    What is joined keeps the id of the earliest that was stored.
    """
    parts = sorted([*stored, *news], key=_first)
    found: list[Joined] = []
    current: Stretch | None = None
    before: tuple[UUID, ...] = ()
    for part in parts:
        if current is not None and part.first_s - current.last_s <= gap:
            current = _merged(current, part)
        else:
            if current is not None:
                found.append(Joined(stretch=current, before=before))
            current, before = part, ()
        if part.id is not None:
            before = (*before, part.id)
    if current is not None:
        found.append(Joined(stretch=current, before=before))
    return found


def _first(stretch: Stretch) -> int:
    return stretch.first_s


def _merged(one: Stretch, other: Stretch) -> Stretch:
    powers = [rssi_dbm for rssi_dbm in (one.rssi_dbm_max, other.rssi_dbm_max) if rssi_dbm is not None]
    return Stretch(
        first_s=min(one.first_s, other.first_s),
        last_s=max(one.last_s, other.last_s),
        heard=joined(one.heard, other.heard),
        rssi_dbm_max=max(powers, default=None),
        id=one.id if one.id is not None else other.id,
    )


def taught_interval_s(ended: Stretch, next_first_s: int | None = None) -> float | None:
    """How often the tag was heard in a passage that ended, seconds; None where it says nothing about that.
    `next_first_s` is when the same detector heard it again.

    A passage of a moment says nothing, but that the tag was soon heard again does: it advertises seldom, and its
    passages fall apart until that is known.
    """
    count = ended.heard.count
    if ended.heard.level == 0 and count >= LEARN_COUNT_MIN:
        return min(INTERVAL_S_MAX, (ended.last_s - ended.first_s) / (count - 1))
    if next_first_s is not None and count == 1 and 0 < next_first_s - ended.last_s <= INTERVAL_S_MAX:
        return float(next_first_s - ended.last_s)
    return None
