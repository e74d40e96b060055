"""Posts what is due at the hooks of vendors. A hook is with one process at a time, and one that hangs holds up no
other.

A crash at any line leaves the cursor where it was: the same part is posted again when its hold has run out.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog

from app.config import Settings
from app.db.engine import Database
from app.hooks import service
from app.hooks.model import Errand, Hook, Result
from app.hooks.pacing import POLL_S
from app.kit.clock import Clock
from app.push.channels.listed import origin_of
from app.push.channels.webhook.posting import Poster
from app.push.channels.webhook.signing import hook_secret
from app.push.retry import Delivery

log = structlog.get_logger()

AT_ONCE_MAX = 20
POST_S_MAX = 20.0
assert POST_S_MAX < service.HOLD_S / 2
STOP_S_MAX = 5.0
GONE = 410


async def post(
    poster: Poster, hook: Hook, hosts: str, secret: bytes, message_id: str, body: bytes, now: datetime
) -> Result:
    """What became of one POST to a hook. Its host must still be allowed; `secret` is the installation's."""
    if origin_of(hook.url, hosts) is None:
        return Result(error="its host is not allowed any more (setting webhook_hosts)")
    answer = await poster.post(hook.url, hook_secret(secret, hook.id), message_id, body, now)
    if isinstance(answer, Delivery):
        return Result(error=answer.error)
    if 200 <= answer.status < 300:
        return Result()
    error = f"HTTP {answer.status}"
    return Result(error=error, gone=answer.status == GONE, retry_after_s=answer.retry_after_s)


class HookDeliverer:
    """Looks for what is due every `POLL_S` at least. No failure ends it but `stop`."""

    def __init__(
        self, database: Database, settings: Settings, secret: bytes, clock: Clock, *, poll_s: float = POLL_S
    ) -> None:
        self._database, self._clock, self._poll_s = database, clock, poll_s
        self._hosts, self._secret = settings.webhook_hosts, secret
        self._poster = Poster(min(settings.push_timeout_s, POST_S_MAX))
        self._wake = asyncio.Event()
        self._going: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self.looks = 0

    def start(self) -> None:
        """Begins on the running event loop."""
        assert self._task is None, "it is started once"
        self._task = asyncio.create_task(self._run(), name="mimamori-hooks")

    async def stop(self) -> None:
        """Takes nothing more, waits a little for what is under way, then breaks it off: it is posted again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._going:
            await asyncio.wait(self._going, timeout=STOP_S_MAX)
            for task in self._going:
                task.cancel()
            await asyncio.gather(*self._going, return_exceptions=True)
        await self._poster.close()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._send_due()
                self.looks += 1
            except Exception as error:  # The store is full, locked or gone: whatever it is, the next turn comes.
                log.error("hooks_not_looked_at", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()

    async def _send_due(self) -> None:
        """Sends off everything that is due, as far as there is room."""
        while len(self._going) < AT_ONCE_MAX:
            if not await self._database.read(lambda connection: service.is_due(connection, self._clock())):
                return
            taken = await self._database.write(lambda connection: service.take(connection, self._clock()))
            if taken is None:  # Another process was quicker, or its owner may not read the feed.
                return
            if isinstance(taken, Errand):
                task = asyncio.create_task(self._deliver(taken), name="mimamori-hook")
                self._going.add(task)
                task.add_done_callback(self._done)

    async def _deliver(self, errand: Errand) -> None:
        result = await post(
            self._poster, errand.hook, self._hosts, self._secret, errand.message_id, errand.body, self._clock()
        )
        now = self._clock()
        hook = await self._database.write(lambda connection: service.settle(connection, errand, result, now))
        if result.error is not None:
            is_off = hook is not None and hook.off_at is not None
            log.warning("hook_failed", hook=str(errand.hook.id), error=result.error, given_up=is_off)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._going.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hook_not_settled", error=type(error).__name__)
