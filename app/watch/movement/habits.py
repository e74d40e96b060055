"""The habit map: where somebody goes, in which part of the day, how far from home, how late, and how unusual her most
unusual ordinary day was.

It is learnt from whole days, from positions and passages alike, and holds what was so on the last `DAYS` days of which
something is known. Days without a word count for nothing: a tracker in a drawer, four weeks in a hospital, do not make
a street strange. The day that is running is not in it, or whoever is lost would know every place that she came through.

Four weeks are enough to foretell 95 % of where people with dementia are (detection notes, section 1.3). A place counts
as known with its neighbours, since a receiver puts somebody on the other side of the street (notes, section 0, 4).
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

import h3.api.basic_int as h3
import msgspec
from msgspec import Struct

from app.geo.measure import distance_m
from app.watch.movement import ways
from app.watch.movement.ways import Ways

cell_at: Callable[[float, float, int], int] = h3.latlng_to_cell
_disk: Callable[[int, int], Sequence[int]] = h3.grid_disk
_ring: Callable[[int, int], Sequence[int]] = h3.grid_ring
_parent: Callable[[int, int], int] = h3.cell_to_parent

RESOLUTION: Final = 10
"""Cells 131 m apart: with the same rule those of resolution 9 found somebody who strays twice as late."""

DAYS: Final = 28
ALL: Final = (1 << DAYS) - 1
DAY_BEGINS: Final = timedelta(hours=4)
"""What is done at two in the night belongs to the evening before."""

CELLS_MAX: Final = 570
"""What is kept of each cell is 14 bytes; the whole map must stay under 10 KB (`DESIGN` section 10)."""

AREA: Final = 9
"""What is usual of a rule at one place is kept by cells of this resolution, 350 m apart, and holds for those beside."""
PLACES_MAX: Final = 6
"""So many such places of all rules, those where it was lately."""

SLOTS: Final = 48
"""Half hours of a day of the clock."""

NEVER: Final = 0xFFFF
"""Stands for unknown in a series of one number a day."""
UNKNOWN: Final = 0x7FFFFFFF
MILLION: Final = 1_000_000
ONE_HOME_M: Final = 150.0
"""Nights so near to each other were at one home."""

FORMAT: Final = 1


class Habits(Struct, kw_only=True, gc=False):
    """What is known of one subject's days. Bit 0 of a mask, and the first of a series, is the newest day.

    `days`: how many days were learnt in all. `ordinals`: which they are (`date.toordinal`). `cells` are in order, with
    the days on which she was there in `masks`, and in `bands` the parts of the day (bit 0: from 0 to 3 o'clock … bit
    7), those of the last days in the low byte, of those before in the high one. `hours`: the days on which she was out,
    by half hours of the clock. `homes`: where each day she was at night, or began: two numbers of it, millionths of a
    degree, `UNKNOWN` twice where nothing is known. `home` is what follows from them. `far`: how far from home
    she was at the farthest, in units of 10 m. `last_out`: when she was out last, in minutes after `DAY_BEGINS`.
    `peaks`: by rule, how unusual each day was by that rule's own measure, 0 to 255; by rule and place (`at_place`)
    how unusual it was there. `ways`: the streets by which she leaves home (`ways.py`).
    """

    days: int = 0
    ordinals: list[int] = msgspec.field(default_factory=list)
    cells: "array[int]" = msgspec.field(default_factory=lambda: array("Q"))
    masks: "array[int]" = msgspec.field(default_factory=lambda: array("I"))
    bands: "array[int]" = msgspec.field(default_factory=lambda: array("H"))
    hours: "array[int]" = msgspec.field(default_factory=lambda: array("I", [0] * SLOTS))
    homes: "array[int]" = msgspec.field(default_factory=lambda: array("i"))
    far: "array[int]" = msgspec.field(default_factory=lambda: array("H"))
    last_out: "array[int]" = msgspec.field(default_factory=lambda: array("H"))
    peaks: dict[str, bytes] = msgspec.field(default_factory=dict)
    home: tuple[float, float] | None = None
    ways: Ways = msgspec.field(default_factory=Ways)


class Day(Struct, kw_only=True):
    """What one day of a subject was like: cells with the parts of the day in which she was there (bits as in
    `Habits.bands`), half hours of the clock in which she was out (bits), and the rest as in `Habits`.
    """

    ordinal: int
    cells: dict[int, int] = msgspec.field(default_factory=dict)
    slots: int = 0
    home: tuple[float, float] | None = None
    far: int = NEVER
    last_out: int = NEVER
    peaks: Mapping[str, int] = {}
    ways: set[int] = msgspec.field(default_factory=set)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The day of habits to which a moment belongs: until four in the morning it is yesterday.

    >>> from datetime import UTC
    >>> day_of(datetime(2026, 4, 1, 18, 59, tzinfo=UTC), ZoneInfo("Asia/Tokyo"))
    datetime.date(2026, 4, 1)
    """
    return (at.astimezone(zone) - DAY_BEGINS).date()


def days_there(habits: Habits, cell: int) -> int:
    """The days, as bits, on which she was in this cell or in one beside it."""
    cells, masks = habits.cells, habits.masks
    count, found = len(cells), 0
    for one in around(cell):
        place = bisect_left(cells, one)
        if place < count and cells[place] == one:
            found |= masks[place]
    return found


@lru_cache(8192)
def around(cell: int) -> tuple[int, ...]:
    """A cell and those beside it."""
    return tuple(_disk(cell, 1))


_BELOW: Final = 0b111111 << 15
"""Of a cell's number, where it says which one of the 49 in its cell two sizes larger it is: those lie side by side."""


@lru_cache(2048)
def _within(cell: int, rings: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cells so near to this one, and the first numbers of the larger cells that they lie in."""
    near = tuple(_disk(cell, rings))
    return near, tuple({one & ~_BELOW for one in near})


def is_known_within(habits: Habits, cell: int, rings: int) -> bool:
    """Whether a known cell is so many cells away, or nearer. Asked with every step of somebody who strays, where there
    mostly is none: a few larger cells are looked at first.
    """
    cells = habits.cells
    count = len(cells)
    near, larger = _within(cell, rings)
    for first in larger:
        place = bisect_left(cells, first)
        if place < count and cells[place] <= first | _BELOW:
            break
    else:
        return False
    return any((place := bisect_left(cells, one)) < count and cells[place] == one for one in near)


def rings_to_known(habits: Habits, cell: int, rings_max: int) -> int:
    """How many cells away the nearest known one is, up to `rings_max`; 0 for a known one."""
    if not len(habits.cells):
        return rings_max
    known = set(habits.cells)
    for rings in range(rings_max):
        if not known.isdisjoint(_ring(cell, rings)):
            return rings
    return rings_max


def _home_of(habits: Habits) -> tuple[float, float] | None:
    """The middle of most days' homes; None when nothing is known."""
    homes = [
        (lat / MILLION, lon / MILLION)
        for lat, lon in zip(habits.homes[::2], habits.homes[1::2], strict=True)
        if lat != UNKNOWN
    ]
    near = [[one for one in homes if distance_m(*one, *other) <= ONE_HOME_M] for other in homes]
    most = max(near, key=len, default=[])
    if not most:
        return None
    return median(lat for lat, _ in most), median(lon for _, lon in most)


def at_place(rule: str, area: int) -> str:
    """Under which name it is kept how unusual days were by a rule at one place, a cell of `AREA`."""
    return f"{rule}@{area >> _AREA_BITS:x}"


_AREA_BITS: Final = 3 * (15 - AREA)
"""Digits of a cell's number that are the same in all of this resolution."""


@lru_cache(4096)
def area_of(cell: int) -> int:
    """In which cell of `AREA` one of `RESOLUTION` lies."""
    return _parent(cell, AREA)


def peaks_near(habits: Habits, rule: str, cell: int) -> Iterator[bytes]:
    """How unusual days were by a rule at the places around a cell, each as in `Habits.peaks`."""
    return (habits.peaks[name] for one in around(area_of(cell)) if (name := at_place(rule, one)) in habits.peaks)


def highest(series: "array[int]") -> int:
    """The highest number of a series of one a day; 0 when none is known. Asked with every step."""
    found = max(series, default=0)
    return found if found != NEVER else max((one for one in series if one != NEVER), default=0)


def nth_highest(series: "array[int]", rank: int) -> int:
    """The second highest, or the third, of a series of one a day; 0 when not so many are known."""
    known = sorted((one for one in series if one != NEVER), reverse=True)
    return known[rank - 1] if len(known) >= rank else 0


def hours_out(habits: Habits, slot: int, beside: int = 1) -> int:
    """On how many of the days she was out in this half hour of the clock or in one of the `beside` ones before and
    after it.
    """
    found = 0
    for one in range(slot - beside, slot + beside + 1):
        found |= habits.hours[one % SLOTS]
    return found.bit_count()


def learn(habits: Habits, day: Day) -> None:
    """Takes in a day. One that is known already is added to: what came late teaches as well."""
    if day.ordinal in habits.ordinals:
        bit = habits.ordinals.index(day.ordinal)
    elif habits.ordinals and day.ordinal < habits.ordinals[0]:
        return  # A day before others that were learnt, of which nothing was known.
    else:
        bit = 0
        _move_on(habits)
        habits.ordinals.insert(0, day.ordinal)
        del habits.ordinals[DAYS:]
    if day.home is not None:
        habits.homes[2 * bit] = round(day.home[0] * MILLION)
        habits.homes[2 * bit + 1] = round(day.home[1] * MILLION)
    _note(habits.far, bit, day.far)
    _note(habits.last_out, bit, day.last_out)
    habits.home = _home_of(habits)
    for slot in range(SLOTS):
        if day.slots >> slot & 1:
            habits.hours[slot] |= 1 << bit
    for name, peak in day.peaks.items():
        series = bytearray(habits.peaks.get(name, b"").ljust(len(habits.ordinals), b"\0"))
        series[bit] = max(series[bit], min(peak, 255))
        habits.peaks[name] = bytes(series)
    _prune_places(habits)
    _add_cells(habits, day.cells, bit)
    ways.add(habits.ways, day.ways, bit)


def forget_before(habits: Habits, ordinal: int) -> bool:
    """Forgets the days before this one, whatever is kept besides; whether there were any. Who has none left is as
    little known as in the beginning.
    """
    count = sum(1 for one in habits.ordinals if one >= ordinal)
    if count == len(habits.ordinals):
        return False
    mask = (1 << count) - 1
    del habits.ordinals[count:], habits.far[count:], habits.last_out[count:], habits.homes[2 * count :]
    habits.peaks = {name: series[:count] for name, series in habits.peaks.items()}
    _prune_places(habits)
    for slot in range(SLOTS):
        habits.hours[slot] &= mask
    found = zip(habits.cells, habits.masks, habits.bands, strict=True)
    _put(habits, [(cell, days & mask, band) for cell, days, band in found if days & mask])
    ways.forget(habits.ways, mask)
    habits.home = _home_of(habits)
    if not count:
        habits.days = 0
    return True


def _move_on(habits: Habits) -> None:
    """One day more: what is older than `DAYS` is forgotten."""
    habits.days += 1
    for slot in range(SLOTS):
        habits.hours[slot] = habits.hours[slot] << 1 & ALL
    for series in (habits.far, habits.last_out):
        series.insert(0, NEVER)
        del series[DAYS:]
    habits.homes = (array("i", [UNKNOWN, UNKNOWN]) + habits.homes)[: 2 * DAYS]
    habits.peaks = {name: (b"\0" + series)[:DAYS] for name, series in habits.peaks.items()}
    half_over = habits.days % (DAYS // 2) == 0
    kept = [
        (cell, mask << 1 & ALL, band << 8 & 0xFFFF if half_over else band)
        for cell, mask, band in zip(habits.cells, habits.masks, habits.bands, strict=True)
        if mask << 1 & ALL
    ]
    _put(habits, kept)
    ways.move_on(habits.ways, ALL)


def _prune_places(habits: Habits) -> None:
    """Forgets the places at which a rule's measure is four weeks old, and of too many those where it is oldest."""
    places = {name: series.rstrip(b"\0") for name, series in habits.peaks.items() if "@" in name}
    newest = sorted((len(series) - len(series.lstrip(b"\0")), name) for name, series in places.items() if series)
    kept = {name for _, name in newest[:PLACES_MAX]}
    habits.peaks = {
        name: places.get(name, series) for name, series in habits.peaks.items() if name not in places or name in kept
    }


def _note(series: "array[int]", bit: int, value: int) -> None:
    """Keeps a day's number; what was known of the day stays unless this says more."""
    before = series[bit]
    if value != NEVER and (before == NEVER or value > before):
        series[bit] = value


def _add_cells(habits: Habits, cells: Mapping[int, int], bit: int) -> None:
    found = {cell: (mask, band) for cell, mask, band in zip(habits.cells, habits.masks, habits.bands, strict=True)}
    for cell, band in cells.items():
        mask, bands = found.get(cell, (0, 0))
        found[cell] = (mask | 1 << bit, bands | band)
    kept = list(found.items())
    if len(kept) > CELLS_MAX:
        kept.sort(key=lambda one: (ways.worth(one[1][0]), one[0]), reverse=True)
        kept = kept[:CELLS_MAX]
    _put(habits, [(cell, mask, band) for cell, (mask, band) in sorted(kept)])


def _put(habits: Habits, kept: Iterable[tuple[int, int, int]]) -> None:
    habits.cells, habits.masks, habits.bands = array("Q"), array("I"), array("H")
    for cell, mask, band in kept:
        habits.cells.append(cell)
        habits.masks.append(mask)
        habits.bands.append(band)


_SERIES: Final = (
    ("cells", "Q"), ("masks", "I"), ("bands", "H"), ("hours", "I"), ("homes", "i"), ("far", "H"), ("last_out", "H"),
)  # fmt: skip


_WAYS: Final = "ways"
"""Under this name her ways lie among the peaks of rules: the version before reads them as a rule that it does not know,
and what it makes of them when it takes in a day is told by `ways.unpacked` (decision 0014).
"""


def encode(habits: Habits) -> bytes:
    """The map as it is kept: at most 10 KB. Numbers are little-endian, as on every machine this runs on."""
    series = [getattr(habits, name).tobytes() for name, _ in _SERIES]
    peaks = habits.peaks
    if kept := ways.packed(habits.ways, max(habits.ordinals, default=0)):
        peaks = {**peaks, _WAYS: kept}
    return msgspec.msgpack.encode((FORMAT, habits.days, habits.ordinals, series, peaks, habits.home))


def decode(kept: bytes) -> Habits:
    """The map that `encode` gave."""
    _, days, ordinals, series, peaks, home = msgspec.msgpack.decode(kept)
    fields: dict[str, Any] = {}
    for (name, kind), raw in zip(_SERIES, series, strict=True):
        fields[name] = array(kind)
        fields[name].frombytes(raw)
    found = ways.unpacked(peaks.pop(_WAYS, b""), max(ordinals, default=0))
    return Habits(days=days, ordinals=ordinals, peaks=peaks, home=home, ways=found, **fields)
