"""How a hook is after a delivery: moved on by what was taken only, left alone for longer and longer, given up."""

from datetime import timedelta

from msgspec.structs import replace

from app.hooks.model import Hook, Result
from app.hooks.pacing import AGAIN_S_MAX, GIVEN_UP_AFTER, after, after_nothing
from app.kit.ids import AccountId, HookId, new_id
from tests.build import NOW

HOOK = Hook(
    id=HookId(new_id()), account_id=AccountId(new_id()), url="https://hooks.example.jp/", cursor=7, turn=3,
    created_at=NOW, next_at=NOW,
)  # fmt: skip
AWAY, TAKEN = Result(error="HTTP 503"), Result()


def test_only_what_was_taken_moves_a_hook_on() -> None:
    taken, failed = after(HOOK, TAKEN, 9, NOW), after(HOOK, AWAY, 9, NOW)

    assert (9, NOW, NOW) == (taken.cursor, taken.next_at, taken.delivered_at)
    assert (7, None, "HTTP 503") == (failed.cursor, failed.delivered_at, failed.error)


def test_the_delays_double_up_to_an_hour() -> None:
    hook, delays_s = HOOK, []
    for _ in range(12):
        hook = after(hook, AWAY, 9, NOW)
        delays_s.append((hook.next_at - NOW).total_seconds())

    assert [5, 10, 20, 40] == delays_s[:4]
    assert [AGAIN_S_MAX, AGAIN_S_MAX] == delays_s[-2:]


def test_what_is_asked_for_counts_up_to_an_hour() -> None:
    asked = [after(HOOK, replace(AWAY, retry_after_s=seconds), 9, NOW).next_at for seconds in (1, 70, float("inf"))]

    assert [5, 70, AGAIN_S_MAX] == [(moment - NOW).total_seconds() for moment in asked]


def test_after_five_days_without_success_it_is_given_up_and_not_before() -> None:
    failed = after(HOOK, AWAY, 9, NOW)
    nearly = after(failed, AWAY, 9, NOW + GIVEN_UP_AFTER - timedelta(seconds=1))
    over = after(nearly, AWAY, 9, NOW + GIVEN_UP_AFTER)

    assert (None, NOW + GIVEN_UP_AFTER) == (nearly.off_at, over.off_at)
    assert NOW == over.failed_since


def test_one_success_forgets_the_failures() -> None:
    hook = after(after(after(HOOK, AWAY, 9, NOW), AWAY, 9, NOW), TAKEN, 9, NOW)

    assert (0, None, None) == (hook.failures, hook.failed_since, hook.error)


def test_who_is_gone_is_given_up_at_once() -> None:
    assert NOW == after(HOOK, Result(error="HTTP 410", gone=True), 9, NOW).off_at


def test_where_there_is_nothing_to_post_it_is_looked_at_again_soon() -> None:
    idle = after_nothing(HOOK, 8, NOW)

    assert (8, NOW + timedelta(seconds=5)) == (idle.cursor, idle.next_at)
