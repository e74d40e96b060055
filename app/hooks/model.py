"""A vendor's hook, and what became of a delivery."""

from datetime import datetime

from msgspec import Struct

from app.kit.ids import AccountId, HookId


class Hook(Struct, frozen=True, kw_only=True):
    """Where a vendor wants its feed. `cursor` is the number of the last row of the feed that was taken there; `turn` is
    another one each time that somebody is about to post; `off_at` is when it was given up.
    """

    id: HookId
    account_id: AccountId
    url: str
    cursor: int
    turn: int
    created_at: datetime
    next_at: datetime
    failures: int = 0
    failed_since: datetime | None = None
    error: str | None = None
    delivered_at: datetime | None = None
    off_at: datetime | None = None


class Result(Struct, frozen=True, kw_only=True):
    """What became of a delivery: taken when there is no `error`. `gone`: whoever answered wants nothing more."""

    error: str | None = None
    gone: bool = False
    retry_after_s: float | None = None


class Errand(Struct, frozen=True, kw_only=True):
    """A part of the feed on its way: the hook as it is in this turn, the body, and where the feed goes on from it."""

    hook: Hook
    message_id: str
    body: bytes
    next: int
