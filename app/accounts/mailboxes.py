"""Mailboxes of accounts: one row an account and mailbox, and how often somebody may be asked whether one is theirs.

Pure. A mailbox can be guessed, and two people may share one, so that it never moves from one account to another as a
phone does. A letter to a stranger is a nuisance that we would be the cause of: hence the limits.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from app.kit.ids import AccountId

MAILBOXES_MAX = 5
"""Live mailboxes of one account."""
CONFIRM_WITHIN = timedelta(hours=24)
"""How long the link in a letter is good."""


class Limit(Struct, frozen=True, kw_only=True):
    """At most so many letters in so much time."""

    letters: int
    window: timedelta


A_MAILBOX = (Limit(letters=1, window=timedelta(minutes=10)), Limit(letters=5, window=timedelta(days=1)))
"""Whoever asks. It is the same answer, so that nobody learns of others who asked."""
AN_ACCOUNT = (Limit(letters=3, window=timedelta(minutes=10)), Limit(letters=10, window=timedelta(days=1)))
"""To any mailboxes: somebody who mistypes is not held up, somebody who tries a list is."""
LONGEST = timedelta(days=1)


def value_of(account_id: AccountId, mailbox: str) -> str:
    """What names the address of this account at this mailbox."""
    return f"{account_id}:{mailbox}"


def about(mailbox: str) -> str:
    """What letters that ask about a mailbox are about: their thread, and how they are counted."""
    return f"mailbox:{hashlib.sha256(mailbox.encode()).hexdigest()[:32]}"


def wait_s(limits: Sequence[Limit], asked: Sequence[datetime], now: datetime) -> int:
    """Seconds until one more letter may go out, 0 for at once. `asked` is when the last ones did, in any order.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 4, 1, 12, tzinfo=UTC)
    >>> wait_s(A_MAILBOX, [noon - timedelta(minutes=4)], noon)
    360
    """
    longest = timedelta(0)
    for limit in limits:
        recent = sorted(moment for moment in asked if now - moment < limit.window)
        if len(recent) >= limit.letters:
            longest = max(longest, recent[-limit.letters] + limit.window - now)
    return -int(-longest.total_seconds() // 1)


def masked(mailbox: str) -> str:
    """The mailbox as one knows one's own again and nobody learns it.

    >>> masked("hanako@example.jp"), masked("a@example.jp")
    ('ha…@example.jp', 'a…@example.jp')
    """
    local, _, domain = mailbox.rpartition("@")
    return f"{local[:2]}…@{domain}"
