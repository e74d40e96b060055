"""What a browser needs to be reached by Web Push, and what is asked of what it gives."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.permissions import Action
from app.config import Settings
from app.kit.errors import InvalidInput

Key = Annotated[str, Meta(min_length=1, max_length=200)]


class SubscriptionKeys(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a message for this browser is sealed with, as `PushSubscription.toJSON()` gives it."""

    p256dh: Annotated[Key, Meta(description="public key: base64url of a point on P-256, uncompressed, 65 bytes")]
    auth: Annotated[Key, Meta(description="secret: base64url of 16 bytes")]


class PushKey(Struct, kw_only=True, frozen=True):
    """Who sends, for `PushManager.subscribe`."""

    key: Annotated[str | None, Meta(description="`applicationServerKey`; null where Web Push is not set up")]


@get(
    "/v1/push/key",
    guards=[May(Action.SELF)],
    operation_id="push_key",
    summary="The key that a browser subscribes to",
    tags=["me"],
)
async def push_key(settings: NamedDependency[Settings], detector_secret: NamedDependency[bytes]) -> PushKey:
    """The public key with which this service signs what it sends by Web Push (VAPID, RFC 8292). Everybody may."""
    if settings.webpush_contact is None:
        return PushKey(key=None)
    # Loaded when it is first needed: a start must not wait for cryptography.
    from app.push.channels.webpush.vapid import public_key_of

    return PushKey(key=public_key_of(detector_secret))


def checked_keys(settings: Settings, kind: str, value: str, keys: SubscriptionKeys | None) -> dict[str, str]:
    """The keys of a subscription that may be sent to. Raises `InvalidInput`."""
    from app.push.channels.webpush.subscription import read_subscription

    if settings.webpush_contact is None:
        raise InvalidInput("Web Push is not set up here (setting webpush_contact).", "channel")
    if kind != "subscription":
        raise InvalidInput("What Web Push reaches is a subscription.", "kind")
    if keys is None:
        raise InvalidInput("A subscription has the keys p256dh and auth.", "keys")
    given = {"p256dh": keys.p256dh, "auth": keys.auth}
    read_subscription(value, given, settings.webpush_hosts)
    return given


ROUTES: list[HTTPRouteHandler] = [push_key]
