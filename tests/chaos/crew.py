"""Many devices that keep on until they are answered, a server that is killed again and again, and what must be true
after.
"""

import asyncio
import os
import signal
import subprocess
import sys
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.db.engine import sqlite_engine
from app.devices import service as devices
from app.devices.model import Device
from app.households import service as households
from app.kit.ids import WearerId
from app.push.model import AddressKind, Channel
from app.simulator.fcm_standin import FcmStandIn
from tests.build import KAKOGAWA, Town, account, town
from tests.e2e.stage import at_home
from tests.waiting import until

PATIENCE_S = 60.0


class Phone(Struct, kw_only=True):
    """A device that sends places over HTTP, and which of them were acknowledged."""

    device: Device
    key: str
    wearer_id: WearerId
    sent: int = 0
    acknowledged: set[int] = msgspec.field(default_factory=set)


class Presser(Struct, kw_only=True):
    """A watch that presses SOS once over TCP, and whether it was answered."""

    device: Device
    wearer_id: WearerId
    pressed_at: datetime
    answered: bool = False


class Cast(Struct, kw_only=True):
    """Who is in the play."""

    town: Town
    phones: list[Phone]
    pressers: list[Presser]
    start: datetime
    with_tags: list[WearerId]


def populate(folder: Path, phones: int, pressers: int, with_tags: int = 0) -> Cast:
    """A database with so many wearers who carry phones, and so many who wear watches and will press SOS once, and
    so many who will wear tags.
    """
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=100)
    engine = sqlite_engine(folder)
    with engine.begin() as c:
        cast = populated(c, start, phones, pressers, with_tags)
    engine.dispose()
    return cast


def populated(c: Connection, start: datetime, phones: int, pressers: int, with_tags: int = 0) -> Cast:
    """The same in a transaction."""
    here = town(c, start - timedelta(days=1))

    def watched(name: str) -> WearerId:
        family = account(c, name, name, now=start)
        household = households.create_household(c, KAKOGAWA, name, [family.id], start)
        one = households.create_wearer(c, household.id, name, by=family.id, now=start)
        households.add_contact(c, one.id, name, account_id=family.id, by=family.id, now=start)
        accounts.add_address(
            c, family.id, Channel.FCM, AddressKind.TOKEN, f"phone-of-{name}", "ja", start, shows_details=True
        )
        return one.id

    def wearer(name: str, format: str, external_id: str) -> tuple[Device, str, WearerId]:
        wearer_id = watched(name)
        device, key = devices.enrol(
            c, city_id=KAKOGAWA, format=format, external_id=external_id, name=name, interval_s=86_400, now=start
        )
        devices.assign(c, device.id, wearer_id, now=start, from_at=start - timedelta(days=1))
        return device, key, wearer_id

    with_phones = [wearer(f"p{n}", "owntracks", f"phone{n}") for n in range(phones)]
    with_watches = [wearer(f"w{n}", "watch", f"{1000000000 + n}") for n in range(pressers)]
    taggers = [watched(f"t{n}") for n in range(with_tags)]
    return Cast(
        town=here,
        phones=[Phone(device=device, key=key, wearer_id=wearer_id) for device, key, wearer_id in with_phones],
        pressers=[
            Presser(device=device, wearer_id=wearer_id, pressed_at=start + timedelta(seconds=n))
            for n, (device, _key, wearer_id) in enumerate(with_watches)
        ],
        start=start,
        with_tags=taggers,
    )


class Server:
    """The real command in a process of its own, that can be killed at any moment."""

    def __init__(
        self, folder: Path, phones: FcmStandIn, *, log_level: str = "error", output: Path | None = None
    ) -> None:
        self._folder, self._phones, self._log_level, self._output = folder, phones, log_level, output
        self._process: subprocess.Popen[bytes] | None = None
        self.url, self.watch_port = "", 0

    async def start(self) -> None:
        """Starts and waits until it can be reached."""
        ready = self._folder / "ready.json"
        ready.unlink(missing_ok=True)
        environment = {
            **os.environ,
            "MIMAMORI_FCM_CREDENTIALS": str(self._phones.write_credentials(self._folder)),
            "MIMAMORI_FCM_URL": self._phones.url,
            "MIMAMORI_LOG_LEVEL": self._log_level,
            "MIMAMORI_TICK_S": "0.2",
        }
        command = [sys.executable, "-m", "app.cli", "serve", "--data", str(self._folder / "data"), "--port", "0"]
        command += ["--tcp", "watch=0", "--ready-file", str(ready)]
        self._process = self._spawn(command, environment)
        process = self._process

        def is_ready() -> bool:
            assert process.poll() is None, "the server ended by itself"
            return ready.exists()

        await until(is_ready, PATIENCE_S)
        content: dict[str, Any] = msgspec.json.decode(ready.read_bytes())
        self.url, self.watch_port = content["base_url"], content["tcp"]["watch"]

    def _spawn(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """The process, all of whose output is kept where that was asked for."""
        with open(self._output or os.devnull, "ab") as output:
            return subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        """The power of SIGKILL: nothing can be tidied up."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def died(self) -> None:
        """Waits until the killed process is gone."""
        assert self._process is not None
        await asyncio.to_thread(self._process.wait, PATIENCE_S)

    async def stop(self) -> None:
        """Lets it end in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            await self.died()


async def keep_sending(phone: Phone, cast: Cast, server: Server) -> None:
    """Sends places one after the other until the server is gone; what was not answered is sent again next time."""
    async with httpx.AsyncClient(base_url=server.url, headers=credentials(phone)) as client:
        while True:
            try:
                answer = await client.post("/ingest/owntracks", json=place(phone, cast))
            except httpx.HTTPError:
                return
            if answer.status_code == 200:
                taken(phone)


def credentials(phone: Phone) -> dict[str, str]:
    """How it says who it is."""
    user = b64encode(f"{phone.device.external_id}:{phone.key}".encode()).decode()
    return {"Authorization": f"Basic {user}"}


def place(phone: Phone, cast: Cast) -> dict[str, object]:
    """What it says next: the same until it was taken."""
    at = cast.start + timedelta(seconds=phone.sent)
    return {
        "_type": "location", "tst": int(at.timestamp()), "lat": 34.757, "lon": 134.841, "acc": 10, "batt": 80,
        "alt": phone.sent % 50,
    }  # fmt: skip


def taken(phone: Phone) -> None:
    """What it said was acknowledged."""
    phone.acknowledged.add(phone.sent)
    phone.sent += 1


async def press(presser: Presser, server: Server) -> None:
    """Presses SOS and waits for the answer; without one it will be sent again, as watches do."""
    content = at_home("AL", presser.pressed_at, fix="V", status="00010000")
    with suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.watch_port)
        try:
            writer.write(f"[3G*{presser.device.external_id}*{len(content):04X}*{content}]".encode())
            frame = await reader.readuntil(b"]")
            presser.answered = presser.answered or frame.endswith(b"*AL]")
        finally:
            writer.close()
