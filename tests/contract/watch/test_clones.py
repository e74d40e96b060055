"""Two devices under one name, so far apart that the fixes of one of them are refused each time: it is told all the same."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy.engine import Connection

from app.alerts.store import alerts as store
from app.pipeline import process
from beacon_ingest.messages import Fix
from tests.build import HOME, METRES_PER_DEGREE, NOW, Town, minutes, town, unit

FAR_M = 50_000.0


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW - minutes(60 * 24))


def report(connection: Connection, here: Town, north_m: float, at: datetime, accuracy_m: float = 12.0) -> None:
    lat_deg = HOME.lat_deg + north_m / METRES_PER_DEGREE
    fix = Fix(device="1234567890", at=at, lat_deg=lat_deg, lon_deg=HOME.lon_deg, accuracy_m=accuracy_m)
    process(connection, [unit(here.watch, fix, received_at=at)], at)


def told(connection: Connection, here: Town) -> list[tuple[str, str]]:
    found = store.newest(connection, [here.hana.id], states=[], before=None, limit=9)
    return [(one.kind.value, one.reasons[0].code) for one in found]


def turns(connection: Connection, here: Town, spots: Sequence[float], accuracy_m: float = 12.0) -> None:
    """At home and elsewhere by turns, a minute apart."""
    for number, north_m in enumerate(spots):
        report(connection, here, 0.0, NOW + minutes(2 * number))
        report(connection, here, north_m, NOW + minutes(2 * number + 1), accuracy_m)
    report(connection, here, 0.0, NOW + minutes(2 * len(spots)))


def test_a_clone_far_away_is_told_once_a_day(connection: Connection, here: Town) -> None:
    turns(connection, here, [FAR_M] * 2)
    assert [] == told(connection, here)
    turns(connection, here, [FAR_M] * 12)
    assert [("device", "impossible_travel")] == told(connection, here)


def test_the_clone_may_walk(connection: Connection, here: Town) -> None:
    turns(connection, here, [FAR_M + 80.0 * number for number in range(4)])
    assert [("device", "impossible_travel")] == told(connection, here)


def test_wrong_fixes_are_somewhere_else_each_time(connection: Connection, here: Town) -> None:
    turns(connection, here, [FAR_M, -FAR_M, 2 * FAR_M, -2 * FAR_M, 3 * FAR_M, -3 * FAR_M])
    assert [] == told(connection, here)


def test_the_network_errs_by_kilometres_several_times_the_same_ones(connection: Connection, here: Town) -> None:
    turns(connection, here, [FAR_M] * 6, accuracy_m=800.0)
    assert [] == told(connection, here)


def test_a_burst_of_wrong_fixes_is_one(connection: Connection, here: Town) -> None:
    report(connection, here, 0.0, NOW)
    for second in (5, 6, 7, 8):
        report(connection, here, FAR_M, NOW + minutes(second / 60))
    report(connection, here, 0.0, NOW + minutes(1))
    report(connection, here, 0.0, NOW + minutes(2))
    assert [] == told(connection, here)
