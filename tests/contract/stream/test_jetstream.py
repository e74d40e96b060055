"""The stream over a real nats-server: acknowledged is in it, and what is not in it is not acknowledged."""

import asyncio
import signal
from collections import Counter
from uuid import UUID

import msgspec
import nats.js.errors
import pytest
from nats.js import api

from beacon_ingest import jetstream
from beacon_ingest.broker import Broker, Unfit
from beacon_ingest.jetstream import STREAM, JetStream, StreamPlan, envelope_of, packed, subject_of, unpacked
from beacon_ingest.messages import DetectorUnit, Unit
from beacon_ingest.partitions import Subjects, partition_of
from beacon_ingest.stream import StreamFull
from tests.broker import PARTITIONS, PATIENCE_S, NatsServer, connected, running_nats
from tests.contract.stream.units import a_detector_unit, a_unit
from tests.waiting import until


def stream_of(broker: Broker, *, timeout_s: float = 5.0, queue_max: int = 1000) -> JetStream:
    return JetStream(broker, Subjects(), partitions=PARTITIONS, queue_max=queue_max, timeout_s=timeout_s)


async def stored(broker: Broker) -> list[Unit | DetectorUnit]:
    state = (await broker.jetstream.stream_info(STREAM)).state
    payloads = [(await broker.jetstream.get_msg(STREAM, n)).data for n in range(1, state.last_seq + 1)]
    return [unpacked(envelope_of(payload or b"")) for payload in payloads]


async def test_what_was_acknowledged_is_in_the_stream_also_after_a_kill(server: NatsServer, broker: Broker) -> None:
    stream = stream_of(broker)
    units = [a_unit(n, device=n) for n in range(40)]
    await asyncio.gather(*map(stream.publish, units))
    await server.end(signal.SIGKILL)
    await server.start()

    async with connected(server) as again:
        assert units == sorted(await stored(again), key=lambda one: one.received_at)
        found = await again.jetstream.stream_info(STREAM, subjects_filter=">")
        wanted = Counter(subject_of(partition_of(UUID(int=n), PARTITIONS)) for n in range(40))
        assert wanted == found.state.subjects


async def test_a_detectors_unit_is_acknowledged_when_all_parts_are(broker: Broker) -> None:
    await stream_of(broker).publish(a_detector_unit(*range(1, 30)))

    own, *shares = sorted(await stored(broker), key=lambda one: isinstance(one, DetectorUnit) and one.share)
    assert isinstance(own, DetectorUnit)
    assert (29, 3) == (own.report.sightings, own.report.strangers)
    assert list(range(1, 30)) == sorted(
        tag.tag.int for one in shares if isinstance(one, DetectorUnit) for tag in one.tags
    )
    assert PARTITIONS == len(shares)


async def test_a_repeat_is_acknowledged_and_stored_once(broker: Broker) -> None:
    stream = stream_of(broker)
    for _ in range(3):
        await stream.publish(a_unit())
        await stream.publish(a_detector_unit(1, 2))

    names = [one.ingest_ids for one in await stored(broker)]
    assert len(names) == len(set(names))
    assert 1 + 1 + len({partition_of(UUID(int=n), PARTITIONS) for n in (1, 2)}) == len(names)


async def test_a_full_stream_takes_nothing_new_and_forgets_nothing(server: NatsServer) -> None:
    async with connected(server, bytes_max=4096) as broker:
        stream = stream_of(broker)
        ends = [await asyncio.gather(stream.publish(a_unit(n)), return_exceptions=True) for n in range(40)]
        taken = [a_unit(n) for n, (end,) in enumerate(ends) if end is None]

        assert {type(None), StreamFull} == {type(end) for (end,) in ends}
        assert len(taken) > 3
        assert taken == await stored(broker)


async def test_a_server_that_hangs_is_waited_for_and_then_it_is_full(server: NatsServer, broker: Broker) -> None:
    assert jetstream.PUBLISH_S >= 15
    server.send(signal.SIGSTOP)
    with pytest.raises(StreamFull) as full:
        await stream_of(broker, timeout_s=0.2).publish(a_unit())
    assert full.value.retry_after_s > 0

    server.send(signal.SIGCONT)
    await stream_of(broker).publish(a_unit())  # It may have been taken after all: the repeat is recognised.
    assert [a_unit()] == await stored(broker)


async def test_without_a_line_nobody_waits(server: NatsServer, broker: Broker) -> None:
    await server.end()
    await until(lambda: not broker.connected)
    stream = stream_of(broker, timeout_s=600)
    async with asyncio.timeout(2):
        with pytest.raises(StreamFull):
            await stream.publish(a_unit())

    await server.start()
    await until(lambda: broker.connected)
    await stream.publish(a_unit())
    assert [a_unit()] == await stored(broker)


async def test_who_waits_when_the_line_breaks_hears_so_at_once(server: NatsServer, broker: Broker) -> None:
    server.send(signal.SIGSTOP)
    waiting = asyncio.ensure_future(stream_of(broker, timeout_s=600).publish(a_unit()))
    await asyncio.sleep(0)
    await server.end(signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(StreamFull):
            await waiting


async def test_the_line_leaves_a_server_that_does_not_answer(server: NatsServer) -> None:
    async with running_nats() as other, connected(server, other, move_on_s=0.2) as broker:
        stuck = server if broker.client.connected_url.port == int(server.url.rsplit(":", 1)[1]) else other
        async with connected(other if stuck is server else server):  # The stream is there as well.
            stuck.send(signal.SIGSTOP)
            with pytest.raises(StreamFull):
                await stream_of(broker, timeout_s=0.3).publish(a_unit())
            await until(lambda: broker.connected)
            await stream_of(broker).publish(a_unit())
            assert [a_unit()] == await stored(broker)


async def test_more_than_may_wait_is_refused_at_once(server: NatsServer, broker: Broker) -> None:
    stream = stream_of(broker, queue_max=2)
    server.send(signal.SIGSTOP)
    waiting = [asyncio.ensure_future(stream.publish(a_unit(n))) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(StreamFull):
        await stream.publish(a_unit(3))

    server.send(signal.SIGCONT)
    await asyncio.gather(*waiting)
    await stream.publish(a_unit(3))


async def test_a_stream_that_would_lose_something_is_not_used(server: NatsServer, broker: Broker) -> None:
    plan = StreamPlan(partitions=PARTITIONS, replicas=1, bytes_max=1024 * 1024)
    config = (await broker.jetstream.stream_info(STREAM)).config
    await broker.jetstream.update_stream(config.evolve(discard=api.DiscardPolicy.OLD, max_age=3600))
    with pytest.raises(Unfit, match=r"discard: new, no max_age"):
        await plan.prepare(broker)


async def test_the_number_of_partitions_changes_only_when_nothing_waits(broker: Broker) -> None:
    more = StreamPlan(partitions=PARTITIONS + 1, replicas=1, bytes_max=1024 * 1024)
    await stream_of(broker).publish(a_unit())
    with pytest.raises(Unfit, match="let the workers empty it"):
        await more.prepare(broker)

    await broker.jetstream.purge_stream(STREAM)
    await more.prepare(broker)
    config = (await broker.jetstream.stream_info(STREAM)).config
    assert str(PARTITIONS + 1) == (config.metadata or {})["partitions"]


async def test_replicas_that_the_server_cannot_keep_are_not_promised(server: NatsServer, broker: Broker) -> None:
    await broker.jetstream.delete_stream(STREAM)
    with pytest.raises(nats.js.errors.APIError):
        await StreamPlan(partitions=PARTITIONS, replicas=3, bytes_max=1024 * 1024).prepare(broker)


def test_an_envelope_says_whose_it_is_also_when_the_unit_cannot_be_read() -> None:
    payload = packed(a_unit()).replace(b"fix", b"xif")
    envelope = envelope_of(payload)
    assert (a_unit().city, a_unit().device_id, "owntracks") == (envelope.city, envelope.device_id, envelope.format)
    with pytest.raises(msgspec.ValidationError):
        unpacked(envelope)
