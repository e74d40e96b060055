"""What waits in the stream: how much of each partition, and for how long the oldest of it.

Ages are by the clock of the NATS servers alone, which stamped the units and says what time it is.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
import nats.js.errors
from msgspec import Struct, field
from nats.aio.client import Client
from nats.js.client import JetStreamContext

from beacon_ingest.broker import API_S
from beacon_ingest.jetstream import STREAM, SUBJECTS, consumer_of, subject_of
from beacon_ingest.stream import Backlog, Lag

_AT_ONCE: Final = 16
"""Questions to the servers at one time."""


class _Configuration(Struct):
    max_bytes: int = -1


class _State(Struct):
    bytes: int = 0
    subjects: Mapping[str, int] = field(default_factory=dict)


class _Error(Struct):
    description: str = ""


class _Info(Struct):
    """The part of the answer of `$JS.API.STREAM.INFO` that is looked at; the client library leaves `ts` out."""

    ts: datetime | None = None
    config: _Configuration = field(default_factory=_Configuration)
    state: _State = field(default_factory=_State)
    error: _Error | None = None


async def backlog_of(client: Client, partitions: int) -> Backlog:
    """What waits now. Raises `nats.errors.Error`, `TimeoutError`."""
    jetstream = JetStreamContext(client, timeout=API_S)
    question = msgspec.json.encode({"subjects_filter": SUBJECTS})
    answer = await client.request(f"$JS.API.STREAM.INFO.{STREAM}", question, timeout=API_S)
    info = msgspec.json.decode(answer.data, type=_Info)
    if info.error is not None or info.ts is None:
        raise nats.js.errors.Error(info.error.description if info.error else "an answer without a time")
    now, room = info.ts, asyncio.Semaphore(_AT_ONCE)

    async def lag(partition: int) -> Lag:
        waiting = info.state.subjects.get(subject_of(partition), 0)
        if not waiting:
            return Lag(partition=partition)
        async with room:
            oldest_s = await _oldest_s(jetstream, partition, now)
            return Lag(
                partition=partition, waiting=waiting, in_hand=await _in_hand(jetstream, partition), oldest_s=oldest_s
            )

    lags = await asyncio.gather(*map(lag, range(partitions)))
    return Backlog(lags=tuple(lags), bytes=info.state.bytes, bytes_max=info.config.max_bytes)


async def _oldest_s(jetstream: JetStreamContext, partition: int, now: datetime) -> float:
    """The age of the first unit of a partition: what was worked on is no longer in the stream."""
    try:
        first = await jetstream.get_msg(STREAM, seq=1, subject=subject_of(partition), next=True)
    except nats.js.errors.NotFoundError:  # It was worked on meanwhile.
        return 0.0
    return 0.0 if first.time is None else max(0.0, (now - first.time).total_seconds())


async def _in_hand(jetstream: JetStreamContext, partition: int) -> int:
    try:
        return (await jetstream.consumer_info(STREAM, consumer_of(partition))).num_ack_pending or 0
    except nats.js.errors.NotFoundError:  # No worker was ever at it.
        return 0
