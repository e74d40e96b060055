"""A garden in Kakogawa, a wearer, and fixes so many metres away from the middle of it."""

from datetime import datetime, timedelta
from uuid import UUID

from app.geo.model import FencePurpose, Geofence, Point
from app.kit.ids import GeofenceId, WearerId
from app.watch.model import AlarmHeard, HealthHeard, Heard, Seen, Subject, WatchSettings
from tests.build import NOW

DEVICE = UUID("01900000-0000-7000-8000-00000000000d")
HANA = WearerId(UUID("01900000-0000-7000-8000-000000000001"))
GARDEN = Geofence(
    id=GeofenceId(UUID("01900000-0000-7000-8000-00000000000f")),
    wearer_id=HANA,
    name="自宅",
    purpose=FencePurpose.HOME,
    centre=Point(34.757, 134.841),
    radius_m=100.0,
    created_at=NOW,
)
METRES_PER_DEGREE = 111_195.0


def subject(*fences: Geofence, settings: WatchSettings | None = None) -> Subject:
    """Hana with her fences."""
    return Subject(wearer_id=HANA, fences=fences or (GARDEN,), settings=settings or WatchSettings())


def seen(north_m: float, *, at: datetime, accuracy_m: float = 15.0, received_at: datetime | None = None) -> Seen:
    """A fix so many metres north of the middle of the garden."""
    return Seen(
        device_id=DEVICE,
        at=at,
        received_at=received_at or at,
        lat_deg=34.757 + north_m / METRES_PER_DEGREE,
        lon_deg=134.841,
        accuracy_m=accuracy_m,
    )


def alarm(*kinds: str, at: datetime = NOW, received_at: datetime | None = None) -> AlarmHeard:
    """What the device reports."""
    return AlarmHeard(device_id=DEVICE, at=at, received_at=received_at or at, kinds=kinds)


def battery(percent: float, at: datetime = NOW) -> HealthHeard:
    """A charge that the device reports."""
    return HealthHeard(device_id=DEVICE, at=at, received_at=at, battery_pct=percent)


def heard(at: datetime, interval_s: int = 300) -> Heard:
    """A sign of life."""
    return Heard(device_id=DEVICE, received_at=at, interval_s=interval_s)


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
