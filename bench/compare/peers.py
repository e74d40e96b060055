"""What is compared: how each server is started, what is sent to it, and how its answers are read.

What they promise differs, and a rate says nothing without it. Ours has a position on disk and held against every rule
before it answers. The Recorder has written it to a file that it does not sync; Tile38 holds it in memory, has compared
it with the fences, and syncs its log once a second.
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec import Struct

from bench import town
from bench.load import Read, http_answer
from bench.positions import SECONDS_MAX, _await_port, _free_port, _process, _service, requests

FENCE_M = 150


class Peer(Struct, frozen=True):
    """A server: `requests` of so many devices, and `running` with those, which gives its port."""

    name: str
    requests: Callable[[int], Iterator[bytes]]
    running: Callable[[int, Iterator[bytes]], AbstractContextManager[int]]
    read: Read = http_answer


def mimamori() -> Peer:
    """Ours: on SQLite, in one process."""
    return Peer("mimamori", requests, _service)


def owntracks_recorder(program: Path) -> Peer:
    """The OwnTracks Recorder in HTTP mode, a user for each device."""

    @contextmanager
    def running(_count: int, _stream: Iterator[bytes]) -> Iterator[int]:
        with tempfile.TemporaryDirectory() as folder:
            store = ["--storage", f"{folder}/store"]
            subprocess.run([str(program), *store, "--initialize"], check=True, stdout=subprocess.DEVNULL)
            port = _free_port()
            pages = Path(folder) / "pages"
            pages.mkdir()
            options = ["--port", "0", "--http-host", "127.0.0.1", "--http-port", str(port), "--doc-root", str(pages)]
            with _process([str(program), *store, *options, "--norevgeo", "--quiet", "owntracks/#"]):
                _await_port(port)
                yield port

    return Peer("owntracks_recorder", lambda count: requests(count, SECONDS_MAX, _recorder_head), running)


def _recorder_head(number: int) -> str:
    return (
        "POST /pub HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\n"
        f"X-Limit-U: u{number}\r\nX-Limit-D: phone\r\n"
    )


def tile38(program: Path) -> Peer:
    """Tile38 with its log on disk and a fence around each device's home."""

    @contextmanager
    def running(count: int, _stream: Iterator[bytes]) -> Iterator[int]:
        with tempfile.TemporaryDirectory() as folder:
            port = _free_port()
            with _process([str(program), "-h", "127.0.0.1", "-p", str(port), "-d", folder, "-q"]):
                _await_port(port)
                _ask(port, (_fence(n) for n in range(count)))
                yield port

    return Peer("tile38", _tile38_requests, running, resp_answer)


def _fence(number: int) -> bytes:
    name, device = f"home-{number}", f"d{number}"
    around = [str(town.LAT), str(town.LON), str(FENCE_M)]
    return resp(
        "SETCHAN", name, "NEARBY", "wearers", "FENCE", "DETECT", "enter,exit", "MATCH", device, "POINT", *around
    )


def _tile38_requests(count: int) -> Iterator[bytes]:
    start = int(time.time()) - SECONDS_MAX
    for step in range(SECONDS_MAX):
        lat, lon = town.LAT + (step % 7) * 1e-5, town.LON + (step % 5) * 1e-5
        fields = ["FIELD", "tst", str(start + step), "FIELD", "acc", "12", "FIELD", "batt", "80"]
        for n in range(count):
            yield resp("SET", "wearers", f"d{n}", *fields, "POINT", f"{lat:.6f}", f"{lon:.6f}")


def resp(*words: str) -> bytes:
    """A command as the Redis protocol writes it: an array of strings, each with its length.

    >>> resp("GET", "a")
    b'*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n'
    """
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def resp_answer(buffer: bytearray) -> bool | None:
    """Of the Redis protocol, as `SET` and `SETCHAN` are answered: one line, which begins with what it is."""
    return bytes(buffer[:1]) in (b"+", b":") if buffer.endswith(b"\r\n") else None


def _ask(port: int, commands: Iterator[bytes] | Sequence[bytes]) -> None:
    """Sends commands one after the other. Raises when one is refused, with what the server says."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        for command in commands:
            line.sendall(command)
            answer = bytearray()
            while (ok := resp_answer(answer)) is None:
                part = line.recv(65_536)
                if not part:
                    raise RuntimeError("the server hung up")
                answer += part
            if not ok:
                raise RuntimeError(f"refused: {answer.decode(errors='replace').strip()}")
