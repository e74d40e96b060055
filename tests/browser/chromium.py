"""A real Chromium without a window, spoken to over two pipes (Chrome DevTools Protocol). `make setup` puts it in place."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_S, until

PLACE = Path(__file__).parents[2] / ".browser"
OTHER = "MIMAMORI_TEST_CHROMIUM"
"""Names another browser, where ours does not run (it is for Linux on x86-64)."""
FLAGS = (
    "--headless", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe", "--lang=ja",
)  # fmt: skip
# The browser reads commands from descriptor 3 and writes to 4, whatever ours are called.
LAUNCH = (
    "import fcntl, os, sys; r, w = (fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]); "
    "os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
MESSAGE_BYTES_MAX = 64 * 1024 * 1024


class Refused(Exception):
    """The browser answered that it cannot, or a script in it threw."""


class Chromium:
    """One browser, all its pages and workers."""

    def __init__(self, reader: asyncio.StreamReader, write_to: int) -> None:
        self._reader, self._write_to = reader, write_to
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self.events: list[dict[str, Any]] = []
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
                asked = self._asked.pop(message.get("id", 0), None)
                if asked is None:
                    self.events.append(message)
                elif "error" in message:
                    asked.set_exception(Refused(message["error"]["message"]))
                else:
                    asked.set_result(message["result"])

    async def command(self, method: str, session: str | None = None, **params: Any) -> Any:
        """What the browser answers. Raises `Refused`."""
        number = next(self._numbers)
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write_to, json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(PATIENCE_S):
            return await asked

    async def close(self) -> None:
        self._listening.cancel()
        await asyncio.wait([self._listening])


class Script:
    """A place in the browser where scripts run: a page, or a worker."""

    def __init__(self, chromium: Chromium, session: str) -> None:
        self.chromium, self.session = chromium, session

    async def run(self, expression: str) -> Any:
        """The value of an expression, awaited there. Raises `Refused` with what was thrown."""
        answer = await self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            raise Refused(thrown.get("exception", {}).get("description", thrown["text"]))
        return answer["result"].get("value")

    async def command(self, method: str, **params: Any) -> Any:
        return await self.chromium.command(method, self.session, **params)

    async def until(self, expression: str) -> Any:
        """Waits until the expression is true; its value."""
        return await until(lambda: self.run(expression))


@asynccontextmanager
async def a_chromium(folder: Path) -> AsyncIterator[Chromium]:
    """A browser with a fresh profile in `folder`, until the block ends."""
    program = Path(os.environ.get(OTHER, PLACE / "chromium"))
    assert await asyncio.to_thread(program.exists), "`make setup` puts a browser into .browser"
    (their_end, write_to), (read_from, their_other) = os.pipe(), os.pipe()
    ends = (str(their_end), str(their_other))
    environment = {**os.environ, "HOME": str(folder), "LD_LIBRARY_PATH": str(PLACE / "lib")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LAUNCH, *ends, str(program), *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank",
        pass_fds=(their_end, their_other), env=environment, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(their_end)
    os.close(their_other)
    reader = asyncio.StreamReader(limit=MESSAGE_BYTES_MAX)
    pipe = os.fdopen(read_from, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    chromium = Chromium(reader, write_to)
    try:
        yield chromium
    finally:
        await chromium.close()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        transport.close()
        os.close(write_to)


async def open_page(chromium: Chromium, *scripts: str) -> Script:
    """An empty page in which each document first runs the `scripts`."""
    target = (await chromium.command("Target.createTarget", url="about:blank"))["targetId"]
    session = (await chromium.command("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
    page = Script(chromium, session)
    for domain in ("Page", "Runtime", "Network", "ServiceWorker"):
        await page.command(f"{domain}.enable")
    for script in scripts:
        await page.command("Page.addScriptToEvaluateOnNewDocument", source=script)
    return page
