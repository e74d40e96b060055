"""Google's Firebase library, as we want it to behave.

Imported when the first message is sent, never before: it takes half a second.
"""

import asyncio
import functools
import re
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import firebase_admin
from firebase_admin import _messaging_utils, exceptions
from firebase_admin import messaging as _messaging
from firebase_admin._retry import HttpxRetry
from firebase_admin.credentials import Certificate
from google.auth.credentials import Credentials, TokenState
from google.auth.transport.requests import Request

from app.kit.ids import new_id
from app.push.channels.parcel import Parcel
from app.push.channels.retry_after import seconds_of
from app.push.model import TOLD_TIMES, AddressKind, Level
from app.push.retry import Delivery, Outcome

firebase: Any = firebase_admin  # Its functions have no types.
messaging: Any = _messaging

COLLAPSE_BYTES_MAX = 64
"""APNs refuses a longer apns-collapse-id."""
TTL_MAX = timedelta(days=28)
"""FCM refuses a longer time to live."""
APNS_INTERRUPTION = {Level.URGENT: "time-sensitive", Level.NOTICE: "active", Level.NEWS: "passive"}
NAMES_THE_ADDRESS = re.compile(r"registration token|installation id|\bfid\b", re.IGNORECASE)
OUTCOMES: tuple[tuple[type[exceptions.FirebaseError], Outcome], ...] = (
    (_messaging_utils.UnregisteredError, Outcome.ADDRESS_DEAD),
    # The address belongs to another Firebase project. It is kept: with a wrong service account file every address
    # would answer like this.
    (_messaging_utils.SenderIdMismatchError, Outcome.REFUSED),
    (exceptions.ResourceExhaustedError, Outcome.BUSY),
    # Google's or Apple's keys are not right: somebody can repair that before the message is too old.
    (exceptions.UnauthenticatedError, Outcome.UNAVAILABLE),
    (exceptions.UnavailableError, Outcome.UNAVAILABLE),
    (exceptions.InternalError, Outcome.UNAVAILABLE),
    (exceptions.InvalidArgumentError, Outcome.REFUSED),
    (exceptions.PermissionDeniedError, Outcome.REFUSED),
    (exceptions.NotFoundError, Outcome.REFUSED),
    (exceptions.FailedPreconditionError, Outcome.REFUSED),
    (exceptions.OutOfRangeError, Outcome.REFUSED),
)
"""What an error of the library means for the message.

What is not here is an unknown outcome: timeouts, broken connections, answers nobody can read.
"""


class HeldToken(Credentials):
    """A token that is only held.

    The library asks its credentials to refresh themselves on the event loop, also after every 401; these do not:
    `FcmClient.fetch_token` does, on a thread.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token: str | None = None

    def refresh(self, request: object) -> None:
        """Does nothing: the answer stays 401 and is tried again with a fresh token by our own schedule."""


class FcmClient:
    """One Firebase app of its own. Made and signed in on any thread, used and closed on one event loop."""

    def __init__(self, credentials: str, *, url: str | None, timeout_s: float, critical: bool) -> None:
        certificate: Any = Certificate(credentials)  # type: ignore[no-untyped-call]
        self._account = certificate.get_credential()
        self._held = HeldToken()
        self._timeout_s = timeout_s
        self._critical = critical
        options = {"httpTimeout": timeout_s, "projectId": certificate.project_id}
        self._app = firebase.initialize_app(self._held, options, name=f"mimamori-{new_id()}")
        self._service = messaging._get_messaging_service(self._app)
        if url is not None:
            self._service._fcm_url = f"{url.rstrip('/')}/v1/projects/{certificate.project_id}/messages:send"
        for transport in self._service._async_client._mounts.values():
            # The library would try 500 and 503 again by itself for seven seconds, and the whole round with it.
            transport._retry = HttpxRetry(max_retries=0)

    def needs_token(self) -> bool:
        """Whether the token is missing, refused, or about to end."""
        return self._held.token is None or self._account.token_state is not TokenState.FRESH

    def fetch_token(self) -> None:
        """Signs in at Google; blocks. Raises what the library raises."""
        request = Request()
        try:
            self._account.refresh(functools.partial(request, timeout=self._timeout_s))
        finally:
            request.session.close()
        self._held.token = self._account.token

    async def send(self, parcel: Parcel, now: datetime) -> Delivery:
        """What became of one message."""
        try:
            batch = await messaging.send_each_async([firebase_message(parcel, now, self._critical)], app=self._app)
        except exceptions.FirebaseError as error:  # The library could not read the answer.
            return delivery_of(error, now)
        except ValueError as error:  # The library found that the message cannot be meant; it would find so again.
            return Delivery(outcome=Outcome.REFUSED, error=str(error))
        (response,) = batch.responses
        if response.success:
            return Delivery(outcome=Outcome.SENT, provider_id=response.message_id)
        if response.exception is None:
            return Delivery(outcome=Outcome.UNKNOWN, error="the answer names no message")
        if isinstance(response.exception, exceptions.UnauthenticatedError):
            self._held.token = None
        return delivery_of(response.exception, now)

    async def close(self) -> None:
        """Closes the connections, then forgets the app: the library can do the second only where no event loop runs."""
        await self._service._async_client.aclose()
        await asyncio.to_thread(firebase.delete_app, self._app)


def firebase_message(parcel: Parcel, now: datetime, critical: bool) -> Any:
    """The message as FCM wants it. `critical`: where it is urgent an iPhone sounds also while it is silent.

    Besides the sentence it carries no more than what it is about, its kind, its level, the token by which the app says
    that it was shown, and of an alert how often it had been told, which "escalate" gives back: the app asks for the
    rest. Where the sentence may not be on a locked screen it is in the
    data (`title`, `body`), for the app to show when it is opened: no service can tell a locked phone from an open one.
    """
    message, shown = parcel.message, parcel.shown
    urgent = message.level is Level.URGENT
    collapse = collapse_id(message.about)
    data = {"about": message.about, "kind": message.kind, "level": message.level.value}
    if TOLD_TIMES in message.params:
        data[TOLD_TIMES] = message.params[TOLD_TIMES]
    if shown != parcel.text:
        data |= {"title": parcel.text.title, "body": parcel.text.body}
    addressed = messaging.Message(
        data=data if parcel.receipt is None else {**data, "receipt": parcel.receipt},
        notification=messaging.Notification(title=shown.title, body=shown.body),
        android=messaging.AndroidConfig(
            # No collapse_key: FCM keeps at most four of a phone that is away. The tag makes two messages one where they
            # are shown.
            # High priority must show something, or FCM lowers it for this phone from then on; ours always do.
            priority="high" if urgent else "normal",
            ttl=min(max(message.expires_at - now, timedelta(0)), TTL_MAX),
            notification=messaging.AndroidNotification(
                channel_id=message.level.value,
                tag=collapse,
                priority="max" if urgent else "default",
                default_sound=True,
                # Private is what the phone's own settings hide on a locked screen, public what they need not.
                visibility="public" if message.address.shows_details else "private",
            ),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-priority": "10" if urgent else "5",
                "apns-push-type": "alert",
                "apns-expiration": str(int(message.expires_at.timestamp())),
                "apns-collapse-id": collapse,
            },
            payload=messaging.APNSPayload(aps=_aps(message.level, critical and urgent)),
        ),
    )
    # Set afterwards: as an argument `token` warns of being old, though FCM supports tokens and installation ids
    # side by side.
    setattr(addressed, "token" if message.address.kind is AddressKind.TOKEN else "fid", message.address.value)
    return addressed


def _aps(level: Level, critical: bool) -> Any:
    """What makes an iPhone sound."""
    if not critical:
        return messaging.Aps(sound="default", custom_data={"interruption-level": APNS_INTERRUPTION[level]})
    sound = messaging.CriticalSound("default", critical=True, volume=1.0)
    return messaging.Aps(sound=sound, custom_data={"interruption-level": "critical"})


def collapse_id(about: str) -> str:
    """What makes two messages one on the phone: `about`, or a hash of it where it is longer than Apple takes."""
    return about if len(about.encode()) <= COLLAPSE_BYTES_MAX else sha256(about.encode()).hexdigest()


def delivery_of(error: exceptions.FirebaseError, now: datetime) -> Delivery:
    """What an error of the library means."""
    outcome = next((outcome for kind, outcome in OUTCOMES if isinstance(error, kind)), Outcome.UNKNOWN)
    if isinstance(error, exceptions.InvalidArgumentError) and NAMES_THE_ADDRESS.search(str(error)):
        # 400 stands for many faults of ours too, such as a payload too long: only an address that is named dies of it.
        outcome = Outcome.ADDRESS_DEAD
    retry_after = None if error.http_response is None else error.http_response.headers.get("Retry-After")
    return Delivery(
        outcome=outcome, error=f"{type(error).__name__}: {error}", retry_after_s=seconds_of(retry_after, now)
    )
