"""Our own client of push services. Imported when the first message is sent: httpx takes a tenth of a second."""

from collections.abc import Mapping
from datetime import datetime

import httpx

from app.kit.errors import InvalidInput
from app.push.channels.parcel import Parcel
from app.push.channels.webpush.answers import delivery_of
from app.push.channels.webpush.encryption import encrypt
from app.push.channels.webpush.payload import headers_of, payload_of
from app.push.channels.webpush.subscription import Subscription, read_subscription
from app.push.channels.webpush.vapid import Signer
from app.push.retry import Delivery, Outcome

BEGINNING_BYTES = 400
"""So much of an answer is read at most."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class WebPushClient:
    """Sends as one installation to the services that `hosts` names. Made on any thread, used on one event loop."""

    def __init__(self, secret: bytes, contact: str, *, hosts: str, timeout_s: float, at_once_max: int) -> None:
        self._signer = Signer(secret, contact)
        self._hosts = hosts
        # Whom the machine believes: a town may have an authority of its own. And the well-known ones where it has none.
        trusted = httpx.create_ssl_context(trust_env=False)
        trusted.load_default_certs()
        self._http = httpx.AsyncClient(
            follow_redirects=False,
            verify=trusted,
            # To connect takes half of the time at most, so that "nobody there" and "no answer" stay apart.
            timeout=httpx.Timeout(timeout_s, connect=timeout_s / 2),
            limits=httpx.Limits(max_connections=at_once_max, max_keepalive_connections=at_once_max),
            # Without TLS we speak only to loopback, and never through the proxy of the environment.
            mounts={"http://": None},
        )

    async def send(self, parcel: Parcel, now: datetime) -> Delivery:
        """What became of one message."""
        address = parcel.message.address
        try:
            subscription = read_subscription(address.value, address.keys, self._hosts)
        except InvalidInput as error:  # The list of hosts is another one than when it was registered.
            return Delivery(outcome=Outcome.REFUSED, error=error.detail)
        body = encrypt(payload_of(parcel, now), public_key=subscription.public_key, auth=subscription.auth)
        headers = {
            **headers_of(parcel.message, now),
            "Authorization": self._signer.authorization(subscription.origin, now),
        }
        try:
            return await self._post(subscription, headers, body, now)
        except NOT_SENT as error:
            return Delivery(outcome=Outcome.UNAVAILABLE, error=type(error).__name__)
        except httpx.HTTPError as error:  # It may have arrived: a broken connection, an answer that is no HTTP.
            return Delivery(outcome=Outcome.UNKNOWN, error=type(error).__name__)

    async def _post(
        self, subscription: Subscription, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Delivery:
        async with self._http.stream("POST", subscription.endpoint, headers=headers, content=body) as response:
            beginning = b""
            async for part in response.aiter_raw(BEGINNING_BYTES):
                beginning += part
                if len(beginning) >= BEGINNING_BYTES:
                    break
            text = " ".join(beginning[:BEGINNING_BYTES].decode("utf-8", "replace").split())
            answered = {name.lower(): value for name, value in response.headers.items()}
            return delivery_of(response.status_code, answered, text, now)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()
