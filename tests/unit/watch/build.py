"""A garden in Kakogawa, a wearer, fixes so many metres away from the middle of it, and a tag that passes gates."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.geo.model import FencePurpose, Geofence, Point
from app.kit.calendar import JST
from app.kit.ids import ExpectationId, GeofenceId, WearerId
from app.watch import catalogue
from app.watch.around import Around
from app.watch.model import (
    AlarmHeard,
    Expectation,
    HealthHeard,
    Heard,
    Observation,
    Passed,
    Seen,
    Subject,
    WatchEvent,
    WatchSettings,
    WatchState,
)
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
TAG, EAST, WEST = (UUID(f"01900000-0000-7000-8000-0000000000{end}") for end in ("a1", "e1", "e2"))
EVERY_DAY, SCHOOL_DAYS = 0b1111111, 0b0011111
METRES_PER_DEGREE = 111_195.0


def subject(*fences: Geofence, settings: WatchSettings | None = None) -> Subject:
    """Hana with her fences."""
    return Subject(wearer_id=HANA, fences=fences or (GARDEN,), settings=settings or WatchSettings())


def expected(*expectations: Expectation, zone: ZoneInfo = JST, **settings: Any) -> Subject:
    """Hana, who is expected somewhere."""
    return Subject(wearer_id=HANA, expectations=expectations, zone=zone, settings=WatchSettings(**settings))


def expectation(**different: Any) -> Expectation:
    """At the school's gate on school days, from 7:45 to 8:30, expected since long ago."""
    fields: dict[str, Any] = {
        "id": ExpectationId(UUID("01900000-0000-7000-8000-0000000000ee")),
        "wearer_id": HANA,
        "name": "学校の正門",
        "detector_ids": (EAST, WEST),
        "weekdays": SCHOOL_DAYS,
        "from_time": time(7, 45),
        "by_time": time(8, 30),
        "tell_arrival": True,
        "created_at": NOW - timedelta(days=30),
    }
    return Expectation(**fields | different)


def passed(at: datetime, *, received_at: datetime | None = None, **different: Any) -> Passed:
    """A passage of the tag at the east gate."""
    fields: dict[str, Any] = {
        "tag_id": TAG,
        "detector_id": EAST,
        "detector_name": "東門",
        "at": at,
        "received_at": received_at or at,
    }
    return Passed(**fields | different)


def clock(text: str, day: int = 1, month: int = 4, zone: ZoneInfo = JST) -> datetime:
    """The moment at which a wall clock shows this, in 2026; the first of April is a Wednesday."""
    hour, minute, *second = (int(part) for part in text.split(":"))
    return datetime(2026, month, day, hour, minute, *second, tzinfo=zone).astimezone(UTC)


def told(state: WatchState, who: Subject, *observations: Observation, now: datetime | None = None) -> list[WatchEvent]:
    """What the watches say, each observation judged as it is received, or all of them at `now`."""
    events: list[WatchEvent] = []
    for one in observations:
        found, failures = catalogue.fold(state, [one], who, now or one.received_at)
        assert failures == []
        events += found
    return events


def ticked(state: WatchState, who: Subject, now: datetime, around: Around | None = None) -> list[WatchEvent]:
    """What time alone makes the watches say."""
    events, failures = catalogue.tick(state, who, around or Around(), now)
    assert failures == []
    return events


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
