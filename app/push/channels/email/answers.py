"""What a mail server means by its answers, for one recipient a letter. Pure.

The first digit says whether it may change (4) or not (5), the enhanced code (RFC 3463, `5.1.1`) what about. Without one
only an answer to the recipient's name can say that there is no such mailbox, and not when its words tell of a policy:
an address that is dead by mistake is a person whom nobody tells any more.
"""

import re
from enum import Enum, auto
from typing import Final

from app.push.retry import Delivery, Outcome


class Stage(Enum):
    """What was said before the answer."""

    GREETING = auto()
    """The connection, its encryption, our name and password."""
    SENDER = auto()
    RECIPIENT = auto()
    CONTENT = auto()


CLOSING: Final = 421
"""The server goes away and closes the connection (RFC 5321 section 3.8)."""
NO_SUCH_MAILBOX: Final = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10"})
"""Bad mailbox, bad system, bad syntax, moved without a new address, a domain that takes no mail (RFC 3463, 7505)."""
_BARE_NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})
_MAILBOX_FULL: Final = 552
_OUR_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_ENHANCED: Final = re.compile(r"\s*[245]\.(\d{1,3})\.(\d{1,3})\b")
_POLICY: Final = re.compile(
    r"relay|rcpthosts|spam|block|polic|denied|authent|reputation|blacklist|\bspf\b|dkim|dmarc|permitted|rejected",
    re.IGNORECASE,
)
_TEXT_MAX: Final = 180


def meaning(stage: Stage, code: int, said: str) -> Delivery:
    """What became of a letter whose way ended with this answer to `stage`."""
    return Delivery(outcome=_outcome(stage, code, said), error=f"SMTP {code} {shown(said)}")


def shown(said: str) -> str:
    """What a server said, as one line that any database takes."""
    return "".join(mark if mark.isprintable() else " " for mark in said)[:_TEXT_MAX]


def _outcome(stage: Stage, code: int, said: str) -> Outcome:
    if not 400 <= code <= 599:  # Nothing that can be read. Before the content is sent, nothing is.
        return Outcome.UNKNOWN if stage is Stage.CONTENT else Outcome.UNAVAILABLE
    # A sender or password that is refused is ours to repair, and concerns every letter.
    if code == CLOSING or code in _OUR_SIGN_IN or stage in (Stage.GREETING, Stage.SENDER):
        return Outcome.UNAVAILABLE
    found = _ENHANCED.match(said)
    about = None if found is None else f"{int(found[1])}.{int(found[2])}"
    subject = None if about is None else about.partition(".")[0]
    if code < 500:  # Their disk and the like (x.3) is away for all; a grey list or a full mailbox is for this one.
        return Outcome.UNAVAILABLE if subject == "3" else Outcome.LATER
    return _refusal(stage, code, about, said)


def _refusal(stage: Stage, code: int, about: str | None, said: str) -> Outcome:
    if about in NO_SUCH_MAILBOX:
        return Outcome.ADDRESS_DEAD
    if about == "2.2" or (about is None and code == _MAILBOX_FULL):
        return Outcome.LATER
    # A policy (x.7) may be about us, so that somebody can repair it, or about this recipient: neither holds up others.
    if about is not None and about.startswith("7."):
        return Outcome.LATER
    if about is None and stage is Stage.RECIPIENT and code in _BARE_NO_SUCH_MAILBOX:
        return Outcome.LATER if _POLICY.search(said) else Outcome.ADDRESS_DEAD
    return Outcome.REFUSED
