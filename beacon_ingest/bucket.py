"""The bucket of NATS KV that holds the register in shards, and whoever watches it.

A write says which revision it has seen (compare-and-set of JetStream), so that who writes late loses against who read
later; each value says its version as well.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec
import nats.errors
import nats.js.errors
import structlog
from msgspec import Struct
from nats.aio.msg import Msg
from nats.js import api

from beacon_ingest.broker import API_S, TROUBLE, Broker, Disconnected
from beacon_ingest.jetstream import PUBLISH_S
from beacon_ingest.shards import Register, open_head, open_shard

log = structlog.get_logger()

BUCKET: Final = "mimamori-registry"
STREAM: Final = f"KV_{BUCKET}"
HEAD: Final = "head"
VERSION: Final = "Mimamori-Version"
_PREFIX: Final = f"$KV.{BUCKET}."

BATCH: Final = 64
IDLE_S: Final = 2.0
"""How long one question for changes waits at the server; a bucket that was made anew is noticed after it."""
GONE_S: Final = 60.0
"""The server forgets whoever has not asked for so long."""
PAUSE_S: Final = 1.0
_WRONG_REVISION: Final = frozenset({10071, 10164})


class Value(Struct, frozen=True):
    """What is in the bucket under a key; version 0 for what was deleted. `body` is empty where only headers came."""

    key: str
    revision: int
    version: int
    body: bytes


class _Leaderless(nats.errors.Error):
    """The server told what it last knew of the bucket: it sees nobody who leads it now."""


class BucketPlan(Struct, frozen=True, kw_only=True):
    """How the bucket is to be."""

    replicas: int

    async def prepare(self, broker: Broker) -> api.StreamInfo:
        """The bucket, made if it is not there. Raises `nats.errors.Error`."""
        jetstream = broker.management
        try:
            info = await jetstream.stream_info(STREAM)
        except nats.js.errors.NotFoundError:
            await jetstream.create_key_value(
                bucket=BUCKET, description="Who may speak and which tags exist, for the edges", history=1,
                replicas=self.replicas, storage=api.StorageType.FILE,
            )  # fmt: skip
            info = await jetstream.stream_info(STREAM)
        if (info.config.num_replicas or 1) != self.replicas:
            info = await jetstream.update_stream(info.config.evolve(num_replicas=self.replicas))
        return info


async def put(broker: Broker, key: str, version: int, body: bytes, seen: int) -> int | None:
    """The revision of the new value; None when there is another one than the revision `seen` (0: none).

    Raises `Disconnected`, `nats.errors.Error`, `TimeoutError`: then it may be there, or come to be there still, unless
    somebody else was quicker.
    """
    headers = {api.Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(seen), VERSION: str(version)}
    try:
        publishing = broker.jetstream.publish(_PREFIX + key, body, timeout=PUBLISH_S, stream=STREAM, headers=headers)
        return (await broker.unbroken(publishing)).seq
    except nats.js.errors.APIError as error:
        if error.err_code in _WRONG_REVISION:
            return None
        raise


class Watcher:
    """Tells `take` of every value in the bucket, each again when it changes, in the order of the changes; and `lost`
    when it begins again because the bucket is another one.
    """

    def __init__(
        self, broker: Broker, take: Callable[[Value], None], *, bodies: bool, lost: Callable[[], None] = lambda: None
    ) -> None:
        self._broker, self._take, self._bodies, self._lost = broker, take, bodies, lost
        self._made: datetime | None = None
        self._last = 0
        self._task: asyncio.Task[None] | None = None
        self.whole = asyncio.Event()
        """Set when all was told that was in the bucket when it was first looked at."""

    def start(self) -> None:
        """Begins on the running event loop."""
        self._task = asyncio.create_task(self._run(), name="mimamori-registry")

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def again(self) -> None:
        """Forgets what was seen and tells all of it anew."""
        await self.stop()
        self.whole.clear()
        self._made = None
        self.start()

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
                continue
            except nats.js.errors.NotFoundError:  # Nobody has made it yet, or somebody has deleted it.
                pass
            except TROUBLE as error:
                log.warning("registry_not_followed", error=type(error).__name__)
                if not isinstance(error, Disconnected):  # Our server may be cut off from all others, and may say so.
                    await self._broker.unanswered(API_S if isinstance(error, TimeoutError) else 0.0)
            await asyncio.sleep(PAUSE_S)

    async def _follow(self) -> None:
        """Tells of what is there and what comes, until something breaks it or did not come."""
        jetstream = self._broker.jetstream
        info = await self._info()
        if info.created != self._made or info.state.last_seq < self._last:
            self._made, self._last = info.created, 0
            self.whole.clear()
            self._lost()
        consumer = await jetstream.add_consumer(STREAM, self._config())
        if not consumer.num_pending:
            self._last = max(self._last, info.state.last_seq)
            self.whole.set()
        pull = await jetstream.pull_subscribe_bind(consumer.name, STREAM)
        expected = 1
        try:
            while True:
                try:
                    messages = await self._broker.unbroken(pull.fetch(BATCH, timeout=IDLE_S))
                except TimeoutError:  # Nothing comes: is there nothing, or does it not come to us?
                    await pull.consumer_info()
                    info = await self._info()
                    if info.created != self._made or info.state.last_seq != self._last:
                        return
                    continue
                expected = await self._tell(messages, expected)
        finally:
            with suppress(*TROUBLE):  # The line may be gone, and the subscription with it.
                await pull.unsubscribe()

    async def _info(self) -> api.StreamInfo:
        """The bucket as those have it who agree. A server that is cut off goes on telling of it as it was (nats-server
        2.14; seen for a minute), and so do its consumers that are nowhere else.
        """
        info = await self._broker.jetstream.stream_info(STREAM)
        if info.cluster is not None and not info.cluster.leader:
            raise _Leaderless
        return info

    async def _tell(self, messages: Sequence[Msg], expected: int) -> int:
        for message in messages:
            place = message.metadata
            if place.sequence.consumer != expected:  # The line broke, and something that was sent did not come.
                raise Disconnected
            expected += 1
            self._last = place.sequence.stream
            self._take(_value(message))
            if not place.num_pending:
                self.whole.set()
            await asyncio.sleep(0)  # A large register comes in thousands; devices wait meanwhile.
        return expected

    def _config(self) -> api.ConsumerConfig:
        fresh = not self._last
        return api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.LAST_PER_SUBJECT if fresh else api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=None if fresh else self._last + 1,
            ack_policy=api.AckPolicy.NONE,
            filter_subject=_PREFIX + ">",
            headers_only=not self._bodies,
            inactive_threshold=GONE_S,
            num_replicas=1,
            mem_storage=True,
        )


def _value(message: Msg) -> Value:
    headers: dict[str, Any] = message.headers or {}
    version = headers.get(VERSION, "0")
    return Value(
        key=message.subject.removeprefix(_PREFIX),
        revision=message.metadata.sequence.stream,
        version=int(version) if version.isdecimal() else 0,
        body=message.data,
    )


def follower(broker: Broker, register: Register) -> Watcher:
    """Whoever keeps a register as the bucket says."""

    def take(value: Value) -> None:
        if not value.body:  # Somebody deleted it. What is registered does not end by that.
            return
        try:
            if value.key == HEAD:
                register.take_head(open_head(value.body))
            else:
                register.take(int(value.key), open_shard(value.body))
        except (msgspec.MsgspecError, ValueError) as error:
            log.error("registry_not_understood", key=value.key, error=type(error).__name__)

    return Watcher(broker, take, bodies=True)
