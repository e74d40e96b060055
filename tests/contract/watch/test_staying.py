"""One who comes before anybody expects her and stays; and gates that die in the last minute: sightings in, alerts and
messages out, on a real database.
"""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from app import jobs
from app.alerts.model import AlertState
from app.history.tables import open_passage
from app.pipeline import process
from beacon_ingest.messages import DetectorReport
from tests.build import NOW
from tests.contract.history.street import body
from tests.contract.watch.conftest import School
from tests.contract.watch.test_telling import SETTINGS, alerts, messages, tick
from tests.unit.watch.build import clock


@pytest.mark.parametrize("left", ["8:34", "7:46"])
def test_one_who_comes_before_anybody_expects_her_and_stays_is_not_missing(school: School, left: str) -> None:
    """All that is observed of a stay is its beginning. It is still open at the deadline, or moved into the history."""
    school.expect()
    stays(school, clock("7:28"), clock(left))
    jobs.close_passages(school.connection, SETTINGS, clock("8:34"))
    tick(school, clock("8:35"))

    assert [] == alerts(school)
    assert ["ハナさんが東門を通過しました（07:28）", "ハナさんは07:45に「学校の正門」にいました"] == messages(school)
    assert open_count(school) == (left == "8:34")


def test_one_who_leaves_before_the_time_or_whose_stay_is_doubtful_is_missing(school: School) -> None:
    school.expect()
    stays(school, clock("7:28"), clock("7:44"))
    tick(school, clock("8:35"))
    stays(school, clock("7:28", day=2), clock("8:34", day=2))
    school.connection.execute(sa.update(open_passage).values(doubtful=True))
    tick(school, clock("8:35", day=2))

    assert [["not_arrived"]] * 2 == [[reason.code for reason in one.reasons] for one in alerts(school)]


def test_word_of_a_stay_that_comes_after_the_alert_ends_it(school: School) -> None:
    school.expect()
    tick(school, clock("8:35"))
    stays(school, clock("7:28"), clock("8:00"), received_at=clock("8:50"))

    assert [AlertState.RESOLVED] == [one.state for one in alerts(school)]
    assert ["ハナさんは「学校の正門」に着いていました（07:45）"] == messages(school)


@pytest.mark.parametrize(("last_word", "codes"), [("8:29:30", ["detectors_down"]), ("8:30", ["not_arrived"])])
def test_gates_that_die_in_the_last_minute_are_known_to_be_dead_when_it_is_judged(
    school: School, last_word: str, codes: list[str]
) -> None:
    """They speak every minute, so nobody can notice their silence before 8:32:30."""
    school.expect()
    jobs.come_up(school.connection, clock("8:28:30"))
    speaks(school, clock("8:28:30"), clock(last_word))
    for second in range(0, 391, 30):
        now = clock("8:28:30") + timedelta(seconds=second)
        jobs.beat(school.connection, SETTINGS, now)
        jobs.judge_detectors(school.connection, SETTINGS, now)
        tick(school, now)

    (alert,) = alerts(school)
    assert codes == [reason.code for reason in alert.reasons]


def stays(school: School, from_at: datetime, until_at: datetime, received_at: datetime | None = None) -> None:
    """Her tag is heard at the east gate every half minute; each sighting comes in at once, or all of them at once."""
    seconds = range(int((until_at - from_at).total_seconds()) + 1)[::30]
    after_s = (from_at - NOW).total_seconds()
    for group in [seconds] if received_at else [[second] for second in seconds]:
        late_s = None if received_at is None else (received_at - NOW).total_seconds()
        unit = body(school.east, school.tag, [after_s + second for second in group], received=late_s)
        process(school.connection, [unit], unit.received_at)


def speaks(school: School, *times: datetime) -> None:
    """Both gates say that they are there, and hear nobody."""
    for at in times:
        for one in (school.east, school.west):
            unit = body(one, school.tag, received=(at - NOW).total_seconds(), stamp=at)
            unit = replace(unit, report=DetectorReport(sightings=1))
            process(school.connection, [unit], at)


def open_count(school: School) -> int:
    return school.connection.execute(sa.select(sa.func.count()).select_from(open_passage)).scalar_one()
