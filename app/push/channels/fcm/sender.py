"""Firebase Cloud Messaging: push to Android and iOS apps, through Google's own client library.

The library is heavy (half a second) and is loaded with the first message, on a thread. What it does on its own is
held back in `client`: it would sleep and try again inside a call, where no row would tell of it, and fetch
OAuth tokens on the event loop. The schedule of attempts is `retry`'s.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from app.config import Settings
from app.kit.clock import Clock
from app.push.channels.parcel import Parcel
from app.push.retry import Delivery, Outcome

if TYPE_CHECKING:
    from app.push.channels.fcm.client import FcmClient

log = structlog.get_logger()

READY_S_MAX = 10.0
"""How long one round waits for the library to load and to sign in."""
AT_ONCE_MAX = 100
"""Messages on their way at the same time."""


def open_sender(settings: Settings, clock: Clock) -> "FcmSender | None":
    """The channel as the settings want it; None without a service account."""
    if settings.fcm_credentials is None:
        return None
    return FcmSender(
        settings.fcm_credentials, clock, url=settings.fcm_url, timeout_s=settings.push_timeout_s,
        critical=settings.fcm_critical,
    )  # fmt: skip


class FcmSender:
    """Sends over FCM as one service account. Everything happens on the event loop of the first `send`. `critical`: the
    iOS app may sound in silent mode.
    """

    def __init__(
        self, credentials: str, clock: Clock, *, url: str | None, timeout_s: float, critical: bool = False
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._url = url
        self._timeout_s = timeout_s
        self._critical = critical
        self._client: FcmClient | None = None
        self._preparing: asyncio.Task[FcmClient] | None = None

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        """What became of each parcel, in order."""
        try:
            client = await self._ready()
        except Exception as error:
            # A file that cannot be read, a sign-in refused, no network: nothing was sent, all of it can be tried
            # again.
            log.error("fcm_not_ready", error=type(error).__name__)
            failure = Delivery(
                outcome=Outcome.UNAVAILABLE, error=f"FCM cannot be used: {type(error).__name__}: {error}"
            )
            return [failure] * len(parcels)
        deliveries: list[Delivery] = []
        for start in range(0, len(parcels), AT_ONCE_MAX):
            chunk = parcels[start : start + AT_ONCE_MAX]
            deliveries += await asyncio.gather(*(self._send_one(client, parcel) for parcel in chunk))
        return deliveries

    async def _send_one(self, client: "FcmClient", parcel: Parcel) -> Delivery:
        """One call a message: when the library cannot read one answer of a batch it throws away the answers to all of
        it.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await client.send(parcel, self._clock())
        except TimeoutError:
            return Delivery(outcome=Outcome.UNKNOWN, error="no answer in time")

    async def _ready(self) -> "FcmClient":
        """The client with a token that is good for some minutes.

        Loading and signing in run on a thread, once for everybody who waits.
        """
        if self._preparing is None and (self._client is None or self._client.needs_token()):
            self._preparing = asyncio.create_task(asyncio.to_thread(self._prepare))
            self._preparing.add_done_callback(self._prepared)
        if self._preparing is not None:
            async with asyncio.timeout(READY_S_MAX):
                return await asyncio.shield(self._preparing)
        assert self._client is not None
        return self._client

    def _prepare(self) -> "FcmClient":
        from app.push.channels.fcm.client import FcmClient

        client = self._client or FcmClient(
            self._credentials, url=self._url, timeout_s=self._timeout_s, critical=self._critical
        )
        self._client = client
        client.fetch_token()
        return client

    def _prepared(self, task: "asyncio.Task[FcmClient]") -> None:
        self._preparing = None
        if not task.cancelled():
            task.exception()  # Whoever still waits hears it; asked for here, so that nobody waiting is no warning.

    async def close(self) -> None:
        """Closes the connections and forgets the Firebase app."""
        if self._preparing is not None:
            await asyncio.wait([self._preparing], timeout=self._timeout_s)
        if self._client is not None:
            await self._client.close()
            self._client = None
