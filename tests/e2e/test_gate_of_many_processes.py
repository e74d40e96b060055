"""A boy passes the school gate, with the real commands `edge`, `worker` and `web` around a real NATS and PostgreSQL: the
family hears it at the web; the same batch again changes nothing; who else passed by is in no file of the stream, of the
database and of the logs.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from msgspec import Struct

from app.accounts.model import Account
from app.db.engine import Database
from app.simulator.fcm_standin import FcmStandIn
from tests.broker import NatsServer, line_to, running_nats, until_empty
from tests.build import HOME, PASSWORD, Town, town
from tests.chaos.many import Process, environment
from tests.e2e.passers import items, passers
from tests.e2e.school import heard, registered_detector, registered_tag, taken
from tests.e2e.stage import PATIENCE_S, Receiver
from tests.e2e.test_live_events import events_of, hear
from tests.postgres import PostgresServer
from tests.unit.beacon_ingest.poles import TOWN_UUID
from tests.waiting import until

pytestmark = pytest.mark.postgresql

CROWD = passers(3, seed=4)


class Play(Struct, kw_only=True):
    """Three processes and what is around them; the worker does not run yet."""

    town: Town
    phones: FcmStandIn
    nats: NatsServer
    edge: Process
    worker: Process
    web: Process

    @asynccontextmanager
    async def signed_in(self, account: Account) -> AsyncIterator[httpx.AsyncClient]:
        """The app of somebody at the web."""
        async with httpx.AsyncClient(base_url=self.web.url, timeout=PATIENCE_S) as client:
            answer = await client.post("/v1/sign-in", json={"email": account.email, "password": PASSWORD})
            client.headers["authorization"] = f"Bearer {taken(answer)['token']}"
            yield client

    def pushes(self, account: Account) -> list[str]:
        """The titles of what reached somebody's phone."""
        return [
            push.message["notification"]["title"]
            for push in self.phones.received
            if push.token == f"phone-of-{account.email}"
        ]


@pytest.fixture
async def play(database: Database, where: str, tmp_path: Path) -> AsyncIterator[Play]:
    here = await database.write(lambda c: town(c, datetime.now(UTC) - timedelta(days=1)))
    phones = FcmStandIn()
    phones.start()
    async with AsyncExitStack() as stack:
        stack.callback(phones.stop)
        nats = await stack.enter_async_context(running_nats())
        shared = environment(where, nats, phones, tmp_path, MIMAMORI_LOG_LEVEL="debug")
        edge, worker, web = (Process(name, tmp_path, shared) for name in ("edge", "worker", "web"))
        for one in (edge, worker, web):
            stack.push_async_callback(one.end)
        await asyncio.gather(edge.start(), worker.start(), web.start())
        yield Play(town=here, phones=phones, nats=nats, edge=edge, worker=worker, web=web)


def batch_of(gate: Receiver, seq: int, items: Sequence[Mapping[str, Any]]) -> bytes:
    body = {"detector": gate.external_id, "seq": seq, "sent_at": datetime.now(UTC).isoformat(), "items": items}
    return json.dumps(body).encode()


async def say(edge: httpx.AsyncClient, gate: Receiver, body: bytes) -> Any:
    """What the edge answers to a detector, once it knows it."""
    headers = {"Authorization": f"Bearer {gate.key}"}

    async def answered() -> httpx.Response | None:
        answer = await edge.post("/ingest/gateway", content=body, headers=headers)
        return None if answer.status_code in (401, 503) else answer

    return taken(await until(answered))


async def worked_off(nats: NatsServer) -> None:
    """Waits until the workers have acknowledged all that is in the stream."""
    async with line_to([nats]) as broker:
        await until_empty(broker)


def files(folder: Path, since_s: float) -> Iterator[tuple[Path, bytes]]:
    """What was written in a folder since then."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime >= since_s:
            yield path, path.read_bytes()


def search(folder: Path, since_s: float, ours: bytes) -> None:
    """No passer-by is in any file; that the search finds anything is seen by what is ours."""
    traces = [trace for one in CROWD for trace in one.traces()]
    found_ours = False
    for path, content in files(folder, since_s):
        small = content.lower()
        assert [] == [trace for trace in traces if trace in content or trace in small], path.name
        found_ours = found_ours or ours in content
    assert found_ours, f"{ours!r} in {folder}"


async def test_the_family_hears_it_once_and_nobody_knows_who_else_passed(
    play: Play, database: Database, postgres: PostgresServer, tmp_path: Path
) -> None:
    began_s, daughter = time.time() - 1, play.town.daughter
    async with AsyncExitStack() as stack:
        clerk, family = [await stack.enter_async_context(play.signed_in(one)) for one in (play.town.clerk, daughter)]
        edge = await stack.enter_async_context(httpx.AsyncClient(base_url=play.edge.url, timeout=PATIENCE_S))
        tag_id = await registered_tag(clerk, 2)
        since = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        worn = {"wearer_id": str(play.town.hana.id), "from_at": since}
        taken(await clerk.put(f"/v1/tags/{tag_id}/wearer", json=worn))
        gate = await registered_detector(clerk, "東門")
        answer = await stack.enter_async_context(family.stream("GET", "/v1/events"))
        events = events_of(answer)
        assert "welcome" == (await hear(events))["comment"]
        assert {"accepted": 0, "rejected": []} == await say(edge, gate, batch_of(gate, 1, []))

        async def is_known() -> bool:
            return 'mimamori_registry_known{what="tags"} 1.0' in (await edge.get("/metrics")).text

        await until(is_known)
        assert 0 == await play.worker.end(15)  # What waits in the stream can be looked for then.

        at = datetime.now(UTC).replace(microsecond=0)
        strangers = [item for one in CROWD for item in items(one)]
        batch = batch_of(gate, 2, [heard(at - timedelta(seconds=3)), *strangers, heard()])
        told = await say(edge, gate, batch)
        search(play.nats.store, began_s, tag_id.encode())
        await play.worker.start()

        event = await hear(events)
        assert ("place", f'{{"wearer":"{play.town.hana.id}"}}') == (event["event"], event["data"])
        place = taken(await family.get(f"/v1/wearers/{play.town.hana.id}/position"))
        assert (HOME.lat_deg, "detector") == (place["lat_deg"], place["known_by"])

        for _ in range(2):
            assert told == await say(edge, gate, batch)
        await worked_off(play.nats)
        (passage,) = taken(await clerk.get(f"/v1/detectors/{gate.id}/passages"))["items"]
        assert 2 == passage["moments"]
        health = taken(await clerk.get(f"/v1/detectors/{gate.id}/health"))
        assert (2, 5 * len(CROWD)) == (health["sightings"], health["strangers"])
        await until(lambda: play.pushes(daughter))
        assert ["ハナさんが東門を通過しました"] == [one.partition("（")[0] for one in play.pushes(daughter)]

    assert [0, 0, 0] == [await one.end(15) for one in (play.edge, play.worker, play.web)]
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("CHECKPOINT"))
    search(postgres.folder, began_s, UUID(tag_id).bytes)
    search(postgres.folder, began_s, f"{TOWN_UUID}/1/2".encode())
    search(tmp_path, began_s, b"/v1/detectors/{detector_id}/health")
    assert 1 == len(play.pushes(daughter))
    for name in ("edge", "worker", "web"):
        lines = [json.loads(line) for line in (tmp_path / f"{name}.log").read_text(encoding="utf-8").splitlines()]
        assert all({"event", "level", "timestamp"} <= one.keys() for one in lines)
        assert "ready" in [one["event"] for one in lines]
