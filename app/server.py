"""A listening web server around the embedded service, and the first accounts of an installation."""

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import uvicorn
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role
from app.asgi import configure_logs
from app.asgi.joined import JoinedHttp
from app.config import Settings
from app.db.engine import Database, transaction_of
from app.embedded import running
from app.kit.clock import Clock, system_clock
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import CityId, new_secret
from app.migrations.run import upgrade
from app.parts import Service

GARBAGE_THRESHOLD = 200_000
"""Objects made and not yet freed before the collector looks at the youngest of them (Python's own: 700)."""

CLOSE_S = 5
"""Seconds that open requests and live streams get to end when the service is stopped."""

DEMO_CITY = CityId(282103)


Process = Callable[[Settings, Clock], AbstractAsyncContextManager[Service]]
"""What runs behind a listening server."""


class Site(Struct, kw_only=True):
    """A service that can be reached."""

    base_url: str
    tcp_ports: dict[str, int]
    database: Database | None


@asynccontextmanager
async def serving(
    settings: Settings, clock: Clock = system_clock, run: Process = running, listener: socket.socket | None = None
) -> AsyncIterator[Site]:
    """The service, or one process of it, listening; when the block ends, open requests are let finish and everything is
    closed. Whoever must know a free port earlier than that hands over a `listener`.
    """
    configure_logs(settings.log_level)
    async with run(settings, clock) as service:
        listener = listener or bound(settings.host, settings.port)
        configuration = uvicorn.Config(
            service.app, log_config=None, access_log=False, lifespan="on", server_header=False,
            timeout_graceful_shutdown=CLOSE_S, http=JoinedHttp, backlog=2048,
            forwarded_allow_ips=settings.trusted_proxies,
        )  # fmt: skip
        server = uvicorn.Server(configuration)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # The command listens for them.
        task = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not server.started and not task.done():
            await asyncio.wait({task}, timeout=0.01)
        if task.done():
            task.result()
        settle_memory()
        yield Site(base_url=url_of(listener), tcp_ports=service.tcp_ports, database=service.database)
        server.should_exit = True
        await task


def settle_memory() -> None:
    """Takes what was loaded at the start out of the collector's sight and lets it look less often: what the hot path
    makes lives for one transaction and holds no cycles."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


def url_of(listener: socket.socket) -> str:
    """Where a bound socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def bound(host: str, port: int) -> socket.socket:
    """A bound socket, so that a free port (0) is known before anybody is told."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def write_ready(file: Path, content: Mapping[str, object]) -> None:
    """Writes `content` as JSON in one move, so that a script that waits for the file never reads half of it."""
    part = file.with_suffix(file.suffix + ".part")
    part.write_bytes(msgspec.json.encode(content))
    os.replace(part, file)


def make_account(
    settings: Settings,
    *,
    email: str,
    name: str,
    role: str,
    city_id: int,
    city_name: str | None,
    city_phone: str | None = None,
    password: str,
    vendor: str | None = None,
) -> None:
    """Adds an account, and its city when `city_name` is given and it is not there. Raises `InvalidInput`, `Conflict`,
    `NotFound`.
    """
    if role not in list(Role):
        raise InvalidInput(f"There is no role {role!r}; there are {', '.join(Role)}.", "role")
    now = system_clock()
    with transaction_of(settings) as connection:
        upgrade(connection)
        try:
            accounts.city(connection, CityId(city_id))
        except NotFound:
            if city_name is None:
                raise InvalidInput("There is no such city yet; give --city-name to make it.", "city") from None
            accounts.create_city(
                connection, city_id=CityId(city_id), name=city_name, zone=settings.zone, phone=city_phone, now=now
            )
        accounts.create_account(
            connection, city_id=CityId(city_id), email=email, name=name, role=Role(role), password=password,
            vendor=vendor, now=now,
        )  # fmt: skip


async def first_administrator(database: Database, now: datetime) -> str:
    """A token of an administrator made for a fresh demo town."""
    password = new_secret()
    email = "administrator@demo.example"

    def work(connection: Connection) -> str:
        accounts.create_city(
            connection, city_id=DEMO_CITY, name="デモ市", zone="Asia/Tokyo", phone="079-000-0000", now=now
        )
        accounts.create_account(
            connection,
            city_id=DEMO_CITY,
            email=email,
            name="管理者",
            role=Role.ADMINISTRATOR,
            password=password,
            now=now,
        )
        token, _viewer = accounts.sign_in(connection, email, password, "demo", "demo", now, days=1)
        return token

    return await database.write(work)
