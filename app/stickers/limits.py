"""How often a code may be looked for that is none: one table, and what it keeps in mind. Pure; of one process.

A code has 65 random bits: a guesser who asks a million times a second, of a city with a hundred thousand stickers,
waits ten years for one. The limits keep guessers from making work and from measuring, and they must not keep anybody
from helping: a whole town may be behind the one address of a telephone company. So nobody is locked out:

- A code that was good is not counted and never waits again.
- Of an address with too many misses, further codes go into the slow lane: a few look-ups a second in all.
- While very many are missed in all, codes from addresses without a miss go through a lane too, which is wide: many
  machines that guess once each cannot look up more than it lets through, and a town's own scans fill no part of it.
- Whoever finds the lane full is asked to wait (the page does it by itself). A code that comes back in time goes through
  the second lane, which codes that nobody asked for before never see. Who guesses asks for another code each time.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Final, Generic, TypeVar

from msgspec import Struct

IPV6_PREFIX_BITS: Final = 64
"""A household gets at least so much of IPv6: a guesser has 2^64 addresses in it (RFC 6177)."""
KEPT_MAX: Final = 20_000
"""Addresses, codes that were good, that were asked to wait, or were noted, each at most: a few megabytes."""


class Kind(StrEnum):
    """What is counted together."""

    ADDRESS = "address"
    ALL = "all"


class Limit(Struct, frozen=True, kw_only=True):
    """So many misses within a time are nobody's mistake any more."""

    kind: Kind
    misses: int
    window_s: float
    words: str


LIMITS: Final = (
    Limit(
        kind=Kind.ADDRESS,
        misses=20,
        window_s=600.0,
        words="one IPv4 address, or one /64 of IPv6: 20 in 10 minutes; people behind it who scan old stickers",
    ),
    Limit(
        kind=Kind.ALL,
        misses=600,
        window_s=60.0,
        words="all addresses: 600 in a minute; then those with a single miss go slowly, others through the wide lane",
    ),
)
OF_ADDRESS, OF_ALL = LIMITS


class Lane(Struct, frozen=True, kw_only=True):
    """So many look-ups a second, one after another, of which each waits so long at most."""

    a_second: float
    wait_max_s: float
    words: str


SLOW: Final = Lane(a_second=4.0, wait_max_s=2.0, words="codes from where many misses came: four a second in all")
SECOND: Final = Lane(a_second=8.0, wait_max_s=4.0, words="the same code again, after it was asked to wait")
WIDE: Final = Lane(a_second=200.0, wait_max_s=1.0, words="any code, while very many are missed: 200 a second in all")
AGAIN_AFTER_S: Final = 3.0
"""A code that comes back sooner waits for the lane like a new one: a tight loop gains nothing."""
AGAIN_WITHIN_S: Final = 120.0
RETRY_S: Final = 5
"""What a page says, and does, that must wait."""
HOLD_S: Final = 1.0
"""So long the answer to who must wait is held: who guesses on a line, and waits for each answer, guesses once a second,
and costs nothing meanwhile."""
HELD_MAX: Final = 200
"""Answers that are held at once; then they are given at once."""
GOOD_FOR_S: Final = 24 * 3600.0
NOTED_EVERY_S: Final = 5.0
"""Scans of one code are written so often at most; those between are counted into the next."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Verdict(Struct, frozen=True):
    """Whether a code is looked up, and after how many seconds; if not, when to come again."""

    allowed: bool
    wait_s: float = 0.0


class _Kept(Generic[Key, Value]):
    """The newest so many of something."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        return self._kept.get(key)

    def put(self, key: Key, value: Value) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._size_max:
            self._kept.popitem(last=False)

    def drop(self, key: Key) -> None:
        self._kept.pop(key, None)

    def __len__(self) -> int:
        return len(self._kept)


class _Queue:
    """When the next one of a lane has its turn."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._next_s = 0.0

    def enter(self, now_s: float) -> Verdict:
        """How long this one waits; not allowed when that is too long."""
        at_s = max(now_s, self._next_s)
        if at_s - now_s > self._lane.wait_max_s:
            return Verdict(False)
        self._next_s = at_s + 1 / self._lane.a_second
        return Verdict(True, at_s - now_s)


class _Count(Struct):
    """Misses in the window that began at `since_s`, and in the one before."""

    since_s: float
    now: int = 0
    before: int = 0

    def at(self, now_s: float, window_s: float) -> float:
        """Misses of the last `window_s`, as evenly spread in the window before."""
        while now_s - self.since_s >= window_s:
            gone = now_s - self.since_s >= 2 * window_s
            self.before = 0 if gone else self.now
            self.now, self.since_s = 0, now_s if gone else self.since_s + window_s
        return self.now + self.before * (1 - (now_s - self.since_s) / window_s)


class Limits:
    """What one process keeps in mind. Times are seconds of a clock that only goes forward."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._addresses: _Kept[str, _Count] = _Kept(kept_max)
        self._all = _Count(0.0)
        self._good: _Kept[bytes, float] = _Kept(kept_max)
        self._asked: _Kept[tuple[str, bytes], float] = _Kept(kept_max)
        self._noted: _Kept[bytes, tuple[float, int]] = _Kept(kept_max)
        self._slow, self._second, self._wide = _Queue(SLOW), _Queue(SECOND), _Queue(WIDE)
        self.held = 0

    def ask(self, address: str, code: str, now_s: float) -> Verdict:
        """Whether this code may be looked up from this address now."""
        key = _key(code)
        good_s = self._good.get(key)
        if good_s is not None and now_s - good_s < GOOD_FOR_S:
            return Verdict(True)
        place = network_of(address)
        lane = self._lane_of(place, now_s)
        if lane is None:
            return Verdict(True)
        asked_s = self._asked.get((place, key))
        came_back = asked_s is not None and AGAIN_AFTER_S <= now_s - asked_s <= AGAIN_WITHIN_S
        verdict = (self._second if came_back else lane).enter(now_s)
        if verdict.allowed:
            self._asked.drop((place, key))
            return verdict
        if asked_s is None or now_s - asked_s > AGAIN_WITHIN_S:
            self._asked.put((place, key), now_s)
        return Verdict(False, RETRY_S)

    def found(self, code: str, now_s: float) -> None:
        """The code was good."""
        self._good.put(_key(code), now_s)

    def noting(self, code: str, now_s: float) -> int:
        """How many scans of this code are to be written now, this one with those that were not; 0: not yet."""
        key = _key(code)
        at_s, waiting = self._noted.get(key) or (now_s - NOTED_EVERY_S, 0)
        due = now_s - at_s >= NOTED_EVERY_S
        self._noted.put(key, (now_s, 0) if due else (at_s, waiting + 1))
        return waiting + 1 if due else 0

    def missed(self, address: str, code: str, now_s: float) -> None:
        """There is no such code in use, or not any more."""
        self._good.drop(_key(code))
        place = network_of(address)
        count = self._addresses.get(place) or _Count(now_s)
        count.at(now_s, OF_ADDRESS.window_s)
        count.now += 1
        self._addresses.put(place, count)
        self._all.at(now_s, OF_ALL.window_s)
        self._all.now += 1

    def _lane_of(self, place: str, now_s: float) -> _Queue | None:
        """The lane for what comes from there; None where nothing waits."""
        count = self._addresses.get(place)
        misses = 0.0 if count is None else count.at(now_s, OF_ADDRESS.window_s)
        if misses >= OF_ADDRESS.misses:
            return self._slow
        if self._all.at(now_s, OF_ALL.window_s) < OF_ALL.misses:
            return None
        return self._slow if misses >= 1 else self._wide

    @property
    def size(self) -> int:
        """How many things it keeps in mind, for tests."""
        return len(self._addresses) + len(self._good) + len(self._asked) + len(self._noted)


def network_of(address: str) -> str:
    """The part of a network address that one guesser cannot change at will.

    >>> network_of("203.0.113.7"), network_of("2001:db8:1:2:3::4"), network_of("::ffff:203.0.113.7")
    ('203.0.113.7', '2001:db8:1:2::', '203.0.113.7')
    """
    return _cut(address, 32, IPV6_PREFIX_BITS)


def coarse_network_of(address: str) -> str:
    """The neighbourhood of a network address: a /24, a /48 of IPv6. What a mark in the log of scans is made of.

    >>> coarse_network_of("203.0.113.7"), coarse_network_of("2001:db8:1:2:3::4")
    ('203.0.113.0', '2001:db8:1::')
    """
    return _cut(address, 24, 48)


def _cut(address: str, bits_4: int, bits_6: int) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    away = 128 - bits_6 if isinstance(found, IPv6Address) else 32 - bits_4
    return str(type(found)(int(found) >> away << away))


def _key(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()[:16]
