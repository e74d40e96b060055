"""Sightings of one tag by one detector joined to passages: a passage ends where nothing was heard for longer than a
gap.

The gap follows from how often the tag is heard where it is near: three times that, and a minute at least, because
these tags are small, sleep and lose advertisements (BLE notes, section 3). It belongs to the tag and not to the
passage: if each passage had its own, which sightings belong together would depend on the order in which they arrive
(decision 0008). It also ends where the tag was handed to somebody else or back: nothing that was heard then joins what
was heard before (`cuts`, the first seconds after each hand-over, in order). Times here are whole seconds since 1970,
UTC.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import ceil, floor, inf
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from app.tags.heard import Heard, heard_at, joined, seconds_of
from app.tags.model import TagCarrier, TagLoan

GAP_S_MIN: Final = 60.0
GAP_INTERVALS: Final = 3.0

INTERVAL_S_MAX: Final = 120.0
"""No tag advertises less often than this. Somebody who is heard for a moment at a gate and again ten minutes later went
to and fro: that must not teach a gap in which such ways are lost.
"""

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


def cuts_of(carriers: Iterable[TagCarrier]) -> tuple[int, ...]:
    """The first second after each moment at which the tag was handed to somebody or back, in order."""
    moments = {moment for one in carriers for moment in (one.from_at, one.until_at) if moment is not None}
    return tuple(sorted({ceil(moment.timestamp()) for moment in moments}))


def is_cut(first_s: int, last_s: int, cuts: Sequence[int]) -> bool:
    """Whether the tag was handed over after the one second and before the other.

    >>> is_cut(10, 20, [11]), is_cut(10, 20, [20]), is_cut(10, 20, [10, 21])
    (True, True, False)
    """
    if not cuts or first_s >= cuts[-1]:  # The usual case: it has been hers for long.
        return False
    return bisect_right(cuts, first_s) != bisect_right(cuts, last_s)


def not_lent(loans: Sequence[TagLoan], seconds: Sequence[int]) -> tuple[int, ...]:
    """Those of these seconds, in order, in which no contact carried the tag. A second in which it was handed over or
    back is the contact's: what is heard of contacts is nobody's passage.
    """
    spans = [
        (floor(one.from_at.timestamp()), inf if one.until_at is None else ceil(one.until_at.timestamp()))
        for one in loans
    ]
    return tuple(second for second in seconds if not any(begin <= second < end for begin, end in spans))


def stretches(
    seconds: Sequence[int], rssi_dbm_max: float | None, gap: float, cuts: Sequence[int] = ()
) -> list[Stretch]:
    """Seconds in order, cut where the gap is longer than `gap` and where the tag was handed over."""
    # The usual case: a body spans a few seconds.
    if seconds[-1] - seconds[0] <= gap and not is_cut(seconds[0], seconds[-1], cuts):
        return [_stretch(seconds, rssi_dbm_max)]
    found = []
    start = 0
    for place in range(1, len(seconds) + 1):
        if place < len(seconds):
            before_s, second = seconds[place - 1], seconds[place]
            if second - before_s <= gap and not is_cut(before_s, second, cuts):
                continue
        found.append(_stretch(seconds[start:place], rssi_dbm_max))
        start = place
    return found


def parted(stretch: Stretch, cuts: Sequence[int]) -> list[Stretch]:
    """A stretch that was stored before it was known that the tag was handed over in it, cut there. The first piece
    keeps the id. Of a long one only buckets of seconds are known: each goes where it begins.
    """
    if not is_cut(stretch.first_s, stretch.last_s, cuts):
        return [stretch]
    starts = (max(second, stretch.first_s) for second in seconds_of(stretch.heard))
    known = sorted({*starts, stretch.first_s, stretch.last_s})
    pieces = stretches(known, stretch.rssi_dbm_max, stretch.last_s - stretch.first_s, cuts)
    return [replace(pieces[0], id=stretch.id), *pieces[1:]]


def _stretch(seconds: Sequence[int], rssi_dbm_max: float | None) -> Stretch:
    return Stretch(first_s=seconds[0], last_s=seconds[-1], heard=heard_at(seconds), rssi_dbm_max=rssi_dbm_max)


def join(stored: Iterable[Stretch], news: Iterable[Stretch], gap: float, cuts: Sequence[int] = ()) -> list[Joined]:
    """The passages that stored ones and news come to, in order of time; those that news did not touch are among them,
    as they were, but for those in which the tag was handed over.

    What is joined keeps the id of the earliest that was stored.
    """
    parts = sorted([*(piece for one in stored for piece in parted(one, cuts)), *news], key=_first)
    found: list[Joined] = []
    current: Stretch | None = None
    before: tuple[UUID, ...] = ()
    for part in parts:
        near = current is not None and part.first_s - current.last_s <= gap
        if current is not None and near and not is_cut(current.first_s, part.first_s, cuts):
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
