"""A vendor's hook: where its feed is posted by itself."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.config import Settings
from app.db.engine import Database
from app.db.page import Cursor
from app.history.service import serial_of
from app.hooks import deliver, service
from app.hooks.model import Hook, Result
from app.kit.clock import Clock
from app.kit.errors import TooMany
from app.kit.ids import new_id
from app.push.channels.webhook.posting import Poster
from app.push.channels.webhook.signing import hook_secret


class HookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the feed is to be posted, and from where on: after `next` of the feed, else where the hook before was."""

    url: Annotated[str, Meta(min_length=1, max_length=2000, description="https, at a host that this service allows")]
    after: Cursor | None = None


class HookShown(Struct, frozen=True, kw_only=True):
    """A hook, and how it is; all null where there is none."""

    url: str | None = None
    created_at: datetime | None = None
    delivered_at: Annotated[datetime | None, Meta(description="when a part of the feed was last taken")] = None
    failed_since: Annotated[datetime | None, Meta(description="since when nothing was taken")] = None
    error: Annotated[str | None, Meta(description="why, the last time")] = None
    next_at: Annotated[datetime | None, Meta(description="when it is tried again")] = None
    off_at: Annotated[datetime | None, Meta(description="when it was given up: set it up anew, or test it")] = None


class HookMade(Struct, frozen=True, kw_only=True):
    """A hook that was set up. The secret is shown this once."""

    url: str
    secret: Annotated[str, Meta(description="whsec_…, as libraries of Standard Webhooks want it")]
    created_at: datetime


class HookTested(Struct, frozen=True, kw_only=True):
    """What became of a test."""

    ok: bool
    error: str | None = None


@put(
    "/v1/me/hook",
    guards=[May(Action.FEED_WRITE)],
    operation_id="set_up_hook",
    summary="Have the feed posted",
    tags=["hook"],
)
async def set_up_hook(
    viewer: NamedDependency[Viewer],
    data: JSONBody[HookBody],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    detector_secret: NamedDependency[bytes],
    clock: NamedDependency[Clock],
) -> HookMade:
    """From now on the vendor's feed is posted there, signed (Standard Webhooks), part by part in its order. The next
    part comes when the one before was answered with 2xx; what fails is tried again after 5 s, then later and later, for
    five days. Again makes a new secret. For vendors of tags.
    """
    now, after = clock(), serial_of(data.after)
    hook = await database.write(lambda c: service.set_up(c, viewer, data.url, settings.webhook_hosts, after, now))
    return HookMade(url=hook.url, secret=hook_secret(detector_secret, hook.id), created_at=hook.created_at)


@get(
    "/v1/me/hook",
    guards=[May(Action.FEED_READ)],
    operation_id="show_hook",
    summary="How one's hook is",
    tags=["hook"],
)
async def show_hook(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> HookShown:
    """Where the feed is posted, when it was last taken there, and what is wrong if it is not. For vendors of tags."""
    return _shown(await database.read(lambda c: service.hook_of(c, viewer)))


@delete(
    "/v1/me/hook",
    guards=[May(Action.FEED_WRITE)],
    operation_id="remove_hook",
    summary="Have the feed posted no more",
    tags=["hook"],
)
async def remove_hook(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> None:
    """Ends the hook; the feed can still be read. For vendors of tags."""
    await database.write(lambda c: service.remove(c, viewer))


@post(
    "/v1/me/hook/test",
    status_code=200,
    guards=[May(Action.FEED_WRITE)],
    operation_id="test_hook",
    summary="Try one's hook out",
    tags=["hook"],
    raises_problems=[TooMany],
)
async def test_hook(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    detector_secret: NamedDependency[bytes],
    clock: NamedDependency[Clock],
) -> HookTested:
    """Posts `{"type": "test"}` to the hook and says what it answered; once a minute. A hook that was given up and
    answers with 2xx goes on from where it was. For vendors of tags.
    """
    now = clock()
    hook = await database.write(lambda c: service.begin_test(c, viewer, now))
    if hook is None:
        return HookTested(ok=False, error="There is no hook.")
    result = await _try_out(hook, settings, detector_secret, now)
    await database.write(lambda c: service.end_test(c, hook, result, now))
    return HookTested(ok=result.error is None, error=result.error)


async def _try_out(hook: Hook, settings: Settings, secret: bytes, now: datetime) -> Result:
    poster = Poster(min(settings.push_timeout_s, deliver.POST_S_MAX))
    body = msgspec.json.encode({"type": "test", "timestamp": now, "data": {}})
    try:
        return await deliver.post(poster, hook, settings.webhook_hosts, secret, str(new_id()), body, now)
    finally:
        await poster.close()


def _shown(hook: Hook | None) -> HookShown:
    if hook is None:
        return HookShown()
    return HookShown(
        url=hook.url,
        created_at=hook.created_at,
        delivered_at=hook.delivered_at,
        failed_since=hook.failed_since,
        error=hook.error,
        next_at=None if hook.off_at is not None else hook.next_at,
        off_at=hook.off_at,
    )


ROUTES: list[HTTPRouteHandler] = [set_up_hook, show_hook, remove_hook, test_hook]
