"""What the doctor sees of NATS: each server, the stream, what waits in it, and whether anybody works on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import api
from nats.js.client import JetStreamContext
from sqlalchemy.engine import Connection

from app.care import findings
from app.care.audit import UNHELD_AFTER
from app.care.findings import Finding, How
from app.care.service.around import plan_of, servers_of
from app.config import Settings
from app.db import leases
from app.worker import name_of
from beacon_ingest import bucket
from beacon_ingest.backlog import backlog_of
from beacon_ingest.broker import API_S, Unfit, must_be_fit
from beacon_ingest.jetstream import STREAM
from beacon_ingest.monitoring import servers_at

_TROUBLE = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError, ValueError)


def look(settings: Settings) -> list[Finding]:
    """Everything about NATS that can be seen from this machine. Changes nothing."""

    async def looked() -> list[Finding]:
        return [finding async for finding in _look(settings)]

    return asyncio.run(looked())


def workers(connection: Connection, settings: Settings) -> Finding:
    """Whether each partition has a worker, by their leases."""
    names = [name_of(number) for number in range(settings.partitions)]
    unheld = leases.unheld(connection, names, UNHELD_AFTER.total_seconds())
    there = leases.present(connection, "worker/")
    if unheld:
        text = f"{there} there, {unheld} of {settings.partitions} partitions have had none for a minute"
        return Finding("workers", How.BAD, text, "start mimamori worker; its log says why it takes no partition")
    return Finding("workers", How.GOOD, f"{there} there, all {settings.partitions} partitions have one")


async def _look(settings: Settings) -> AsyncIterator[Finding]:
    servers = servers_of(settings)
    if settings.replicas == 1:
        several = "you have several servers: " if len(servers) > 1 else ""
        remedy = f"{several}with three servers and MIMAMORI_REPLICAS=3 the loss of one disk loses nothing"
        yield Finding("replicas", How.NOTE, "what waits for the workers is on one disk only", remedy)
    line: Client | None = None
    for url in servers:
        client, finding = await _server(url)
        yield finding
        if client is not None and line is None:
            line = client
        elif client is not None:
            await client.close()
    holders: Sequence[str] = ()
    if line is not None:
        try:
            info = await JetStreamContext(line, timeout=API_S).stream_info(STREAM)
            holders = _holders(info)
            for finding in of_stream(info, settings):
                yield finding
            yield findings.of_backlog(await backlog_of(line, settings.partitions))
            yield await _bucket(line, settings)
        except nats.js.errors.NotFoundError:
            yield Finding(
                "stream", How.BAD, f"there is no stream {STREAM}", "start mimamori edge or worker: it makes it"
            )
        except _TROUBLE as error:
            remedy = "see the logs of the NATS servers: a cluster without a majority answers nobody"
            yield Finding("stream", How.BAD, f"it cannot be seen: {type(error).__name__}", remedy)
        finally:
            await line.close()
    async for finding in _syncing(settings, holders):
        yield finding


async def _server(url: str) -> tuple[Client | None, Finding]:
    """A line to one server and how it is; no line if it cannot be used."""
    about, client = f"nats {_place(url)}", Client()

    async def ignore(_error: Exception) -> None:
        pass

    try:
        async with asyncio.timeout(API_S):
            await client.connect(
                [url],
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=int(API_S),
                error_cb=ignore,
            )
        must_be_fit(client)
    except Unfit as error:
        await client.close()
        return None, Finding(about, How.BAD, str(error), "install a newer nats-server, or change its configuration")
    except _TROUBLE as error:
        remedy = "start it, or see MIMAMORI_NATS and the network: devices get 503 while no server answers"
        return None, Finding(about, How.BAD, f"it cannot be reached: {type(error).__name__}", remedy)
    version = client.connected_server_version
    return client, Finding(about, How.GOOD, f"version {version.major}.{version.minor}.{version.patch}")


async def _bucket(line: Client, settings: Settings) -> Finding:
    """Whether the register from which edges start is there, on as many servers as the stream."""
    try:
        info = await JetStreamContext(line, timeout=API_S).stream_info(bucket.STREAM)
    except nats.js.errors.NotFoundError:
        remedy = "start mimamori worker: it makes it; until then an edge that starts answers 503"
        return Finding("register", How.BAD, f"there is no bucket {bucket.BUCKET}", remedy)
    replicas = info.config.num_replicas or 1
    if replicas < settings.replicas:
        remedy = "start mimamori worker with MIMAMORI_REPLICAS as here: it sets them"
        return Finding("register", How.BAD, f"it has {replicas} replicas instead of {settings.replicas}", remedy)
    return Finding("register", How.GOOD, f"{info.state.messages} parts, {replicas} replicas")


def _place(url: str) -> str:
    """Where a server is, without the secrets that may be in its URL."""
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        return str(parts.hostname) if parts.port is None else f"{parts.hostname}:{parts.port}"
    except ValueError:
        return "(no URL)"


def _holders(info: api.StreamInfo) -> Sequence[str]:
    """The servers that hold the stream."""
    if info.cluster is None:
        return ()
    return [one for one in (info.cluster.leader, *(peer.name for peer in info.cluster.replicas or ())) if one]


def of_stream(info: api.StreamInfo, settings: Settings) -> Sequence[Finding]:
    """Whether the stream is as the settings say, and whole."""
    found = []
    if unlike := plan_of(settings).unlike(info.config):
        remedy = "acknowledged units rest on that: set it with `nats stream edit MIMAMORI`"
        found.append(Finding("stream", How.BAD, f"it must have {', '.join(unlike)}", remedy))
    there = (info.config.metadata or {}).get("partitions")
    if there != str(settings.partitions):
        text = f"it has {there} partitions, the setting says {settings.partitions}"
        remedy = "give all processes the same MIMAMORI_PARTITIONS; it changes only while the stream is empty"
        found.append(Finding("stream", How.BAD, text, remedy))
    peers = (info.cluster.replicas if info.cluster else None) or []
    if behind := sorted(peer.name or "?" for peer in peers if peer.offline or not peer.current):
        remedy = "start these servers and let them catch up: until then one more that fails stops everything"
        found.append(Finding("stream", How.BAD, f"these replicas are behind or gone: {', '.join(behind)}", remedy))
    return found or [Finding("stream", How.GOOD, f"{info.config.num_replicas or 1} replicas, {there} partitions")]


async def _syncing(settings: Settings, holders: Sequence[str]) -> AsyncIterator[Finding]:
    """Whether each server is seen to sync before it acknowledges."""
    seen = await servers_at(settings.nats_monitoring)
    for server in seen:
        about = f"nats monitoring {_place(server.url)}"
        if server.trouble:
            remedy = "see MIMAMORI_NATS_MONITORING and `http:` in the configuration of the server"
            yield Finding(about, How.BAD, f"it cannot be seen: {server.trouble}", remedy)
        elif not server.syncs:
            remedy = "set `sync_interval: always` in its block `jetstream` and restart it: a power cut would lose data"
            yield Finding(about, How.BAD, "it acknowledges what is not on its disk", remedy)
        else:
            yield Finding(about, How.GOOD, "every write is synced to the disk")
    unseen = sorted(set(holders) - {server.name for server in seen})
    if unseen or not seen:
        whose = f" of {', '.join(unseen)}" if unseen else ""
        remedy = "name the monitoring of every server in MIMAMORI_NATS_MONITORING"
        yield Finding("nats monitoring", How.BAD, f"nobody sees whether the writes{whose} are synced", remedy)
