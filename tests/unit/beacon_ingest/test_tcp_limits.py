import msgspec
import pytest

from beacon_ingest.counters import Reason
from beacon_ingest.decoders import formats
from beacon_ingest.limits import LIMITS, ConnectionLimit
from beacon_ingest.stream import StreamFull
from tests.unit.beacon_ingest.edge import Edge
from tests.unit.beacon_ingest.wire import LK, SOS, TWO, connected, frame, listening, until

# When something goes wrong.


@pytest.mark.parametrize("trouble", [StreamFull(retry_after_s=3), RuntimeError("the disk")])
async def test_what_could_not_be_stored_is_not_answered_and_the_device_must_come_back(trouble: Exception) -> None:
    edge = Edge()
    edge.stream.trouble = trouble
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(SOS)
        heard = await device.rest()

    assert heard == b""
    assert edge.pauses_s == [3 if isinstance(trouble, StreamFull) else 5]
    assert edge.counted("watch", Reason.ACCEPTED) == 0


async def test_a_decoder_that_breaks_costs_only_this_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    real = formats.FORMATS["watch"]

    def fragile(frame, received_at):  # type: ignore[no-untyped-def]
        return real.decode_frame(frame, received_at) if b"AL" in frame else 1 / 0  # type: ignore[misc]

    rows = {**formats.FORMATS, "watch": msgspec.structs.replace(real, decode_frame=fragile)}
    monkeypatch.setattr("beacon_ingest.listeners.connection.FORMATS", rows)
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(LK, SOS)
        answer = await device.hear()

    assert b"AL_LTE" in answer
    assert edge.counted("watch", Reason.CRASHED) == 1


async def test_noise_before_a_greeting_ends_the_connection_and_no_other() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as watch, connected(listener) as stranger:
        await stranger.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 300)
        await stranger.rest()
        await watch.say(LK)

        assert await watch.hear()

    assert edge.counted("watch", Reason.NO_GREETING) == 1


async def test_frames_that_no_decoder_reads_end_the_connection_in_the_end() -> None:
    edge = Edge()
    async with listening(edge) as listener, connected(listener) as stranger:
        await stranger.say(b"[what is this]" * 1000)

        assert await stranger.rest() == b""

    assert edge.stream.units == []


async def test_a_frame_without_end_is_not_kept_for_ever() -> None:
    edge = Edge()
    limit = ConnectionLimit(held_bytes_max=10_000)
    async with listening(edge, limit) as listener, connected(listener) as device:
        await device.say(LK, b"[3G*8800000001*FFFF*TK," + b"x" * 20_000)
        await device.hear()

        assert await device.rest() == b""

    assert edge.counted("watch", Reason.FULL) == 1


async def test_a_connection_that_does_not_name_a_device_in_time_is_closed() -> None:
    edge = Edge()
    async with listening(edge, ConnectionLimit(greeting_s=0)) as listener, connected(listener) as device:
        assert await device.rest() == b""

    assert edge.counted("watch", Reason.NO_GREETING) == 1


async def test_a_silent_device_is_let_go_after_the_idle_time() -> None:
    edge = Edge()
    async with listening(edge, ConnectionLimit(idle_s=0)) as listener, connected(listener) as device:
        await device.say(LK)

        assert await device.rest() == b"[3G*8800000001*0002*LK]"

    assert edge.counted("watch", Reason.NO_GREETING) == 0


# Limits.


async def test_connections_over_the_limit_are_refused_and_a_place_becomes_free_again() -> None:
    edge = Edge()
    async with listening(edge, ConnectionLimit(connections_per_peer_max=1)) as listener:
        async with connected(listener) as first, connected(listener) as second:
            await first.say(LK)
            await first.hear()

            assert await second.rest() == b""
            assert edge.counted("watch", Reason.TOO_MANY_CONNECTIONS) == 1
        await until(lambda: listener.open_connections == 0)

        assert listener._peers == {}

        async with connected(listener) as third:
            await third.say(LK)

            assert await third.hear()


async def test_a_device_that_runs_wild_is_slowed_down_but_its_alarms_are_not() -> None:
    limits = {"watch": msgspec.structs.replace(LIMITS["watch"], units_per_s=0.5, burst_units=2)}
    edge = Edge(limits=limits)
    async with listening(edge) as listener, connected(listener) as device:
        await device.say(LK, LK, SOS, SOS, LK, frame("LK", TWO))
        for _ in range(6):
            await device.hear()

    assert edge.pauses_s == [2]
    assert edge.counted("watch", Reason.RATE) == 1
    assert len(edge.stream.units) == 6
