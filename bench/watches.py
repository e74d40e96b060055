"""One position through all watches, in microseconds on one core."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.geo.model import FencePurpose, Geofence, Point
from app.kit.ids import GeofenceId, WearerId, new_id
from app.watch import catalogue
from app.watch.model import Heard, Seen, Subject, WatchState
from bench.measure import Measurement

BUDGET_US = 60.0
POSITIONS = 20_000


def measure() -> Iterator[Measurement]:
    """The mean over many positions of a wearer with three fences, state decoded and encoded each time."""
    now = datetime(2026, 4, 1, tzinfo=UTC)
    wearer = WearerId(new_id())
    corners = (Point(34.75, 134.84), Point(34.76, 134.84), Point(34.76, 134.85), Point(34.75, 134.85))
    fences = (
        _fence(wearer, Point(34.757, 134.841), 150.0),
        _fence(wearer, Point(34.767, 134.851), 200.0),
        Geofence(
            id=GeofenceId(new_id()),
            wearer_id=wearer,
            name="p",
            purpose=FencePurpose.PLACE,
            corners=corners,
            created_at=now,
        ),
    )
    subject = Subject(wearer_id=wearer, fences=fences)
    device = UUID(int=1)
    kept = catalogue.encode_state(WatchState())
    start = 0.0
    for n in range(-100, POSITIONS):  # The first ones load what is loaded when first needed.
        if n == 0:
            start = time.perf_counter()
        at = now + timedelta(seconds=60 * n)
        lat = 34.757 + (n % 40) * 1e-4
        seen = Seen(device_id=device, at=at, received_at=at, lat_deg=lat, lon_deg=134.841, accuracy_m=12.0)
        state = catalogue.decode_state(kept)
        catalogue.fold(state, (Heard(device_id=device, received_at=at, interval_s=300), seen), subject, at)
        kept = catalogue.encode_state(state)
    mean_us = (time.perf_counter() - start) / POSITIONS * 1e6
    yield Measurement(name="watches.position", value=mean_us, unit="µs", budget=BUDGET_US, ok=mean_us <= BUDGET_US)


def _fence(wearer: WearerId, centre: Point, radius_m: float) -> Geofence:
    return Geofence(
        id=GeofenceId(new_id()), wearer_id=wearer, name="f", purpose=FencePurpose.HOME, centre=centre,
        radius_m=radius_m, created_at=datetime(2026, 4, 1, tzinfo=UTC),
    )  # fmt: skip
