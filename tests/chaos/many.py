"""The real commands `mimamori edge`, `web` and `worker`, each in a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from app.simulator.fcm_standin import FcmStandIn
from tests.broker import NatsServer
from tests.chaos.crew import PATIENCE_S


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
    """One command that can be killed at any moment and started again."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str], *options: str) -> None:
        self._name, self._folder, self._environment, self._options = name, folder, environment, options
        self._ready = folder / f"{name}-{id(self)}.json"
        self._process: subprocess.Popen[bytes] | None = None
        self.url, self.watch_port = "", 0

    async def start(self) -> None:
        """Starts and waits until it runs."""
        self._ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "app.cli", self._name, "--port", "0", "--ready-file", str(self._ready)]
        with (self._folder / f"{self._name}.log").open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *self._options], env={**os.environ, **self._environment}, stderr=output
            )
        async with asyncio.timeout(PATIENCE_S):
            while not self._ready.exists():
                assert self._process.poll() is None, "the process ended by itself"
                await asyncio.sleep(0.02)
        content: dict[str, Any] = msgspec.json.decode(self._ready.read_bytes())
        self.url, self.watch_port = content["base_url"], content["tcp"].get("watch", 0)

    async def end(self, how: signal.Signals = signal.SIGKILL) -> int | None:
        """Ends it and waits for that; its exit status."""
        if self._process is None:
            return None
        with suppress(ProcessLookupError):
            self._process.send_signal(how)
        return await asyncio.to_thread(self._process.wait, PATIENCE_S)
