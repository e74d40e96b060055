"""Edges see no database: PostgreSQL stands still, and devices are heard all the same, also at an edge that is started
then.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import scaled
from app.config import Settings
from app.devices import service as devices
from app.kit.errors import Overloaded
from beacon_ingest.jetstream import STREAM
from tests.broker import running_nats
from tests.build import KAKOGAWA
from tests.e2e.scaled import ScaledStage, a_scaled_stage, both, of_an_edge, settings_of
from tests.e2e.stage import at_home
from tests.postgres import PostgresServer, running_postgres
from tests.waiting import until

pytestmark = pytest.mark.postgresql


@pytest.fixture
def own() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
async def stage(where: str, tmp_path: Path) -> AsyncIterator[ScaledStage]:
    async with a_scaled_stage(where, tmp_path) as stage:
        yield stage


@pytest.fixture
async def alone(own: PostgresServer, tmp_path: Path) -> AsyncIterator[ScaledStage]:
    """On a server that nobody else uses."""
    async with a_scaled_stage(own.empty, tmp_path) as stage:
        yield stage


def here(stage: ScaledStage, lat: float) -> dict[str, Any]:
    return {"_type": "location", "tst": int(stage.now.timestamp()), "lat": lat, "lon": 134.841, "acc": 10}


async def until_answered(stage: ScaledStage) -> None:
    """Waits until the processes have found the database again."""

    async def answers() -> bool:
        with suppress(Overloaded):
            return bool(await stage.database.read(lambda c: c.exec_driver_sql("SELECT 1").scalar_one()))
        return False

    await until(answers)


async def test_devices_are_heard_while_the_database_stands_still_and_all_is_worked_on_later(
    alone: ScaledStage, own: PostgresServer
) -> None:
    stage = alone

    def enrol(c):
        phone, key = devices.enrol(
            c, city_id=KAKOGAWA, format="owntracks", external_id="phone1", name="phone", now=stage.now
        )
        devices.assign(c, phone.id, stage.town.hana.id, now=stage.now)
        return key

    key = await stage.write(enrol)
    await stage.until_known("phone1", key)
    await stage.pass_by(1)
    await stage.worked_off()
    watch = await stage.connect_watch()

    await asyncio.to_thread(own.stop)
    assert (await stage.owntracks("phone1", key, here(stage, 34.757))).is_success
    assert 401 == (await stage.owntracks("phone1", "another", here(stage, 34.757))).status_code
    watch.say(at_home("UD", stage.now, north_m=5))
    assert "LK" == await watch.tell("LK,0,0,64")
    assert 503 == (await stage.http.get("/v1/alerts", headers={"Authorization": "Bearer x"})).status_code

    async with scaled.edge(of_an_edge(settings_of(stage, stage.server)), stage.clock) as another:
        await stage.until_ready(another)
        transport = httpx.ASGITransport(app=both(another, stage.web))
        async with httpx.AsyncClient(transport=transport, base_url="http://stage") as stage.http:
            body = here(stage, 34.758) | {"tst": int(stage.now.timestamp()) + 1}
            assert (await stage.owntracks("phone1", key, body)).is_success
            waiting = (await stage.broker.jetstream.stream_info(STREAM)).state.messages
            assert waiting >= 3

            await asyncio.to_thread(own.start)
            await until_answered(stage)
            await stage.worked_off()
            daughter = await stage.sign_in(stage.town.daughter)
            place = (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/position")).json()
            assert 34.758 == place["lat_deg"]


async def test_who_is_not_registered_any_more_is_refused_and_orders_arrive_over_nats(stage: ScaledStage) -> None:
    watch = await stage.connect_watch()
    assert "LK" == await watch.tell("LK,0,0,64")
    daughter = await stage.sign_in(stage.town.daughter)
    command = f"/v1/devices/{stage.town.watch.id}/commands"
    assert (await daughter.post(command, json={"kind": "locate"})).is_success
    assert "CR" == await watch.answer()

    async def is_sent() -> bool:
        return ["sent"] == [one["state"] for one in (await daughter.get(command)).json()["items"]]

    await until(is_sent)

    await stage.write(lambda c: devices.end_device(c, stage.town.watch.id, stage.now))
    async with asyncio.timeout(10):  # What DESIGN promises.
        while True:
            refused = await stage.connect_watch()
            try:
                await refused.tell("LK,0,0,64")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            finally:
                await refused.hang_up()


async def test_an_edge_that_knows_no_register_yet_refuses_nobody(tmp_path: Path) -> None:
    async with running_nats() as server:
        settings = Settings(
            nats=server.url,
            nats_monitoring=server.monitoring,
            detector_secret="s" * 40,
            partitions=4,
            data=str(tmp_path),
        )
        async with scaled.edge(settings) as edge:
            transport = httpx.ASGITransport(app=edge.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://stage") as client:
                ready = await client.get("/health/ready")
                assert {"ready": False, "missing": ["registry"]} == ready.json()
                key = {"Authorization": "Basic eDp5"}
                answer = await client.post("/ingest/owntracks", json={"_type": "lwt", "tst": 1}, headers=key)
                assert 503 == answer.status_code
                assert "retry-after" in answer.headers
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
