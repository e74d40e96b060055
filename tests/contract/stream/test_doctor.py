"""The doctor on an installation of many processes: one that is well, and one for each thing that can be wrong."""

import asyncio
import signal
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from nats.js import api

from app.care.findings import Finding, How, of_backlog
from app.care.service import streaming
from app.care.service.looking import look
from app.cli import main
from app.config import Settings
from app.db import leases
from app.db.engine import Database
from app.db.tables import lease
from app.jobs import come_up
from app.kit.ids import new_id
from app.worker import name_of
from beacon_ingest import bucket
from beacon_ingest.broker import Broker
from beacon_ingest.bucket import BucketPlan
from beacon_ingest.jetstream import STREAM
from beacon_ingest.stream import Backlog, Lag
from tests.broker import PARTITIONS, NatsServer, running_nats
from tests.build import NOW
from tests.contract.stream.crew import stream_of
from tests.contract.stream.units import a_unit

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def settings(where: str, database: Database, server: NatsServer, broker: Broker, tmp_path: Path) -> Settings:
    """An installation that is well: a worker that holds all partitions, and a stream."""

    def begin(connection: sa.Connection) -> None:
        come_up(connection, NOW)
        names = [name_of(number) for number in range(PARTITIONS)]
        leases.prepare(connection, names)
        leases.take(connection, names, new_id(), 600, PARTITIONS)
        leases.announce(connection, "worker/x", new_id(), 600)

    await database.write(begin)
    await BucketPlan(replicas=1).prepare(broker)
    (tmp_path / "fcm.json").write_text("{}")
    return Settings(
        data=str(tmp_path / "nowhere"), database=where, nats=server.url, nats_monitoring=server.monitoring,
        partitions=PARTITIONS, stream_bytes_max=64 * 1024 * 1024, detector_secret="s" * 40,
        fcm_credentials=str(tmp_path / "fcm.json"), public_url="https://mimamori.example.jp",
    )  # fmt: skip


async def found(settings: Settings, **changes: object) -> list[Finding]:
    changed = msgspec.structs.replace(settings, **changes)
    return await asyncio.to_thread(look, changed, NOW)


async def wrong(settings: Settings, **changes: object) -> list[tuple[str, str]]:
    """What is said to be wrong, and how it is said."""
    return [(one.about, one.text) for one in await found(settings, **changes) if one.how is How.BAD]


async def test_nothing_is_wrong_with_one_that_is_well(settings: Settings, broker: Broker) -> None:
    await stream_of(broker).publish(a_unit())
    seen = {one.about.partition(" ")[0]: one.text for one in await found(settings) if one.how is How.GOOD}
    assert [] == await wrong(settings)
    assert "1 there, all 4 partitions have one" == seen["workers"]
    assert seen["backlog"].startswith("1 units wait, the oldest for 0 s in partition")
    assert f"1 replicas, {PARTITIONS} partitions" == seen["stream"]
    assert {"nats", "tables", "service"} <= seen.keys()


async def test_a_server_that_cannot_be_reached_is_named_without_its_secrets(
    settings: Settings, server: NatsServer
) -> None:
    host = server.url.removeprefix("nats://")
    await server.end(signal.SIGKILL)
    said = await wrong(settings, nats=f"nats://user:secret@{host}")
    assert [f"nats {host}", "nats monitoring"] == [about.replace(f" {server.monitoring[7:]}", "") for about, _ in said][
        :2
    ]
    assert "secret" not in str(said)


async def test_a_server_that_does_not_sync_is_told(settings: Settings, broker: Broker) -> None:
    async with running_nats(sync_interval="2m") as careless:
        said = await wrong(settings, nats_monitoring=f"{settings.nats_monitoring},{careless.monitoring}")
    assert ["it acknowledges what is not on its disk"] == [text for _, text in said]


async def test_a_server_whose_sync_nobody_sees_is_told(settings: Settings, broker: Broker) -> None:
    ((about, text),) = await wrong(settings, nats_monitoring="")
    assert ("nats monitoring", True) == (about, text.startswith("nobody sees whether the writes of "))


async def test_a_stream_that_is_not_there_is_told(settings: Settings, broker: Broker) -> None:
    await broker.jetstream.delete_stream(STREAM)
    assert [("stream", f"there is no stream {STREAM}")] == await wrong(settings)


async def test_a_register_that_is_not_there_is_told(settings: Settings, broker: Broker) -> None:
    await broker.jetstream.delete_stream(bucket.STREAM)
    assert [("register", "there is no bucket mimamori-registry")] == await wrong(settings)


async def test_where_there_are_only_edges_nothing_is_said_of_what_they_do_not_need(
    settings: Settings, broker: Broker
) -> None:
    seen = await found(settings, database="", fcm_credentials=None, public_url=None)
    assert [] == [one.about for one in seen if one.how is How.BAD]
    assert {"database", "stream", "backlog", "register"} <= {one.about for one in seen}


async def test_a_stream_that_would_lose_something_is_told(settings: Settings, broker: Broker) -> None:
    config = (await broker.jetstream.stream_info(STREAM)).config
    await broker.jetstream.update_stream(config.evolve(discard=api.DiscardPolicy.OLD))
    assert [
        ("register", "it has 1 replicas instead of 3"),
        ("stream", f"it has {PARTITIONS} partitions, the setting says 8"),
        ("stream", "it must have discard: new, 3 replicas"),
        ("workers", "1 there, 4 of 8 partitions have had none for a minute"),
    ] == sorted(await wrong(settings, replicas=3, partitions=8))


async def test_partitions_without_a_worker_are_told(settings: Settings, database: Database) -> None:
    long_ago = sa.func.now() - sa.text("interval '2 minutes'")
    await database.write(lambda c: c.execute(sa.update(lease).values(ends_at=long_ago)))
    assert [("workers", "0 there, 4 of 4 partitions have had none for a minute")] == await wrong(settings)


async def test_replicas_that_are_gone_or_behind_are_told(settings: Settings, broker: Broker) -> None:
    info = await broker.jetstream.stream_info(STREAM)
    peers = [api.PeerInfo(name="b", current=True), api.PeerInfo(name="c", current=True, offline=True)]
    info.cluster = api.ClusterInfo(leader="a", replicas=[*peers, api.PeerInfo(name="d", current=False)])
    (finding,) = streaming.of_stream(info, settings)
    assert (How.BAD, "these replicas are behind or gone: c, d") == (finding.how, finding.text)


def test_a_backlog_that_is_old_or_fills_the_stream_is_told() -> None:
    def how(oldest_s: float, size: int) -> How:
        return of_backlog(
            Backlog(lags=(Lag(partition=0, waiting=1, oldest_s=oldest_s),), bytes=size, bytes_max=100)
        ).how

    assert [How.GOOD, How.BAD, How.BAD] == [how(120, 50), how(121, 0), how(0, 51)]


async def test_the_command_fails_when_something_is_wrong_with_nats(
    settings: Settings, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data", "database", "nats", "nats_monitoring", "partitions", "detector_secret"):
        monkeypatch.setenv(f"MIMAMORI_{name.upper()}", str(getattr(settings, name)))
    await server.end(signal.SIGKILL)
    answer = await asyncio.to_thread(CliRunner().invoke, main, ["doctor"])
    assert 1 == answer.exit_code
    assert "devices get 503 while no server answers" in answer.output
