"""When a state is looked at next: a timer that is far off stays, and nothing is told too early or too late for it."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from app.watch.tables import watch_state
from tests.contract.watch.conftest import School
from tests.contract.watch.test_telling import alerts, feed, gate, tick
from tests.unit.watch.build import clock

SILENT_AFTER = timedelta(hours=36)


def due_at(school: School) -> datetime | None:
    return school.connection.execute(sa.select(watch_state.c.due_at)).scalar_one()


def test_a_timer_that_is_far_off_is_not_put_off_with_each_passage(school: School) -> None:
    feed(school, gate(school, clock("8:00")), gate(school, clock("12:00")))

    assert due_at(school) == clock("8:00") + SILENT_AFTER


def test_it_is_put_off_when_it_was_looked_at_and_then_the_silence_is_told_in_time(school: School) -> None:
    feed(school, gate(school, clock("8:00")), gate(school, clock("12:00")))

    tick(school, clock("8:00") + SILENT_AFTER)
    assert alerts(school) == []
    assert due_at(school) == clock("12:00") + SILENT_AFTER

    tick(school, clock("12:00") + SILENT_AFTER)
    assert [one.reasons[0].code for one in alerts(school)] == ["tag_silent"]


def test_within_its_last_hour_a_passage_puts_it_off(school: School) -> None:
    feed(school, gate(school, clock("8:00")), gate(school, clock("19:30", day=2)))

    assert due_at(school) == clock("19:30", day=2) + SILENT_AFTER
