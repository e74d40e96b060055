"""A town that listens, the service of a browser's maker, and a browser that has subscribed to nothing yet."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from app.config import Settings
from app.embedded import running
from app.kit.clock import ManualClock
from app.server import Site
from tests.browser.chromium import Chromium, a_chromium
from tests.browser.phone import Phone, a_phone
from tests.build import NOW, minutes, town
from tests.waiting import until
from tests.webpush import PushService


@pytest.fixture
def service() -> Iterator[PushService]:
    service = PushService()
    yield service
    service.stop()


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncIterator[Chromium]:
    folder = tmp_path / "browser"
    folder.mkdir()
    async with a_chromium(folder) as chromium:
        yield chromium


@pytest.fixture
async def phone(data_folder: Path, service: PushService, chromium: Chromium) -> AsyncIterator[Phone]:
    """The daughter's phone, with the page of her town open, and nobody signed in."""
    settings = Settings(
        data=str(data_folder), port=0, log_level="error", tick_s=0.1, webpush_contact="mailto:office@example.jp",
        webpush_hosts=service.url,
    )  # fmt: skip
    async with running(settings, ManualClock(NOW)) as one, listening(one.app) as url:
        assert one.database is not None
        here = await one.database.write(lambda c: town(c, NOW - minutes(60)))
        phone = await a_phone(chromium, Site(base_url=url, tcp_ports={}, database=one.database), here, service)
        yield phone
        await phone.page.command("Page.navigate", url="about:blank")  # Else the server waits for its stream of events.


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """The address of an application on loopback. As `app.server` does it, but that also sets up the logs of the whole
    process.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        configuration = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        server = uvicorn.Server(configuration)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.ensure_future(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task
