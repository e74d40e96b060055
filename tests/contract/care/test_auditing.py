"""The service looks at itself, and a watchman outside hears of it only while all is well."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy.engine import Connection

from app.alerts.service import acting
from app.alerts.tables import alert
from app.care.service.auditing import Auditor
from app.care.store import last_beat
from app.cli import SPEED_MAX
from app.config import Settings
from app.db.engine import Database
from app.db.intents import intend
from app.dispatch.tables import incident
from app.jobs import beat, come_up, run_all
from app.kit.clock import FastClock, ManualClock
from app.pipeline import process
from app.push.tables import message
from tests.build import NOW, an_alarm, town, unit, viewer
from tests.contract.permissions.turnouts import send
from tests.watchman import Watchman


@pytest.fixture
async def watchman() -> AsyncIterator[Watchman]:
    one = Watchman()
    yield one
    one.close()


@pytest.fixture
async def clock(database: Database) -> ManualClock:
    await database.write(lambda c: come_up(c, NOW))
    return ManualClock(NOW)


async def test_the_watchman_hears_of_a_service_on_which_all_is_well(
    database: Database, clock: ManualClock, watchman: Watchman
) -> None:
    assert await Auditor(database, clock, CollectorRegistry(), watchman.url).audit()
    assert watchman.heard == 1


async def test_he_hears_nothing_while_something_is_overdue_or_the_jobs_stand_still(
    database: Database, clock: ManualClock, watchman: Watchman
) -> None:
    numbers = CollectorRegistry()
    auditor = Auditor(database, clock, numbers, watchman.url)
    clock.pass_by(timedelta(minutes=2))
    assert not await auditor.audit()

    await database.write(lambda c: come_up(c, clock()))
    await database.write(lambda c: intend(c, "device_released", "x", {}, NOW))
    assert await auditor.audit()
    clock.pass_by(timedelta(minutes=4))
    await database.write(lambda c: come_up(c, clock()))
    assert not await auditor.audit()

    assert watchman.heard == 1
    assert numbers.get_sample_value("mimamori_oldest_due_seconds", {"what": "intents"}) == 360
    assert numbers.get_sample_value("mimamori_due", {"what": "intents"}) == 1
    assert numbers.get_sample_value("mimamori_habit_maps_due") == 0


async def test_a_clock_that_goes_fast_makes_nothing_overdue(database: Database) -> None:
    seconds = ManualClock(NOW)
    clock = FastClock(NOW, SPEED_MAX, lambda: seconds().timestamp())
    auditor = Auditor(database, clock, CollectorRegistry(), None)
    clock.hurry()
    for _ in range(3):
        await database.write(lambda c: beat(c, Settings(), clock()))
        seconds.pass_by(timedelta(seconds=10))
        assert await auditor.audit()
    up_since = await database.read(lambda c: last_beat(c)[1])
    assert up_since == NOW, "no outage was seen"

    await database.write(lambda c: intend(c, "device_released", "x", {}, clock()))
    seconds.pass_by(timedelta(seconds=49))
    assert await auditor.audit()
    seconds.pass_by(timedelta(seconds=2))
    assert not await auditor.audit()


async def test_a_url_that_is_none_harms_nobody(
    database: Database, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in ("https://watch.example:secret/ping", "http://127.0.0.1:99999/secret", "secret"):
        assert await Auditor(database, clock, CollectorRegistry(), url).audit()

    assert "secret" not in capsys.readouterr().out


async def test_a_watchman_who_does_not_answer_harms_nobody(
    database: Database, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Watchman(500)
    assert await Auditor(database, clock, CollectorRegistry(), broken.url).audit()
    broken.close()
    assert await Auditor(database, clock, CollectorRegistry(), broken.url).audit()

    assert "secret" not in capsys.readouterr().out


async def test_an_alert_that_no_timer_looks_at_is_told_on_counted_and_the_watchman_hears_nothing(
    database: Database, clock: ManualClock, watchman: Watchman
) -> None:
    here = await database.write(lambda c: town(c, NOW))
    await database.write(lambda c: process(c, [unit(here.watch, an_alarm("sos"))], NOW))
    numbers = CollectorRegistry()
    auditor = Auditor(database, clock, numbers, watchman.url)
    assert await auditor.audit()

    await database.write(lambda c: c.execute(sa.update(alert).values(due_at=None)))
    assert not await auditor.audit()
    assert await auditor.audit()

    assert 2 == watchman.heard
    assert 1 == numbers.get_sample_value("mimamori_alerts_mended_total")
    assert NOW == await database.read(lambda c: c.execute(sa.select(alert.c.due_at)).scalar_one())


async def test_an_alert_that_an_older_process_opened_gets_a_plan(database: Database, clock: ManualClock) -> None:
    here = await database.write(lambda c: town(c, NOW))
    await database.write(lambda c: process(c, [unit(here.watch, an_alarm("sos"))], NOW))
    nothing = {"plan": sa.null(), "words": sa.null(), "step": None, "times": None, "turn": None, "due_at": None}
    await database.write(lambda c: c.execute(sa.update(alert).values(nothing)))

    assert not await Auditor(database, clock, CollectorRegistry(), None).audit()

    await database.write(lambda c: run_all(c, Settings(), clock.pass_by(timedelta(minutes=3))))
    told = sa.select(sa.func.count()).select_from(message)
    assert 4 == await database.read(lambda c: c.execute(told).scalar_one()), "twice two phones"


async def test_what_was_taken_and_lost_its_timer_opens_again_half_an_hour_later(
    database: Database, clock: ManualClock
) -> None:
    here = await database.write(lambda c: town(c, NOW))
    await database.write(lambda c: process(c, [unit(here.watch, an_alarm("sos"))], NOW))
    key = await database.read(lambda c: c.execute(sa.select(alert.c.id)).scalar_one())
    await database.write(lambda c: acting.acknowledge(c, viewer(here.son), key, NOW))
    await database.write(lambda c: c.execute(sa.update(alert).values(due_at=None)))

    assert not await Auditor(database, clock, CollectorRegistry(), None).audit()

    due_at = await database.read(lambda c: c.execute(sa.select(alert.c.due_at)).scalar_one())
    assert NOW + timedelta(minutes=30) == due_at


async def test_an_alert_told_by_a_clock_that_was_ahead_is_told_on_when_it_is_right_again(
    database: Database, clock: ManualClock
) -> None:
    here = await database.write(lambda c: town(c, NOW))
    ahead = NOW + timedelta(hours=3)
    await database.write(lambda c: process(c, [unit(here.watch, an_alarm("sos"), received_at=ahead)], ahead))

    assert not await Auditor(database, clock, CollectorRegistry(), None).audit()

    assert NOW == await database.read(lambda c: c.execute(sa.select(alert.c.due_at)).scalar_one())


async def test_a_turn_out_that_no_timer_looks_at_is_gone_on_with(
    database: Database, clock: ManualClock, watchman: Watchman
) -> None:
    def lose(c: Connection) -> None:
        here = town(c)
        send(c, here.hana.city_id, here.hana.id, None, "nobody looks")
        c.execute(sa.update(incident).values(due_at=None))

    await database.write(lose)
    assert not await Auditor(database, clock, CollectorRegistry(), watchman.url).audit()
    due = await database.read(lambda c: c.execute(sa.select(incident.c.due_at)).scalar_one())
    assert due == clock()
    await database.write(lambda c: run_all(c, Settings(), clock()))
    assert await Auditor(database, clock, CollectorRegistry(), watchman.url).audit()
