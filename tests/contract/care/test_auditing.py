"""The service looks at itself, and a watchman outside hears of it only while all is well."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from app.care.service.auditing import Auditor
from app.care.store import last_beat
from app.cli import SPEED_MAX
from app.config import Settings
from app.db.engine import Database
from app.db.intents import intend
from app.jobs import beat, come_up
from app.kit.clock import FastClock, ManualClock
from tests.build import NOW
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
