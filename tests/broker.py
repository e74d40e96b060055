"""A real nats-server of this run's own, from a wheel, with a stream store in a temporary folder."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from beacon_ingest.broker import Broker
from beacon_ingest.jetstream import StreamPlan

PATIENCE_S = 20.0
PARTITIONS = 4

_CONFIGURATION = """
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitoring_port}"
ports_file_dir: "{folder}"
jetstream {{ store_dir: "{folder}/store", sync_interval: {sync_interval}, max_file_store: 4Gb }}
"""


class NatsServer:
    """A server that can be ended and started again on the same port and store."""

    def __init__(self, folder: Path, sync_interval: str = "always", more: str = "") -> None:
        self._folder, self._sync_interval, self._more = folder, sync_interval, more
        self._process: subprocess.Popen[bytes] | None = None
        self.url, self.monitoring = "", ""
        self._port = self._monitoring_port = "-1"

    async def start(self) -> None:
        """Starts and waits until it can be reached."""
        file = self._folder / "nats.conf"
        text = _CONFIGURATION.format(
            port=self._port, monitoring_port=self._monitoring_port, folder=self._folder,
            sync_interval=self._sync_interval,
        )  # fmt: skip
        file.write_text(text + self._more)
        program = Path(sys.executable).with_name("nats-server")
        self._process = subprocess.Popen([program, "-c", file], stderr=subprocess.DEVNULL)
        ports = self._folder / f"nats-server_{self._process.pid}.ports"
        async with asyncio.timeout(PATIENCE_S):
            while not ports.exists() or not (text := ports.read_text()).endswith("}"):
                assert self._process.poll() is None, "the server ended by itself"
                await asyncio.sleep(0.005)
        found = json.loads(text)
        self.url, self.monitoring = found["nats"][0], found["monitoring"][0]
        self._port, self._monitoring_port = (one.rsplit(":", 1)[1] for one in (self.url, self.monitoring))

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it and waits for that."""
        if self._process is not None:
            self._process.send_signal(how)
            await asyncio.to_thread(self._process.wait, PATIENCE_S)
            self._process = None

    def send(self, what: signal.Signals) -> None:
        """Stops it where it stands (SIGSTOP), or lets it go on (SIGCONT)."""
        assert self._process is not None
        self._process.send_signal(what)


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
    server: NatsServer, *, partitions: int = PARTITIONS, bytes_max: int = 64 * 1024 * 1024
) -> AsyncIterator[Broker]:
    """A line to the server, on which the stream is."""
    plan = StreamPlan(partitions=partitions, replicas=1, bytes_max=bytes_max)
    broker = Broker([server.url], name="test", prepare=[plan.prepare])
    await broker.open(PATIENCE_S)
    try:
        yield broker
    finally:
        await broker.close()


@asynccontextmanager
async def running_cluster(count: int = 3) -> AsyncIterator[list[NatsServer]]:
    """So many servers that know of each other."""
    with tempfile.TemporaryDirectory(prefix="mimamori-nats-") as folder, ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        ports = [one.getsockname()[1] for one in held]
        stack.close()
        routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
        servers = []
        for number, port in enumerate(ports):
            (Path(folder) / str(number)).mkdir()
            cluster = f'server_name: s{number}\ncluster {{ name: c, listen: "127.0.0.1:{port}", routes: [{routes}] }}\n'
            servers.append(NatsServer(Path(folder) / str(number), more=cluster))
        try:
            await asyncio.gather(*(one.start() for one in servers))
            yield servers
        finally:
            await asyncio.gather(*(one.end(signal.SIGKILL) for one in servers))
