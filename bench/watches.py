"""One position through all watches, in microseconds on one core, of somebody whose days are known; and what a hundred
thousand such wearers take in memory.
"""

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from app.geo.model import FencePurpose, Geofence, Point
from app.kit.calendar import JST
from app.kit.ids import CityId, GeofenceId, WearerId, new_id
from app.watch import catalogue
from app.watch.model import Heard, Seen, Subject, WatchState
from app.watch.movement import days, habits, moving
from app.watch.movement.habits import DAYS, Habits
from app.watch.store import STATES_MAX, Kept
from bench.measure import Measurement

BUDGET_US = 60.0
POSITIONS = 6_000
"""Of each kind; the first hundred load what is loaded when first needed."""

HOME = Point(34.757, 134.841)
M_PER_DEG = 111_195.0
NOW = datetime(2026, 4, 29, 1, tzinfo=UTC)
DEVICE = UUID(int=1)

WEARERS, BUILT = 100_000, 5_000
MEMORY_BUDGET_GB = 1.4
BYTES_MAX = 10_000


def measure() -> Iterator[Measurement]:
    """The measurements, one after the other."""
    subject = _subject(_learnt())
    spent = {name: _spent_us(subject, where) for name, where in WAYS.items()}
    for name, mean_us in spent.items():
        yield Measurement(name=f"watches.{name}", value=mean_us, unit="µs a position")
    mean_us = sum(spent.values()) / len(spent)
    yield Measurement(name="watches.position", value=mean_us, unit="µs", budget=BUDGET_US, ok=mean_us <= BUDGET_US)
    yield from _memory(subject)


def _at_home(number: int) -> tuple[float, float]:
    return number % 7 * 3.0 - 9.0, number % 5 * 3.0 - 6.0


def _known(number: int) -> tuple[float, float]:
    """To and fro on the way of her days."""
    return _way(number, 0)


def _unknown(number: int) -> tuple[float, float]:
    """Out on the way that she knows, then for half an hour where she has never been, and back."""
    step = number % 90
    if step < 15 or step >= 75:
        return _way(min(step, 90 - step), 0)
    return _way(15, 0)[0] + 60.0 * min(step - 15, 75 - step), _way(15, 0)[1] + 7.0 * (step % 3)


WAYS = {"at_home": _at_home, "on_known_ground": _known, "on_unknown_ground": _unknown}


def _way(step: int, day: int) -> tuple[float, float]:
    """Metres east and north of her door after so many minutes: on each day of a fortnight somewhere else."""
    out_m, angle = 66.0 * min(step % 40, 40 - step % 40), math.radians(25.7 * (day % 14))
    return out_m * math.cos(angle), out_m * math.sin(angle)


def _spot(east_m: float, north_m: float) -> tuple[float, float]:
    east_per_deg = M_PER_DEG * math.cos(math.radians(HOME.lat_deg))
    return HOME.lat_deg + north_m / M_PER_DEG, HOME.lon_deg + east_m / east_per_deg


def _learnt() -> Habits:
    """A map of four weeks: at home, one walk a day, a shop on another way."""
    known = Habits()
    for number in range(DAYS):
        day = date(2026, 4, 1) + timedelta(days=number)
        begin = datetime(day.year, day.month, day.day, 4, tzinfo=JST)
        spots = [_at_home(n) for n in range(360)] + [_way(n, number) for n in range(40)]
        spots += [_at_home(n) for n in range(200)] + [_way(n, number + 3) for n in range(40)]
        track = [moving.Point(begin + timedelta(minutes=n), *_spot(*spot), 12.0) for n, spot in enumerate(spots)]
        peaks = {"unfamiliar_on_foot": 20 + number, "off_route": 60, "pacing": 10, "stuck": 5 * (number % 3)}
        habits.learn(known, days.day_of_track(track, day, known.home, JST, peaks))
    return known


def _subject(known: Habits) -> Subject:
    wearer = WearerId(new_id())
    square = [_spot(*corner) for corner in ((-900, -300), (-700, -300), (-700, 300), (-900, 300))]
    fences = (
        _fence(wearer, FencePurpose.HOME, _spot(0, 0), 150.0),
        _fence(wearer, FencePurpose.PLACE, _spot(1_320, 0), 100.0),
        Geofence(
            id=GeofenceId(new_id()),
            wearer_id=wearer,
            name="p",
            purpose=FencePurpose.PLACE,
            corners=tuple(Point(*corner) for corner in square),
            created_at=NOW,
        ),
    )
    return Subject(wearer_id=wearer, fences=fences, habits=known)


def _spent_us(subject: Subject, where: Callable[[int], tuple[float, float]]) -> float:
    """The mean over many positions a minute apart, the state decoded and encoded each time."""
    kept = catalogue.encode_state(WatchState())
    begin = 0.0
    for n in range(-100, POSITIONS):
        if n == 0:
            begin = time.thread_time()
        at, (lat_deg, lon_deg) = NOW + timedelta(minutes=n), _spot(*where(n + 100))
        state = catalogue.decode_state(kept)
        seen = Seen(device_id=DEVICE, at=at, received_at=at, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=12.0)
        catalogue.fold(state, (Heard(device_id=DEVICE, received_at=at, interval_s=60), seen), subject, at)
        kept = catalogue.encode_state(state)
    return 1e6 * (time.thread_time() - begin) / POSITIONS


def _memory(subject: Subject) -> Iterator[Measurement]:
    """What the service keeps in memory of so many: some are made as it does (`watch.store`, `remembering`), the rest is
    reckoned.
    """
    assert subject.habits is not None, "she was made so"
    encoded = habits.encode(subject.habits)
    yield Measurement(
        name="watches.map", value=len(encoded), unit="bytes as stored", budget=BYTES_MAX, ok=len(encoded) <= BYTES_MAX
    )
    state = WatchState()
    for n in range(200):
        at, (lat_deg, lon_deg) = NOW + timedelta(minutes=n), _spot(*_known(n))
        seen = Seen(device_id=DEVICE, at=at, received_at=at, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=12.0)
        catalogue.fold(state, (Heard(device_id=DEVICE, received_at=at, interval_s=60), seen), subject, at)
    stored = catalogue.encode_state(state)
    yield Measurement(name="watches.state", value=len(stored), unit="bytes as stored")
    state_bytes = _each([lambda: _state(stored)] * BUILT)
    yield Measurement(name="watches.state_in_memory", value=state_bytes, unit="bytes")
    map_bytes = _each([lambda: _known_wearer(subject, encoded)] * BUILT)
    yield Measurement(name="watches.map_in_memory", value=map_bytes, unit="bytes, with fences and settings")
    total_gb = (map_bytes * WEARERS + state_bytes * min(WEARERS, STATES_MAX)) / 1e9
    yield Measurement(
        name="watches.memory", value=total_gb, budget=MEMORY_BUDGET_GB, ok=total_gb <= MEMORY_BUDGET_GB,
        unit=f"GB: {WEARERS} maps and the {STATES_MAX} states that are kept, reckoned from {BUILT}",
    )  # fmt: skip


def _each(make: Sequence[Callable[[], object]]) -> float:
    """Bytes that one of these takes in this process."""
    gc.collect()
    before = _resident_bytes()
    made = [one() for one in make]
    return (_resident_bytes() - before) / len(made)


def _state(stored: bytes) -> Kept:
    key = UUID(bytes=new_id().bytes)
    return Kept(subject_id=key, city_id=CityId(282103), state=catalogue.decode_state(stored), version=1, due_at=NOW)


def _known_wearer(subject: Subject, encoded: bytes) -> Subject:
    fences = tuple(msgspec.structs.replace(one, id=GeofenceId(new_id())) for one in subject.fences)
    return msgspec.structs.replace(subject, wearer_id=WearerId(new_id()), fences=fences, habits=habits.decode(encoded))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


def _fence(wearer: WearerId, purpose: FencePurpose, centre: tuple[float, float], radius_m: float) -> Geofence:
    return Geofence(
        id=GeofenceId(new_id()), wearer_id=wearer, name="f", purpose=purpose, centre=Point(*centre),
        radius_m=radius_m, created_at=NOW,
    )  # fmt: skip
