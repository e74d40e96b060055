"""A real nats-server of this run's own, from a wheel, with a stream store in a temporary folder."""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from itertools import permutations
from pathlib import Path
from types import MappingProxyType

import httpx
import nats.errors

from beacon_ingest.broker import MOVE_ON_S, Broker, Disconnected
from beacon_ingest.jetstream import STREAM, StreamPlan
from tests.waiting import PATIENCE_S, until
from tests.wires import Wire

PARTITIONS = 4

_CONFIGURATION = """
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitoring_port}"
ports_file_dir: "{folder}"
jetstream {{ store_dir: "{store}", sync_interval: {sync_interval}, max_file_store: 4Gb }}
"""
_CHANCE = random.SystemRandom()  # Hypothesis sets back the usual one, for each process of the tests to the same.
NOWHERE = "127.0.0.1:1"
"""What a server of a cluster tells the others of itself, so that they keep to the wires."""


class NatsServer:
    """A server that can be ended and started again on the same port and store."""

    def __init__(
        self, folder: Path, sync_interval: str = "always", more: str = "", *, wires: Sequence[Wire] = (),
        store: Path | None = None,
    ) -> None:  # fmt: skip
        self._folder, self._sync_interval, self._more = folder, sync_interval, more
        self._wires, self._store = wires, store or folder / "store"
        self._process: subprocess.Popen[bytes] | None = None
        self.url, self.monitoring = "", ""
        self._port, self._monitoring_port = _free_ports(2)

    @property
    def store(self) -> Path:
        """Where its streams lie."""
        return self._folder / "store"

    async def start(self) -> None:
        """Starts and waits until it can be reached."""
        file = self._folder / "nats.conf"
        text = _CONFIGURATION.format(
            port=self._port, monitoring_port=self._monitoring_port, folder=self._folder, store=self._store,
            sync_interval=self._sync_interval,
        )  # fmt: skip
        file.write_text(text + self._more)
        program = Path(sys.executable).with_name("nats-server")
        self._process = subprocess.Popen([program, "-c", file], stderr=subprocess.DEVNULL)
        ports = self._folder / f"nats-server_{self._process.pid}.ports"
        process = self._process

        def told() -> str:
            assert process.poll() is None, "the server ended by itself"
            text = ports.read_text() if ports.exists() else ""
            return text if text.endswith("}") else ""

        found = json.loads(await until(told))
        self.url, self.monitoring = found["nats"][0], found["monitoring"][0]

    async def well(self) -> None:
        """Waits until it says that all of it works: one of a cluster knows who leads."""
        await until(self.is_well, 5 * PATIENCE_S)

    async def is_well(self) -> bool:
        """Whether it says so now."""
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(base_url=self.monitoring) as client:
                return (await client.get("/healthz")).is_success
        return False

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it and waits for that."""
        if self._process is not None:
            self._process.send_signal(how)
            await asyncio.to_thread(self._process.wait, PATIENCE_S)
            self._process = None

    def cut_off(self, *, silently: bool) -> None:
        """Nothing gets through between it and the others of its cluster; it lives, and so do its lines to clients."""
        for one in self._wires:
            one.cut(silently=silently)

    def mend(self) -> None:
        """It can be reached by the others again."""
        for one in self._wires:
            one.mend()

    def lose_disk(self) -> None:
        """Nothing is left of what it stored. It must have ended."""
        assert self._process is None
        shutil.rmtree(self._store)

    def send(self, what: signal.Signals) -> None:
        """Stops it where it stands (SIGSTOP), and waits until it does, or lets it go on (SIGCONT)."""
        assert self._process is not None
        self._process.send_signal(what)
        if what is signal.SIGSTOP:  # The signal takes effect later than it is sent: an answer may still slip out.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)


@asynccontextmanager
async def running_nats(sync_interval: str = "always") -> AsyncIterator[NatsServer]:
    """A server with a store of its own, which is ended and deleted after the block."""
    with tempfile.TemporaryDirectory(prefix="mimamori-nats-") as folder:
        server = NatsServer(Path(folder), sync_interval)
        await server.start()
        try:
            yield server
        finally:
            await server.end(signal.SIGKILL)


@asynccontextmanager
async def connected(
    *servers: NatsServer, partitions: int = PARTITIONS, bytes_max: int = 64 * 1024 * 1024,
    move_on_s: float = MOVE_ON_S,
) -> AsyncIterator[Broker]:  # fmt: skip
    """A line to one of the servers, on which the stream is."""
    plan = StreamPlan(partitions=partitions, replicas=1, bytes_max=bytes_max)
    broker = Broker([one.url for one in servers], name="test", prepare=[plan.prepare], move_on_s=move_on_s)
    await broker.open(PATIENCE_S)
    try:
        yield broker
    finally:
        await broker.close()


@asynccontextmanager
async def running_cluster(
    count: int = 3, stores: Mapping[int, Path] = MappingProxyType({})
) -> AsyncIterator[list[NatsServer]]:
    """So many servers that know of each other over wires that can be cut; some may store elsewhere."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mimamori-nats-"))
        ports = _free_ports(count)
        wires = {pair: Wire(ports[pair[1]]) for pair in permutations(range(count), 2)}
        for wire in wires.values():
            await wire.open()
            stack.push_async_callback(wire.close)
        servers = []
        for number, port in enumerate(ports):
            (Path(folder) / str(number)).mkdir()
            routes = ", ".join(f"nats://127.0.0.1:{wires[pair].port}" for pair in wires if pair[0] == number)
            cluster = (
                f'server_name: s{number}\ncluster {{ name: c, listen: "127.0.0.1:{port}", advertise: "{NOWHERE}", '
                f"routes: [{routes}] }}\n"
            )
            own = [wire for pair, wire in wires.items() if number in pair]
            server = NatsServer(Path(folder) / str(number), more=cluster, wires=own, store=stores.get(number))
            servers.append(server)
        try:
            await asyncio.gather(*(one.start() for one in servers))
            await asyncio.gather(*(one.well() for one in servers))
            yield servers
        finally:
            await asyncio.gather(*(one.end(signal.SIGKILL) for one in servers))


@asynccontextmanager
async def line_to(servers: Sequence[NatsServer]) -> AsyncIterator[Broker]:
    """A line to one of the servers, that asks for nothing to be there."""
    broker = Broker([one.url for one in servers], name="test")
    await broker.open(PATIENCE_S)
    try:
        yield broker
    finally:
        await broker.close()


async def until_whole(broker: Broker, count: int = 3) -> None:
    """So many servers have all of the stream."""

    async def is_whole() -> bool:
        with suppress(nats.errors.Error, TimeoutError, Disconnected):
            cluster = (await broker.jetstream.stream_info(STREAM)).cluster
            others = (cluster and cluster.replicas) or []
            return len(others) == count - 1 and all(one.current and not one.lag for one in others)
        return False

    await until(is_whole, 5 * PATIENCE_S)


async def until_empty(broker: Broker, patience_s: float = PATIENCE_S) -> None:
    """The workers have taken out of the stream, and acknowledged, all that was in it."""

    async def is_empty() -> bool:
        return not (await broker.jetstream.stream_info(STREAM)).state.messages

    await until(is_empty, patience_s)


def _free_ports(count: int) -> list[int]:
    """So many that nothing listens on now. Below those that a system gives away by itself (Linux from 32768 on): one
    of them could be the near end of any line before the server that is to have it has started, or starts again.
    """
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            port = _CHANCE.randrange(10_000, 32_000)
            with suppress(OSError):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
    return found
