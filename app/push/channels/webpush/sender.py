"""Web Push: browsers, and apps that are installed from one, over the services of the browsers' makers. Each is asked by
itself (`prefixes`): one that is away holds up no other.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.config import Settings, detector_secret
from app.kit.clock import Clock
from app.push.channels.listed import prefixes_of
from app.push.channels.parcel import Parcel
from app.push.retry import Delivery, Outcome

if TYPE_CHECKING:
    from app.push.channels.webpush.client import WebPushClient

AT_ONCE_MAX = 100
"""Messages on their way at the same time: all of one round, so that a service that hangs holds up no other."""


def open_sender(settings: Settings, clock: Clock) -> "WebPushSender | None":
    """The channel as the settings want it; None without somebody whom services can reach."""
    if settings.webpush_contact is None:
        return None
    return WebPushSender(
        detector_secret(settings),
        settings.webpush_contact,
        clock,
        hosts=settings.webpush_hosts,
        timeout_s=settings.push_timeout_s,
    )


class WebPushSender:
    """Sends as one installation. Everything happens on the event loop of the first `send`."""

    def __init__(self, secret: bytes, contact: str, clock: Clock, *, hosts: str, timeout_s: float) -> None:
        self._secret = secret
        self._contact = contact
        self._clock = clock
        self._hosts = hosts
        self._timeout_s = timeout_s
        self._opening = asyncio.Lock()
        self._client: WebPushClient | None = None

    @property
    def prefixes(self) -> Sequence[str]:
        """With what the addresses at each of the services begin."""
        return prefixes_of(self._hosts)

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        """What became of each parcel, in order."""
        client = await self._opened()
        deliveries: list[Delivery] = []
        for start in range(0, len(parcels), AT_ONCE_MAX):
            chunk = parcels[start : start + AT_ONCE_MAX]
            deliveries += await asyncio.gather(*(self._send_one(client, parcel) for parcel in chunk))
        return deliveries

    async def _send_one(self, client: "WebPushClient", parcel: Parcel) -> Delivery:
        try:
            # The client's own time is for each part of an answer: one that comes byte by byte would never end.
            async with asyncio.timeout(self._timeout_s):
                return await client.send(parcel, self._clock())
        except TimeoutError:
            return Delivery(outcome=Outcome.UNKNOWN, error="no answer in time")

    async def _opened(self) -> "WebPushClient":
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._open)
            return self._client

    def _open(self) -> "WebPushClient":
        """Loads what it needs, with the certificates, which takes too long for the event loop."""
        from app.push.channels.webpush.client import WebPushClient

        return WebPushClient(
            self._secret, self._contact, hosts=self._hosts, timeout_s=self._timeout_s, at_once_max=AT_ONCE_MAX
        )

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
