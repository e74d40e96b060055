"""Gateways of SMS, voice and LINE. Each is asked by itself (`prefixes`): one that is away holds up no other.

The hosts are exactly those of the settings: an address says through which gateway, never where that is.
"""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from app.config import Settings, detector_secret
from app.kit.clock import Clock, monotonic_s
from app.push import codes
from app.push.channels.parcel import Parcel
from app.push.channels.webhook.gateways import body_of, delivery_of, gateway_of, prefix_of
from app.push.channels.webhook.posting import Poster
from app.push.channels.webhook.signing import gateway_secret
from app.push.codes import Codes
from app.push.retry import Delivery, Outcome

AT_ONCE_MAX = 20
"""Messages on their way to one gateway at the same time."""
ROUND_S_MAX = 18.0
"""A round ends then, within what `deliver` waits for it: else answers that came would be lost with those that did
not.
"""
TO = "to"
"""Under which of the keys of an address it stands what the gateway calls the recipient."""


def open_sender(settings: Settings, clock: Clock) -> "GatewaySender | None":
    """The channel as the settings want it; None without a gateway."""
    if not settings.gateways:
        return None
    return GatewaySender(
        settings.gateways, detector_secret(settings), clock, timeout_s=settings.push_timeout_s,
        public_url=settings.public_url,
    )  # fmt: skip


class GatewaySender:
    """Sends through gateways, named with their addresses. `secret` is the installation's, `public_url` where people
    reach us.
    """

    def __init__(
        self,
        gateways: Mapping[str, str],
        secret: bytes,
        clock: Clock,
        *,
        timeout_s: float,
        public_url: str | None = None,
    ) -> None:
        self._urls = dict(gateways)
        self._secrets = {name: gateway_secret(secret, name) for name in gateways}
        self._codes = Codes(secret)
        self._clock = clock
        self._public_url = public_url
        self._timeout_s = min(timeout_s, ROUND_S_MAX / 2)
        self._poster = Poster(self._timeout_s)

    @property
    def prefixes(self) -> Sequence[str]:
        """With what the values of the addresses of each gateway begin."""
        return [prefix_of(name) for name in self._urls]

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        """What became of each parcel, in order. Those that no time is left for are not tried."""
        gate, last_start_s = asyncio.Semaphore(AT_ONCE_MAX), monotonic_s() + ROUND_S_MAX - self._timeout_s

        async def in_turn(parcel: Parcel) -> Delivery:
            async with gate:
                if monotonic_s() > last_start_s:
                    return Delivery(outcome=Outcome.UNAVAILABLE, error="not tried: the gateway takes too long")
                return await self._send_one(parcel)

        return await asyncio.gather(*(in_turn(parcel) for parcel in parcels))

    async def _send_one(self, parcel: Parcel) -> Delivery:
        address = parcel.message.address
        name, to = gateway_of(address.value), address.keys.get(TO)
        url = self._urls.get(name)
        if url is None or to is None:
            return Delivery(outcome=Outcome.REFUSED, error=f"there is no gateway {name[:20]!r}, or nobody behind it")
        message = parcel.message
        if message.kind == codes.KIND:
            parcel = replace(parcel, text=self._codes.filled(parcel.text, address.id, message.created_at))
        body = body_of(parcel, to, self._public_url)
        answer = await self._poster.post(url, self._secrets[name], str(message.id), body, self._clock())
        return answer if isinstance(answer, Delivery) else delivery_of(answer)

    async def close(self) -> None:
        """Lets go of the connections."""
        await self._poster.close()
