"""A whole service on a stage: real sockets, real Firebase client, real SQLite file, and a clock that the story
moves.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts.model import Account
from app.config import Settings
from app.db.engine import Database
from app.embedded import running
from app.kit.clock import ManualClock
from app.simulator.fcm_standin import FcmStandIn
from tests.build import NOW, PASSWORD, Town, town
from tests.contract.push.mailserver import MailServer
from tests.waiting import PATIENCE_S, until

"""How long a story waits for something that must happen; it never waits for something that must not."""


class Receiver(Struct, frozen=True, kw_only=True):
    """A detector at the other end: its id, what it calls itself, its key."""

    id: str
    external_id: str
    key: str


class Watch:
    """A SeTracker watch at the other end of a TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self._reader, self._writer, self.name = reader, writer, name
        self._commands: list[str] = []

    def say(self, content: str) -> None:
        """Sends one frame."""
        self._writer.write(f"[3G*{self.name}*{len(content):04X}*{content}]".encode())

    async def answer(self) -> str:
        """The content of the next frame that the service sends, or of one that came before another answer."""
        return self._commands.pop(0) if self._commands else await self._next()

    async def asked(self, word: str) -> str:
        """The next order of this kind; what else is asked for before it is repeated, as watches do."""
        while (order := await self.answer()).partition(",")[0] != word:
            self.say(order.partition(",")[0])
        return order

    async def _next(self) -> str:
        frame = await asyncio.wait_for(self._reader.readuntil(b"]"), PATIENCE_S)
        return frame.decode().rsplit("*", 1)[1].removesuffix("]")

    async def tell(self, content: str) -> str:
        """Sends one frame that is answered; the answer. What the service asks for meanwhile is repeated, as watches do, and
        kept for `answer`.
        """
        self.say(content)
        word = content.partition(",")[0]
        while (answer := await self._next()).partition(",")[0] != word:
            self._commands.append(answer)
            self.say(answer.partition(",")[0])
        return answer

    async def hang_up(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def at_home(word: str, at: datetime, *, north_m: float = 0.0, status: str = "00000000", fix: str = "A") -> str:
    """The content of a frame with a place so many metres north of the middle of the garden; no place for fix V."""
    lat = 34.757 + north_m / 111_195.0
    place = f"{lat:.6f},N,134.841000,E" if fix == "A" else "0.000000,N,0.000000,E"
    return f"{word},{at:%d%m%y,%H%M%S},{fix},{place},0.5,90.0,12.0,7,80,64,0,0,{status},1,1,440,10,4097,8214,-71,0,15.0"


class Stage:
    """What a story has in its hands."""

    def __init__(
        self, where: Path | str, folder: Path, clock: ManualClock, settings: Mapping[str, Any] | None = None
    ) -> None:
        self.where, self.folder, self.clock, self.settings = where, folder, clock, settings or {}
        self.phones = FcmStandIn()
        self.mail: MailServer | None = None
        self._service = AsyncExitStack()
        self.database: Database
        self.town: Town
        self.http: httpx.AsyncClient
        self.watch_port = 0
        self._watches: list[Watch] = []
        self._seq = 0

    @property
    def now(self) -> datetime:
        return self.clock()

    async def rise(self) -> None:
        """Starts the service."""
        await self._service.enter_async_context(raised(self))

    async def fall(self) -> None:
        """Ends the service. It can rise again on the same database: that is a restart."""
        await self._service.aclose()

    async def pass_by(self, minutes: float) -> datetime:
        """Lets time go by, and what is due by then be done."""
        now = self.clock.pass_by(timedelta(minutes=minutes))
        settings = Settings()
        await self.database.write(lambda c: jobs.run_all(c, settings, now))
        return now

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that must happen."""
        await until(condition)

    async def connect_watch(self) -> Watch:
        """The watch that Hana wears, connected."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.watch_port)
        watch = Watch(reader, writer, self.town.watch.external_id)
        self._watches.append(watch)
        return watch

    async def hang_up(self) -> None:
        """Ends what is still connected."""
        for watch in self._watches:
            await watch.hang_up()

    async def sign_in(self, account: Account) -> httpx.AsyncClient:
        """The app of somebody who is signed in."""
        answer = await self.http.post("/v1/sign-in", json={"email": account.email, "password": PASSWORD})
        assert answer.is_success, answer.text
        return httpx.AsyncClient(
            transport=self.http._transport,
            base_url="http://stage",
            headers={"Authorization": f"Bearer {answer.json()['token']}"},
        )

    async def alerts(self, account: Account) -> list[dict[str, Any]]:
        """The alerts that somebody sees, oldest first."""
        client = await self.sign_in(account)
        answer = await client.get("/v1/alerts")
        assert answer.is_success, answer.text
        return list(reversed(answer.json()["items"]))

    def pushes(self, account: Account) -> list[tuple[str, str]]:
        """Title and text of what reached somebody's phone."""
        return [
            (push.message["notification"]["title"], push.message["notification"]["body"])
            for push in self.phones.received
            if push.token == f"phone-of-{account.email}"
        ]

    async def owntracks(self, external_id: str, key: str, body: dict[str, Any]) -> httpx.Response:
        """What the service answers to a phone with OwnTracks."""
        user = b64encode(f"{external_id}:{key}".encode()).decode()
        return await self.http.post("/ingest/owntracks", json=body, headers={"Authorization": f"Basic {user}"})

    async def until_known(self, external_id: str, key: str) -> None:
        """Waits until the edge knows a phone that was enrolled: a change reaches it right after its commit."""

        async def is_known() -> bool:
            return (await self.owntracks(external_id, key, {"_type": "lwt", "tst": 1})).status_code != 401

        await until(is_known)

    async def gateway(
        self,
        detector: Receiver,
        items: Sequence[Mapping[str, Any]] = (),
        *,
        sent_at: datetime | None = None,
        **more: Any,
    ) -> httpx.Response:
        """What the service answers to a detector of our own form that sends what it heard; its clock is right unless
        it says another time.
        """
        self._seq += 1
        body = {"detector": detector.external_id, "seq": self._seq, "items": list(items)}
        body["sent_at"] = (sent_at or self.now).isoformat()
        return await self.post_gateway(detector, json.dumps(body | more).encode())

    async def post_gateway(self, detector: Receiver, body: bytes) -> httpx.Response:
        """What the service answers to these bytes of a detector."""
        headers = {"Authorization": f"Bearer {detector.key}"}
        return await self.http.post("/ingest/gateway", content=body, headers=headers)

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        """Does something in the office, in one transaction."""
        return await self.database.write(work)


@asynccontextmanager
async def raised(stage: Stage) -> AsyncIterator[None]:
    """The service of a stage, running; it can be raised again on the same database, as after a restart."""
    settings = Settings(
        data=str(stage.folder / "data"),
        database=stage.where if isinstance(stage.where, str) else "",
        tcp={"watch": 0},
        fcm_credentials=str(stage.phones.write_credentials(stage.folder)),
        fcm_url=stage.phones.url,
        tick_s=0.2,
        **with_mail(stage.mail),
        **stage.settings,
    )
    async with running(settings, stage.clock) as service:
        stage.database = service.database
        stage.watch_port = service.tcp_ports["watch"]
        transport = httpx.ASGITransport(app=service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://stage") as stage.http:
            yield


def with_mail(server: MailServer | None) -> dict[str, Any]:
    """The settings by which letters go through this server; none without one."""
    if server is None:
        return {}
    return {
        "smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none",
        "mail_from": "見守りサービス <mimamori@stage.example>", "public_url": "http://stage",
    }  # fmt: skip


@asynccontextmanager
async def a_stage(
    where: Path | str, folder: Path, start: datetime = NOW, mail: MailServer | None = None, **settings: Any
) -> AsyncIterator[Stage]:
    """A running service with the small town in it, on the database that is `folder`'s `data` or a URL."""
    stage = Stage(where, folder, ManualClock(start), settings)
    stage.mail = mail
    stage.phones.start()
    async with AsyncExitStack() as stack:
        stack.callback(stage.phones.stop)
        await stage.rise()
        stack.push_async_callback(stage.fall)
        stack.push_async_callback(stage.hang_up)
        stage.town = await stage.database.write(lambda c: town(c, start))
        await registered(stage)
        yield stage


async def registered(stage: Stage) -> None:
    """Waits until the edge knows the devices: a change reaches it right after its commit."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            watch = await stage.connect_watch()
            watch.say("TKQ")
            try:
                await watch.answer()
            except asyncio.IncompleteReadError:
                continue
            finally:
                await watch.hang_up()
            return
