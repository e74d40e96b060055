"""An alert about her movement is ended by mistake, and she walks on: through the real pipeline and its jobs."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Connection

from app import jobs
from app.alerts.model import Alert
from app.alerts.service import acting
from app.alerts.store import alerts as store
from app.config import Settings
from app.geo import service as geo
from app.geo.model import GeofenceChange
from app.pipeline import process
from tests.build import NOW, Town, a_fix, minutes, town, unit, viewer
from tests.unit.watch.build import clock

DAWN = NOW - timedelta(days=10)
NIGHT = clock("23:00")
STEP_M = 70.0


@pytest.fixture
def here(connection: Connection) -> Town:
    """Hana sleeps; her garden tells of nobody who leaves it."""
    found = town(connection, DAWN)
    (garden,) = geo.fences_of(connection, [found.hana.id])[found.hana.id]
    geo.change(connection, viewer(found.daughter), found.hana.id, garden.id, GeofenceChange(tell_exit=False), DAWN)
    for n in range(6):
        fix_at(connection, found, 0.0, NIGHT + minutes(10 * n - 60))
    return found


def fix_at(connection: Connection, here: Town, north_m: float, at: datetime) -> None:
    process(connection, [unit(here.watch, a_fix(north_m, at=at), received_at=at)], at)


def walk(connection: Connection, here: Town, first: int, last: int) -> None:
    for step in range(first, last):
        fix_at(connection, here, STEP_M * step, NIGHT + minutes(step))


def alerts(connection: Connection, here: Town) -> list[Alert]:
    found = store.newest(connection, [here.hana.id], states=[], before=None, limit=9)
    return [one for one in reversed(found) if one.kind.value == "movement"]


def test_who_walks_on_is_a_new_alert_half_an_hour_later(connection: Connection, here: Town) -> None:
    walk(connection, here, 1, 14)
    (first,) = alerts(connection, here)
    acting.resolve(connection, viewer(here.daughter), first.id, NIGHT + minutes(14))
    jobs.carry_out_intents(connection, Settings(), NIGHT + minutes(14))

    walk(connection, here, 15, 44)
    assert [first.id] == [one.id for one in alerts(connection, here)]
    walk(connection, here, 44, 50)
    _, second = alerts(connection, here)
    assert ("open", "urgent") == (second.state.value, second.level.value)


def test_who_called_it_off_is_not_told_of_the_same_again(connection: Connection, here: Town) -> None:
    walk(connection, here, 1, 14)
    (first,) = alerts(connection, here)
    acting.cancel(connection, viewer(here.daughter), first.id, NIGHT + minutes(14))
    jobs.carry_out_intents(connection, Settings(), NIGHT + minutes(14))

    walk(connection, here, 15, 60)
    assert [first.id] == [one.id for one in alerts(connection, here)]
