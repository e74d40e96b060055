"""How many failed sign-ins are too many: one table, and how long to wait. Pure.

Every attempt counts as failed from before its password is looked at until it turns out right, so that a thousand
guesses at once are stopped like a thousand one after another. Unknown addresses count like known ones: a wait tells
nobody which accounts there are.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from msgspec import Struct

from app.accounts.names import mailbox
from app.kit.errors import TooMany

IPV6_PREFIX_BITS = 64
"""One household gets at least this much of IPv6, so a single guesser has 2^64 addresses (RFC 6177)."""


class Kind(StrEnum):
    """Whose failures are counted together."""

    PAIR = "pair"
    EMAIL = "email"
    PEER = "peer"


class Throttle(Struct, frozen=True, kw_only=True):
    """So many failures of a kind within a time, then wait."""

    kind: Kind
    failures: int
    window: timedelta
    words: str


THROTTLES = (
    Throttle(
        kind=Kind.PAIR,
        failures=5,
        window=timedelta(minutes=5),
        words="one e-mail address from one network address: 5 failures in 5 minutes; somebody who forgot a password",
    ),
    Throttle(
        kind=Kind.EMAIL,
        failures=20,
        window=timedelta(hours=1),
        words="one e-mail address from anywhere: 20 failures in an hour; many machines that guess one password",
    ),
    Throttle(
        kind=Kind.PEER,
        failures=60,
        window=timedelta(minutes=15),
        words="one network address, or one /64 of IPv6: 60 failures in 15 minutes; one machine that tries a list",
    ),
)
LONGEST = max(throttle.window for throttle in THROTTLES)


def subjects(email: str, peer: str) -> dict[Kind, bytes]:
    """Under which keys an attempt is counted: SHA-256 of the kind and the one spelling of e-mail and network address,
    so that no list of addresses lies around.
    """
    address = mailbox(email) or email.strip().casefold()
    network = _network(peer)
    texts = {Kind.PAIR: f"{network}\n{address}", Kind.EMAIL: address, Kind.PEER: network}
    return {
        kind: hashlib.sha256(f"{kind.value}\n{text}".encode("utf-8", "surrogatepass")).digest()
        for kind, text in texts.items()
    }


def wait_s(failures: Mapping[Kind, Sequence[datetime]], now: datetime) -> int:
    """Seconds until the next attempt is looked at, 0 for at once. `failures` are the moments of the failures of each
    kind, in any order.

    The wait ends when so many of the failures have left the window that one more is allowed.
    """
    longest = timedelta(0)
    for throttle in THROTTLES:
        recent = sorted(moment for moment in failures.get(throttle.kind, ()) if now - moment < throttle.window)
        if len(recent) >= throttle.failures:
            longest = max(longest, recent[-throttle.failures] + throttle.window - now)
    return -int(-longest.total_seconds() // 1)


def refuse(failures: Mapping[Kind, Sequence[datetime]], now: datetime) -> None:
    """Raises `TooMany` when it is not yet time for another attempt."""
    wait = wait_s(failures, now)
    if wait:
        raise TooMany("Too many failed sign-ins. Wait, then try again.", wait)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _network(peer: str) -> str:
    """The part of a network address that one guesser cannot change at will."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> (128 - IPV6_PREFIX_BITS) << (128 - IPV6_PREFIX_BITS)))
