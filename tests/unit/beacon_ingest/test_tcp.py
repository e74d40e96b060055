import asyncio

import msgspec
import pytest

from beacon_ingest.counters import Reason
from beacon_ingest.listeners.tcp import serve_tcp
from beacon_ingest.messages import Alarm, Unit
from tests.unit.beacon_ingest.edge import OTHER_WATCH, WATCH, Edge
from tests.unit.beacon_ingest.wire import LK, LK_WITH_HEALTH, SOS, TWO, connected, frame, listening, order, place, until

# Frames in, answers out.


async def test_a_watch_is_answered_and_what_it_said_is_published_in_order() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(LK_WITH_HEALTH, frame(place()), SOS)
        answers = [await device.hear(), await device.hear()]

    assert answers == [frame("LK").lower().replace(b"3g", b"3G").replace(b"lk", b"LK"), b"[3G*8800000001*0006*AL_LTE]"]
    assert [type(unit.messages[0]).__name__ for unit in edge.stream.units] == ["Health", "Fix", "Fix"]
    assert {unit.device_id for unit in edge.stream.units} == {WATCH.device_id}
    assert any(isinstance(message, Alarm) and message.kinds == ("sos",) for message in edge.stream.units[2].messages)
    assert edge.counted("watch", Reason.ACCEPTED) == 3


async def test_frames_may_be_cut_anywhere() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        for at in range(len(SOS)):
            await device.say(SOS[at : at + 1])
        answer = await device.hear()

    assert answer == b"[3G*8800000001*0006*AL_LTE]"
    assert len(edge.stream.units) == 1


async def test_an_alarm_is_answered_only_when_it_is_durable() -> None:
    edge = Edge()
    durable = asyncio.Event()
    waiting: list[Unit] = []

    async def publish(unit: Unit) -> None:
        waiting.append(unit)
        await durable.wait()

    edge.stream.publish = publish  # type: ignore[method-assign]
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(SOS, LK)
        await until(lambda: len(waiting) == 1)
        for _ in range(20):
            await asyncio.sleep(0)
        heard_before = bytes(device.reader._buffer)  # type: ignore[attr-defined]
        durable.set()
        answers = [await device.hear(), await device.hear()]

    assert heard_before == b""
    assert [b"AL_LTE" in answers[0], b"LK" in answers[1]] == [True, True]


async def test_a_heartbeat_is_answered_while_the_stream_takes_nothing() -> None:
    edge = Edge()
    durable = asyncio.Event()

    async def publish(_unit: Unit) -> None:
        await durable.wait()

    edge.stream.publish = publish  # type: ignore[method-assign]
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(LK)
        answer = await device.hear()
        durable.set()

    assert b"LK" in answer


async def test_the_same_alarm_again_has_the_same_name() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(SOS, SOS)
        await device.hear()
        await device.hear()

    first, again = edge.stream.units
    assert first.ingest_ids == again.ingest_ids


# Who may speak.


@pytest.mark.parametrize("id", ["9999999999", "358000000000001"])
async def test_an_unknown_device_is_hung_up_on_without_an_answer(id: str) -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(frame("LK", id), frame(place("AL"), id))
        heard = await device.rest()

    assert heard == b""
    assert edge.stream.units == []
    assert edge.counted("watch", Reason.UNKNOWN_DEVICE) == 1


async def test_a_connection_may_speak_for_several_devices_if_all_are_enrolled() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(frame(place("AL")), frame(place("AL"), TWO), frame("LK", "9999999999"))
        heard = await device.rest()

    assert heard == b"[3G*8800000001*0002*AL][3G*8800000002*0002*AL]"
    assert [unit.device_id for unit in edge.stream.units] == [WATCH.device_id, OTHER_WATCH.device_id]


async def test_a_watch_whose_enrolment_wants_a_key_cannot_speak() -> None:
    edge = Edge([msgspec.structs.replace(WATCH, key_required=True)])
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(SOS)

        assert await device.rest() == b""

    assert edge.counted("watch", Reason.BAD_KEY) == 1


async def test_an_edge_without_a_snapshot_answers_nothing_and_refuses_nobody() -> None:
    edge = Edge(entries=None)
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(SOS)

        assert await device.rest() == b""

    assert edge.counted("watch", Reason.NOT_READY) == 1
    assert edge.counted("watch", Reason.UNKNOWN_DEVICE) == 0


async def test_a_device_that_comes_back_while_its_old_connection_looks_open_is_one_source() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as old, connected(listener) as new:
        await old.say(LK)
        await old.hear()
        await new.say(LK)
        await new.hear()
        await new.say(LK)
        await new.hear()

    assert edge.counted("watch", Reason.TWO_SOURCES) == 0


async def test_two_connections_that_speak_for_one_device_by_turns_are_flagged_once_each() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as old, connected(listener) as new:
        for device in (old, new, old, new, old):
            await device.say(LK)
            await device.hear()
        edge.downlink.orders = [order("locate")]
        edge.connections.wake(WATCH.device_id)
        command = await new.hear()

    assert edge.counted("watch", Reason.TWO_SOURCES) == 1
    assert command == b"[SG*8800000001*0002*CR]"


# Orders.


async def test_an_order_reaches_a_connected_watch_at_once() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(LK)
        await device.hear()
        edge.downlink.orders = [order("live_on", 20), order("live_off", 600, 72)]

        assert edge.connections.wake(WATCH.device_id)
        assert not edge.connections.wake(OTHER_WATCH.device_id)
        commands = [await device.hear(), await device.hear()]
        await until(lambda: edge.downlink.orders == [])

    assert commands == [b"[SG*8800000001*0009*UPLOAD,20]", b"[SG*8800000001*000a*UPLOAD,600]"]


async def test_an_order_that_waited_leaves_with_the_next_word_of_the_watch() -> None:
    edge = Edge()
    edge.downlink.orders = [order("locate")]
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(LK)
        heard = [await device.hear(), await device.hear()]

    assert heard == [b"[3G*8800000001*0002*LK]", b"[SG*8800000001*0002*CR]"]
    assert edge.downlink.orders == []


async def test_orders_that_cannot_be_read_do_not_cost_the_frames() -> None:
    edge = Edge()
    edge.downlink.orders = [order("locate")]
    edge.downlink.trouble = RuntimeError("busy")
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(SOS, SOS)
        await device.hear()
        await device.hear()

    assert len(edge.stream.units) == 2
    assert len(edge.downlink.orders) == 1


async def test_a_watch_that_left_is_not_woken() -> None:
    edge = Edge()
    async with listening(edge) as listener:
        async with connected(listener) as device:
            await device.say(LK)
            await device.hear()
        await until(lambda: listener.open_connections == 0)

        assert not edge.connections.wake(WATCH.device_id)


# The end.


async def test_stopping_finishes_what_is_in_hand_and_ends_idle_connections() -> None:
    edge = Edge()
    durable = asyncio.Event()
    units: list[Unit] = []

    async def publish(unit: Unit) -> None:
        units.append(unit)
        await durable.wait()

    async with listening(edge) as listener, connected(listener) as busy, connected(listener) as idle:
        await idle.say(frame("LK", TWO))
        await idle.hear()
        edge.stream.publish = publish  # type: ignore[method-assign]
        await busy.say(SOS)
        await until(lambda: len(units) == 1)
        stopping = asyncio.create_task(listener.stop())

        assert await idle.rest() == b""
        assert not stopping.done()

        durable.set()

        assert b"AL_LTE" in await busy.rest()
        await stopping

    assert listener.open_connections == 0


async def test_the_usual_listener_takes_a_free_port() -> None:
    edge = Edge()
    listener = await serve_tcp(
        "watch", "127.0.0.1", 0, registry=edge.registry, stream=edge.stream, clock=edge.clock, monotonic=edge.monotonic
    )
    async with connected(listener) as device:
        await device.say(LK)

        assert await device.hear() == b"[3G*8800000001*0002*LK]"

    await listener.stop()


async def test_a_frame_that_says_nothing_is_published_as_a_sign_of_life() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(frame("LK"))
        await device.hear()

    assert [()] == [unit.messages for unit in edge.stream.units]
