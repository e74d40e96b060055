"""Whatever is sent to the TCP edge, in whatever pieces: it goes on serving everybody else."""

import asyncio

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from beacon_ingest.counters import Reason
from tests.unit.beacon_ingest.captured import watch_frames
from tests.unit.beacon_ingest.edge import Edge
from tests.unit.beacon_ingest.wire import LK, SOS, TWO, connected, frame, listening

FRAMES = [*watch_frames(), LK, SOS, frame("LK", TWO), frame("LK", "999999")]

pieces = st.lists(
    st.one_of(
        st.sampled_from(FRAMES),
        st.tuples(st.sampled_from(FRAMES), st.integers(0, 100), st.binary(max_size=4)).map(
            lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 1 :]
        ),
        st.binary(max_size=50),
        st.sampled_from([b"[", b"]", b"*", b"[[[[", b"]]]]", b"[3G*8800000001*", b"\r\n"]),
    ),
    max_size=8,
)
sizes = st.integers(1, 200)


@settings(max_examples=40, deadline=None)
@given(pieces, sizes)
def test_no_bytes_stop_the_listener_or_reach_another_connection(pieces: list[bytes], size: int) -> None:
    edge = Edge()
    sent = b"".join(pieces)

    async def story() -> bytes:
        async with listening(edge) as listener, connected(listener) as watch, connected(listener) as stranger:
            try:
                for at in range(0, len(sent), size):
                    await stranger.say(sent[at : at + size])
                stranger.writer.write_eof()
            except ConnectionError:  # The listener had heard enough.
                pass
            await stranger.rest()
            await watch.say(LK)
            return await watch.hear()

    answer = asyncio.run(story())

    assert answer == b"[3G*8800000001*0002*LK]"
    assert edge.counted("watch", Reason.CRASHED) == 0
    for unit in edge.stream.units:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(unit), type=type(unit)) == unit
