"""How old a place is, and when it no longer says where somebody is."""

from datetime import timedelta

import pytest

from app.geo.cells import cell_of, hour_of
from app.history.freshness import whereabouts
from app.history.model import Freshness, KnownBy, Position
from app.kit.ids import DeviceId, WearerId, new_id
from tests.build import HOME, KAKOGAWA, NOW

POSITION = Position(
    city_id=KAKOGAWA,
    device_id=DeviceId(new_id()),
    fix_at=NOW,
    ordinal=0,
    wearer_id=WearerId(new_id()),
    contact_id=None,
    received_at=NOW + timedelta(minutes=20),
    lat_deg=HOME.lat_deg,
    lon_deg=HOME.lon_deg,
    accuracy_m=12.0,
    altitude_m=None,
    speed_mps=None,
    heading_deg=None,
    known_by=KnownBy.GNSS,
    cell=cell_of(HOME.lat_deg, HOME.lon_deg),
    hour=hour_of(NOW),
)


def test_nothing_known_is_unknown() -> None:
    found = whereabouts(None, 300, NOW)

    assert (found.freshness, found.position, found.age_s) == (Freshness.UNKNOWN, None, None)


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0, Freshness.FRESH), (660, Freshness.FRESH), (661, Freshness.STALE), (9_999, Freshness.STALE)],
)
def test_one_missed_report_is_fresh_and_two_are_stale(age_s: int, expected: Freshness) -> None:
    found = whereabouts(POSITION, 300, NOW + timedelta(seconds=age_s))

    assert (expected, age_s) == (found.freshness, found.age_s)


def test_the_age_counts_from_the_fix_and_not_from_its_receipt() -> None:
    assert whereabouts(POSITION, 300, NOW + timedelta(minutes=21)).age_s == 21 * 60


def test_a_clock_that_is_ahead_gives_no_negative_age() -> None:
    found = whereabouts(POSITION, 300, NOW - timedelta(minutes=3))

    assert (found.freshness, found.age_s) == (Freshness.FRESH, 0)


def test_a_device_that_reports_rarely_stays_fresh_for_longer() -> None:
    later = NOW + timedelta(hours=1)

    assert whereabouts(POSITION, 3_600, later).freshness is Freshness.FRESH
    assert whereabouts(POSITION, 60, later).freshness is Freshness.STALE
