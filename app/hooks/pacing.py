"""When a hook is tried again, and when it is given up. Pure."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from app.hooks.model import Hook, Result

POLL_S = 5.0
"""A hook that is well is looked at so often for what is new."""
AGAIN_S_MIN, AGAIN_S_MAX = 5.0, 3600.0
"""After a failure: the first delay, which doubles, and the longest one."""
GIVEN_UP_AFTER = timedelta(days=5)


def after_nothing(hook: Hook, cursor: int, now: datetime) -> Hook:
    """The hook when there was nothing to post up to `cursor`."""
    return replace(hook, cursor=cursor, next_at=now + timedelta(seconds=POLL_S))


def after(hook: Hook, result: Result, cursor: int, now: datetime) -> Hook:
    """The hook after a delivery that goes up to `cursor`: only what was taken moves it on.

    What was taken is followed at once by what comes next.
    """
    if result.error is None:
        well = replace(hook, failures=0, failed_since=None, error=None, delivered_at=now)
        return replace(well, cursor=cursor, next_at=now, off_at=None)
    since = hook.failed_since or now
    delay_s = min(AGAIN_S_MIN * 2.0 ** min(hook.failures, 30), AGAIN_S_MAX)
    if result.retry_after_s is not None:
        delay_s = min(max(delay_s, result.retry_after_s), AGAIN_S_MAX)
    is_over = result.gone or now - since >= GIVEN_UP_AFTER
    return replace(
        hook,
        failures=hook.failures + 1,
        failed_since=since,
        error=result.error,
        next_at=now + timedelta(seconds=delay_s),
        off_at=now if is_over else hook.off_at,
    )
