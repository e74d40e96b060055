"""Head and body of an answer leave together; a head without a body does not wait for one."""

import asyncio
from typing import cast

from app.asgi.joined import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire:
    """A transport that notes what is sent, each call for itself."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed_after: int | None = None

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed_after = len(self.sent)

    def is_closing(self) -> bool:
        return self.closed_after is not None


async def opened() -> tuple[Wire, JoinedWrites]:
    wire = Wire()
    return wire, JoinedWrites(cast(asyncio.Transport, wire), asyncio.get_running_loop())


async def test_head_and_body_leave_in_one_piece() -> None:
    wire, transport = await opened()
    transport.write(HEAD)
    transport.write(b"[]")
    assert wire.sent == [HEAD + b"[]"]
    await asyncio.sleep(0)
    assert wire.sent == [HEAD + b"[]"]


async def test_an_answer_without_a_body_leaves_in_one_piece() -> None:
    wire, transport = await opened()
    transport.write(HEAD)
    transport.write(b"")
    assert wire.sent == [HEAD]


async def test_the_head_of_a_stream_leaves_before_its_first_event() -> None:
    wire, transport = await opened()
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert wire.sent == [HEAD]
    transport.write(b"data: 1\n\n")
    transport.write(b"data: 2\n\n")
    assert wire.sent == [HEAD, b"data: 1\n\n", b"data: 2\n\n"]


async def test_a_client_that_waits_for_100_continue_hears_it_at_once() -> None:
    wire, transport = await opened()
    transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert wire.sent == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def test_nothing_is_kept_back_when_the_connection_is_closed() -> None:
    wire, transport = await opened()
    transport.write(HEAD)
    transport.close()
    assert wire.sent == [HEAD]
    assert wire.closed_after == 1
    assert transport.is_closing()


async def test_answers_one_after_the_other() -> None:
    wire, transport = await opened()
    for _ in range(2):
        transport.write(HEAD)
        transport.write(b"{}")
    assert wire.sent == [HEAD + b"{}", HEAD + b"{}"]
