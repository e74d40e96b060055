"""Jobs as the ticker does them: what takes long to find out keeps no device waiting."""

import asyncio
import threading
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs, parts
from app.config import Settings
from app.db.engine import Database
from app.db.tables import heartbeat
from app.jobs import Change, Job
from tests.build import NOW


def no_work(_connection: Connection, _settings: Settings, _now: datetime) -> None:
    raise AssertionError("what has a plan is done by it")


class Planner:
    """A job of which something is found at the first look; it waits for `may_go_on` before it says what."""

    def __init__(self) -> None:
        self.begun, self.may_go_on, self.changed = threading.Event(), threading.Event(), asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.threads: list[str] = []

    def plan(self, _connection: Connection, _settings: Settings, _now: datetime) -> Change | None:
        self.threads.append(threading.current_thread().name)
        self.begun.set()
        assert self.may_go_on.wait(30)
        return self.change if len(self.threads) == 1 else None

    def change(self, connection: Connection) -> None:
        connection.execute(sa.delete(heartbeat))
        self.loop.call_soon_threadsafe(self.changed.set)


async def begun(planner: Planner) -> None:
    assert await asyncio.to_thread(planner.begun.wait, 30)


async def test_others_write_while_a_job_is_planned(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    planner, ticker = Planner(), parts.Ticker()
    monkeypatch.setattr(jobs, "JOBS", (Job(name="slow", every_s=60, work=no_work, plan=planner.plan),))
    parts.tick_jobs(ticker, database, Settings(), lambda: NOW)
    ticker.wake("slow")
    await begun(planner)

    await database.write(lambda connection: jobs.come_up(connection, NOW))  # It would wait for ever.
    planner.may_go_on.set()
    await planner.changed.wait()
    await ticker.stop()
    assert ["mimamori-reader"] == [name.rpartition("_")[0] for name in planner.threads]


async def test_who_is_not_in_turn_plans_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    planner, ticker = Planner(), parts.Ticker()
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def not_now(_connection: Connection, _job: Job) -> bool:
        loop.call_soon_threadsafe(asked.set)
        return False

    monkeypatch.setattr(jobs, "JOBS", (Job(name="slow", every_s=60, work=no_work, plan=planner.plan),))
    parts.tick_jobs(ticker, database, Settings(), lambda: NOW, in_turn=not_now)
    ticker.wake("slow")
    await asked.wait()
    await database.write(lambda _connection: None)
    await ticker.stop()
    assert [] == planner.threads
