"""The stream over NATS JetStream: a unit is durable when the stream has acknowledged it, by its quorum and on disk
(`sync_interval: always` in the server's configuration; the operations page says what rests on it).

What was worked on leaves the stream (work queue), so that a full stream means that the workers are behind: it refuses
what is new (`discard: new`) and forgets nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import nats.errors
import nats.js.errors
import structlog
from msgspec import Raw, Struct
from nats.js import api

from beacon_ingest.broker import Broker, Disconnected, Unfit
from beacon_ingest.messages import DetectorUnit, Unit
from beacon_ingest.partitions import Part, Subjects, parts_of
from beacon_ingest.stream import StreamFull

log = structlog.get_logger()

STREAM: Final = "MIMAMORI"
SUBJECTS: Final = "mimamori.units.*"
PUBLISH_S: Final = 15.0
"""A cluster that lost a node was seen to take nothing for 6.7 s: giving up sooner would make every device repeat."""
DUPLICATES_S: Final = 120.0
"""How long the stream itself recognises a repeat; the database does so for days."""
RETRY_AFTER_S: Final = 5

_encode = msgspec.msgpack.encode


class Envelope(Struct, frozen=True, array_like=True):
    """A unit as it travels. What is outside says whose it is also when a reader does not understand what is inside."""

    city: int
    device_id: UUID
    format: str
    received_at: datetime
    of_detector: bool
    unit: Raw


_open_envelope = msgspec.msgpack.Decoder(Envelope).decode
_open_unit = msgspec.msgpack.Decoder(Unit).decode
_open_detector_unit = msgspec.msgpack.Decoder(DetectorUnit).decode


def subject_of(partition: int) -> str:
    """The NATS subject of a partition."""
    return f"mimamori.units.{partition}"


def consumer_of(partition: int) -> str:
    """The name of the consumer from which whoever holds a partition takes its units."""
    return f"partition-{partition}"


def packed(unit: Unit | DetectorUnit) -> bytes:
    """A unit as it travels."""
    of_detector = isinstance(unit, DetectorUnit)
    return _encode(Envelope(unit.city, unit.device_id, unit.format, unit.received_at, of_detector, Raw(_encode(unit))))


def envelope_of(payload: bytes) -> Envelope:
    """What came out of the stream. Raises `msgspec.MsgspecError`."""
    return _open_envelope(payload)


def unpacked(envelope: Envelope) -> Unit | DetectorUnit:
    """The unit inside. Raises `msgspec.MsgspecError`: a newer edge may say what this version does not know."""
    return _open_detector_unit(envelope.unit) if envelope.of_detector else _open_unit(envelope.unit)


class StreamPlan(Struct, frozen=True, kw_only=True):
    """How the stream is to be. `bytes_max` is how much may wait for the workers."""

    partitions: int
    replicas: int
    bytes_max: int

    async def prepare(self, broker: Broker) -> None:
        """Makes the stream, or sees that the one that is there is as it must be; how much it holds is set anew. Raises
        `Unfit`, `nats.errors.Error`.
        """
        jetstream = broker.management
        try:
            info = await jetstream.stream_info(STREAM)
        except nats.js.errors.NotFoundError:
            info = await jetstream.add_stream(self._config())
        before = (info.config.metadata or {}).get("partitions")
        if before != str(self.partitions) and info.state.messages:
            raise Unfit(
                f"The stream has {before} partitions and {info.state.messages} units in it; let the workers empty it "
                "before the setting `partitions` is changed."
            )
        if wrong := self.unlike(info.config):
            raise Unfit(f"The stream {STREAM} must have {', '.join(wrong)}.")
        if before != str(self.partitions) or info.config.max_bytes != self.bytes_max:
            await jetstream.update_stream(self._config())

    def unlike(self, config: api.StreamConfig) -> Sequence[str]:
        """What acknowledged units rest on and this stream is not."""
        wanted: dict[str, bool] = {
            "storage: file": config.storage == api.StorageType.FILE,
            "discard: new": config.discard == api.DiscardPolicy.NEW,
            "retention: workqueue": config.retention == api.RetentionPolicy.WORK_QUEUE,
            "no max_age": not config.max_age,
            "no max_msgs_per_subject": config.max_msgs_per_subject in (None, -1),
            "acknowledgements": not config.no_ack,
            "persist_mode: default": config.persist_mode != api.PersistMode.ASYNC,
            f"{self.replicas} replicas": (config.num_replicas or 1) >= self.replicas,
        }
        return [name for name, holds in wanted.items() if not holds]

    def _config(self) -> api.StreamConfig:
        return api.StreamConfig(
            name=STREAM,
            description="Units from the edges that wait for the workers",
            subjects=[SUBJECTS],
            retention=api.RetentionPolicy.WORK_QUEUE,
            storage=api.StorageType.FILE,
            discard=api.DiscardPolicy.NEW,
            max_bytes=self.bytes_max,
            num_replicas=self.replicas,
            duplicate_window=DUPLICATES_S,
            metadata={"partitions": str(self.partitions)},
        )


class JetStream:
    """The edge's stream, scaled. `queue_max` is how many units may wait for their acknowledgement here."""

    carried: Callable[[], Mapping[str, str]] | None = None
    """More headers for what is published now: where it comes from, for traces."""

    def __init__(
        self, broker: Broker, subjects: Subjects, *, partitions: int, queue_max: int, timeout_s: float = PUBLISH_S
    ) -> None:
        self._broker, self._subjects, self._partitions = broker, subjects, partitions
        self._queue_max, self._timeout_s = queue_max, timeout_s
        self._waiting = 0

    async def publish(self, unit: Unit | DetectorUnit) -> None:
        """Done when every part is durable. Raises `StreamFull` when one may not be: all of it must come again, and what
        was taken already is recognised.
        """
        if self._waiting >= self._queue_max:
            raise StreamFull(RETRY_AFTER_S)
        self._waiting += 1
        try:
            parts = parts_of(unit, self._subjects, self._partitions)
            if len(parts) == 1:
                await self._send(parts[0])
                return
            ends = await asyncio.gather(*map(self._send, parts), return_exceptions=True)
            for end in ends:
                if isinstance(end, BaseException):
                    raise end
        finally:
            self._waiting -= 1

    async def _send(self, part: Part) -> None:
        headers: dict[str, Any] = {api.Header.MSG_ID.value: part.unit.ingest_ids[0].hex()}
        if self.carried is not None:
            headers.update(self.carried())
        try:
            publishing = self._broker.jetstream.publish(
                subject_of(part.partition), packed(part.unit), timeout=self._timeout_s, stream=STREAM, headers=headers
            )
            await self._broker.unbroken(publishing)
            self._broker.answered()
        except nats.errors.MaxPayloadError:  # It will be so for ever: not the stream is full, the unit is too large.
            raise
        except Disconnected:  # The broker said so once; each device hears it with its answer.
            raise StreamFull(RETRY_AFTER_S) from None
        except nats.js.errors.APIError as error:  # It is full, or it says what else is wrong with it.
            self._broker.answered()
            log.warning("not_published", error=type(error).__name__, partition=part.partition)
            raise StreamFull(RETRY_AFTER_S) from None
        except (nats.errors.Error, TimeoutError, OSError) as error:
            waited_s = self._timeout_s if isinstance(error, TimeoutError) else 0.0
            if await self._broker.unanswered(waited_s):  # The first says it for all that follow.
                log.warning("not_published", error=type(error).__name__, partition=part.partition)
            raise StreamFull(RETRY_AFTER_S) from None
