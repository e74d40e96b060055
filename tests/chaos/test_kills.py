"""kill -9 under load, at random moments and at the named ones: nothing acknowledged is missing, nothing is there twice,
every alert is there once, every due step was done, every due push was sent. Phones, watches and detectors are the load.

The number of kills is `MIMAMORI_TEST_KILLS` (10 unless told otherwise).
"""

import asyncio
import os
import random
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.alerts.tables import alert, alert_cause
from app.config import Settings, detector_secret
from app.db.engine import FILE_NAME, sqlite_engine
from app.history.tables import position
from app.push.model import Level
from app.push.tables import message
from app.simulator.fcm_standin import FcmStandIn
from tests.chaos.crew import PATIENCE_S, Cast, Server, keep_sending, populate, press
from tests.chaos.poles import TURN, Pole, check_notices, check_passages, keep_hearing, poles_of
from tests.chaos.steps import are_done, check_steps, let_be_due
from tests.waiting import until

KILLS = int(os.environ.get("MIMAMORI_TEST_KILLS", "10"))
PHONES, PRESSERS, TAGS = 12, 3 * KILLS, 6


@pytest.mark.chaos
async def test_kill_9_loses_nothing_acknowledged_and_doubles_nothing(migrated_file: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_file, tmp_path / "data" / FILE_NAME)
    cast = populate(tmp_path / "data", PHONES, PRESSERS, TAGS)
    engine = sqlite_engine(tmp_path / "data")
    with engine.begin() as connection:
        secret = detector_secret(Settings(data=str(tmp_path / "data")))
        poles = poles_of(connection, secret, cast.with_tags, cast.start)
    engine.dispose()
    chance = random.Random(20261122)
    on_push: list[Server] = []

    def kill_on_sos(token: str, _message: object) -> None:
        if on_push and token.startswith("phone-of-w"):
            on_push.pop().kill()

    phones = FcmStandIn(on_push=kill_on_sos)
    phones.start()
    server = Server(tmp_path, phones)
    try:
        for number in range(KILLS):
            await server.start()
            pressers = cast.pressers[3 * number : 3 * number + 3]
            await one_life(tmp_path, cast, poles, server, phones, on_push, chance, number, pressers)
        await server.start()
        await finish(cast, poles, server, tmp_path)
        await server.stop()
        check(cast, poles, tmp_path, phones)
    finally:
        server.kill()
        phones.stop()


async def one_life(folder, cast, poles, server, phones, on_push, chance, number, pressers) -> None:
    """Load, then the end: at a random moment, between claim and send, or between send and settle, in turn."""
    kind = ("random", "while sending", "after sending")[number % 3]
    unanswered = [one for one in cast.pressers if not one.answered and one.pressed_at <= pressers[-1].pressed_at]
    if kind == "while sending":
        phones.forget_tokens()
        phones.sign_in_asked.clear()
        phones.sign_in_gate.clear()
    elif kind == "after sending":
        on_push.append(server)
    load = [asyncio.ensure_future(keep_sending(phone, cast, server)) for phone in cast.phones]
    load += [asyncio.ensure_future(keep_hearing(pole, cast.start, server)) for pole in poles]
    load += [asyncio.ensure_future(press(one, server)) for one in unanswered]
    if kind == "random":
        await asyncio.wait(load, timeout=chance.uniform(0.05, 1.0))
    elif kind == "while sending":
        assert await asyncio.to_thread(phones.sign_in_asked.wait, PATIENCE_S)
    else:
        await until(lambda: not on_push, PATIENCE_S)
    server.kill()
    phones.sign_in_gate.set()
    await server.died()
    _done, pending = await asyncio.wait(load, timeout=5)
    for task in pending:
        task.cancel()
    await asyncio.gather(*load, return_exceptions=True)
    let_be_due(folder, cast.start)


async def finish(cast: Cast, poles: list[Pole], server: Server, folder: Path) -> None:
    """In the last life every device gets its answer, each tag was away once and came back (on a slow machine the lives
    before were too short for that), and everything that is due leaves.
    """
    load = [asyncio.ensure_future(keep_sending(phone, cast, server)) for phone in cast.phones]
    load += [asyncio.ensure_future(keep_hearing(pole, cast.start, server)) for pole in poles]
    async with asyncio.timeout(PATIENCE_S):
        while not all(one.answered for one in cast.pressers):
            await asyncio.gather(*(press(one, server) for one in cast.pressers if not one.answered))
        await until(lambda: all(pole.number >= TURN for pole in poles if not pole.live), PATIENCE_S)
    for task in load:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    engine = sqlite_engine(folder / "data", read_only=True)
    waiting = sa.select(sa.func.count()).where(
        message.c.state.in_(["waiting", "sending"]), message.c.not_before.is_(None)
    )

    def is_told() -> bool:
        with engine.connect() as connection:
            return connection.execute(waiting).scalar_one() == 0 and are_done(connection, cast.start)

    await until(is_told, PATIENCE_S)
    engine.dispose()


def check(cast: Cast, poles: list[Pole], folder: Path, phones: FcmStandIn) -> None:
    engine = sqlite_engine(folder / "data", read_only=True)
    with engine.connect() as connection:
        stored: dict[object, Counter[int]] = {phone.device.id: Counter() for phone in cast.phones}
        for row in connection.execute(sa.select(position.c.device_id, position.c.fix_at)):
            stored[row.device_id][round((row.fix_at - cast.start).total_seconds())] += 1
        alerts = Counter(connection.execute(sa.select(alert.c.wearer_id).where(alert.c.kind == "sos")).scalars())
        causes = Counter(connection.execute(sa.select(alert_cause.c.wearer_id)).scalars())
        of_alerts = message.c.level != Level.NEWS.value
        states = set(connection.execute(sa.select(message.c.state).where(of_alerts)).scalars())
        check_passages(connection, poles)
        check_notices(connection, phones)
        secret = detector_secret(Settings(data=str(folder / "data")))
        check_steps(connection, phones, secret, least=5 * KILLS)
        integrity = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    engine.dispose()

    assert "ok" == integrity
    for phone in cast.phones:
        missing = phone.acknowledged - set(stored[phone.device.id])
        assert set() == missing, f"{len(missing)} acknowledged places are gone"
        assert {1} == set(stored[phone.device.id].values())
    everyone = {presser.wearer_id: 1 for presser in cast.pressers}
    assert everyone == dict(alerts)
    assert everyone == dict(causes)
    assert {"sent"} <= states <= {"sent", "cancelled"}, "cancelled: told again before it could be sent"
    told = {push.token for push in phones.received if push.message["data"]["kind"].startswith("alert.")}
    assert {f"phone-of-w{n}" for n in range(len(cast.pressers))} == told
    assert sum(len(phone.acknowledged) for phone in cast.phones) > 100
