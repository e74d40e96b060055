"""The real commands `mimamori edge`, `web` and `worker`, each in a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec

from app.simulator.fcm_standin import FcmStandIn
from tests.broker import NatsServer, line_to, until_empty
from tests.chaos.crew import PATIENCE_S
from tests.chaos.stepped import STEPPED_BY, step
from tests.waiting import until


def environment(where: str, server: NatsServer, phones: FcmStandIn, folder: Path, **more: str) -> dict[str, str]:
    """The settings that all processes share; phones are told quickly and what a dead worker had is taken over quickly."""
    return {
        "MIMAMORI_DATABASE": where,
        "MIMAMORI_NATS": server.url,
        "MIMAMORI_NATS_MONITORING": server.monitoring,
        "MIMAMORI_DETECTOR_SECRET": "a secret that is long enough for all",
        "MIMAMORI_PARTITIONS": "4",
        "MIMAMORI_LEASE_S": "1",
        "MIMAMORI_TICK_S": "0.2",
        "MIMAMORI_LOG_LEVEL": "warning",
        "MIMAMORI_FCM_CREDENTIALS": str(phones.write_credentials(folder)),
        "MIMAMORI_FCM_URL": phones.url,
        **more,
    }


class Process:
    """One command that can be killed at any moment and started again, and stopped where it stands."""

    module = "app.cli"

    def __init__(self, name: str, folder: Path, environment: dict[str, str], *options: str) -> None:
        self._name, self._folder, self._environment, self._options = name, folder, environment, options
        self._ready = folder / f"{name}-{id(self)}.json"
        self._process: subprocess.Popen[bytes] | None = None
        self.url, self.watch_port = "", 0

    async def start(self) -> None:
        """Starts and waits until it runs."""
        assert await self._starts(), "the process ended by itself"

    async def _starts(self) -> bool:
        """Whether it started and did not end by itself."""
        self._ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", self.module, self._name, "--port", "0", "--ready-file", str(self._ready)]
        with (self._folder / f"{self._name}.log").open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *self._options], env={**os.environ, **self._environment}, stderr=output
            )
        process = self._process
        await until(lambda: self._ready.exists() or process.poll() is not None, PATIENCE_S)
        if not self._ready.exists():
            return False
        content: dict[str, Any] = msgspec.json.decode(self._ready.read_bytes())
        self.url, self.watch_port = content["base_url"], content["tcp"].get("watch", 0)
        return True

    def send(self, what: signal.Signals) -> None:
        """Stops it where it stands (SIGSTOP), or lets it go on (SIGCONT)."""
        assert self._process is not None
        self._process.send_signal(what)

    async def end(self, how: signal.Signals = signal.SIGKILL) -> int | None:
        """Ends it and waits for that; its exit status."""
        if self._process is None:
            return None
        with suppress(ProcessLookupError):
            self._process.send_signal(how)
        return await asyncio.to_thread(self._process.wait, PATIENCE_S)


class Steppable(Process):
    """One whose clock can be stepped."""

    module = "tests.chaos.stepped"

    def __init__(self, name: str, folder: Path, environment: dict[str, str], *options: str) -> None:
        self._clock = folder / f"{name}-{id(self)}.clock"
        self.step_clock(0)
        super().__init__(name, folder, {**environment, STEPPED_BY: str(self._clock)}, *options)

    async def start(self) -> None:
        """Starts it until it runs, as whoever keeps services does: without a database it ends."""
        await until(self._starts, PATIENCE_S)

    def step_clock(self, seconds: float) -> None:
        """Lets its clock be wrong by so much from now on."""
        step(self._clock, seconds)


async def until_known(edge: Process) -> None:
    """The edge says that it is ready once it knows who may speak."""
    async with httpx.AsyncClient(base_url=edge.url) as client:

        async def is_ready() -> bool:
            with suppress(httpx.HTTPError):
                return (await client.get("/health/ready")).is_success
            return False

        await until(is_ready, PATIENCE_S)


async def until_worked_off(*servers: NatsServer) -> None:
    """The workers have taken everything out of the stream."""
    async with line_to(servers) as broker:
        await until_empty(broker, PATIENCE_S)
