"""The drivers of `bench/compare` speak as the servers that they are for: tried with small ones that speak the same."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.compare import peers
from bench.compare.__main__ import main, side_by_side
from bench.load import http_answer

Program = Callable[[str], Path]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Makes a program of a stand-in."""

    def make(name: str) -> Path:
        file = tmp_path / name
        here = Path(__file__).parents[3]
        command = shlex.join([sys.executable, "-m", "tests.contract.bench.standins", name])
        file.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(here))} exec {command} "$@"\n')
        file.chmod(0o700)
        return file

    return make


def test_both_take_what_they_are_sent_and_are_asked_in_turn(program: Program) -> None:
    asked = [peers.owntracks_recorder(program("recorder")), peers.tile38(program("tile38"))]

    found = {one.name: one.value for one in side_by_side(asked, 3, 1, 0.2)}

    assert {"compare.owntracks_recorder_3", "compare.tile38_3", "compare.ours_to_tile38_3"} == set(found)
    assert all(value > 0 for value in found.values())


def test_what_is_refused_is_no_figure(program: Program) -> None:
    peer = peers.tile38(program("tile38"))
    unfenced = peers.Peer(
        peer.name, lambda _count: peer.requests(4), lambda _count, stream: peer.running(2, stream), peer.read
    )

    with pytest.raises(RuntimeError, match="refused"):
        list(side_by_side([unfenced], 4, 1, 0.1))


def test_a_server_that_does_not_understand_says_so(program: Program) -> None:
    def speaks_otherwise(number: int) -> str:
        return f"POST /publish HTTP/1.1\r\nX-Limit-U: u{number}\r\nX-Limit-D: phone\r\n"

    peer = peers.owntracks_recorder(program("recorder"))
    wrong = peers.Peer(peer.name, lambda count: peers.requests(count, 60, speaks_otherwise), peer.running)

    with pytest.raises(RuntimeError, match="refused"):
        list(side_by_side([wrong], 1, 1, 0.1))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[", None),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n", None),
    ],
)
def test_an_answer_is_read_when_it_is_complete(answer: bytes, expected: bool | None) -> None:
    assert expected == http_answer(bytearray(answer))


def test_an_answer_in_the_redis_protocol_is_one_line() -> None:
    given = [b"+OK\r\n", b":1\r\n", b"-ERR no\r\n", b"+O", b""]

    assert [True, True, False, None, None] == [peers.resp_answer(bytearray(one)) for one in given]


def test_a_program_that_is_not_there_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(main, ["--tile38", str(tmp_path / "nowhere")])

    assert 2 == outcome.exit_code
    assert "does not exist" in outcome.output
