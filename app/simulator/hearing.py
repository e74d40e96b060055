"""Who hears whom: which advertisements reach which detectors, how loud. Pure; chance is handed in.

Signals by the log-distance model: what is heard at 1 m, less 10 × n × log10 of the distance, with normal noise in
decibels for all that stands in the way. Walls keep everything in: who is indoors is heard by nobody.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Protocol

from msgspec import Struct

from app.simulator.adverts import AT_1_M_DBM
from app.simulator.streets import Spot, apart_m

EXPONENT, NOISE_DB = 2.2, 4.0
SENSITIVITY_DBM = -96.0
"""Weaker is not heard: with the numbers above, half of what is sent from 48 m away."""
NEVER_BEYOND_M = 75.0
LOST = 0.5
"""Share of advertisements that is lost however near: detectors sweep over three channels and are deaf in between."""


class Broadcaster(Protocol):
    """Something that advertises."""

    @property
    def interval_s(self) -> float:
        """How often."""
        ...

    def address(self, since_s: float) -> str:
        """From which address, 12 hexadecimal digits."""
        ...

    def adv(self, since_s: float, number: int) -> bytes:
        """What."""
        ...


class Heard(Struct, frozen=True):
    """One advertisement as a detector has it; `at_s` is seconds since the town began to live."""

    at_s: float
    mac: str
    adv: bytes
    rssi_dbm: int


def rssi_dbm(distance_m: float, random: Random) -> float:
    """How loud a tag is so far away."""
    return AT_1_M_DBM - 10 * EXPONENT * math.log10(max(distance_m, 1.0)) + random.gauss(0, NOISE_DB)


def heard_between(
    ears: Mapping[str, Spot],
    outdoors: Iterable[tuple[Broadcaster, Spot]],
    from_s: float,
    until_s: float,
    random: Random,
) -> dict[str, list[Heard]]:
    """What each of these detectors hears of those who are outdoors in a short time, in which nobody moves far; only
    detectors that hear anybody, each with what it hears in order of time.
    """
    found: dict[str, list[Heard]] = {}
    for one, spot in outdoors:
        for key, ear in ears.items():
            distance_m = apart_m(ear, spot)
            if distance_m <= NEVER_BEYOND_M and (heard := list(_heard(one, distance_m, from_s, until_s, random))):
                found.setdefault(key, []).extend(heard)
    for heard in found.values():
        heard.sort(key=lambda one: one.at_s)
    return found


def numbers_between(interval_s: float, from_s: float, until_s: float) -> Sequence[int]:
    """The numbers of the advertisements that are sent in this time; each is sent in one such time only.

    >>> list(numbers_between(2.0, 0.0, 10.0)), list(numbers_between(2.0, 10.0, 13.0))
    ([0, 1, 2, 3, 4], [5, 6])
    """
    return range(math.ceil(from_s / interval_s), math.ceil(until_s / interval_s))


def _heard(one: Broadcaster, distance_m: float, from_s: float, until_s: float, random: Random) -> Iterator[Heard]:
    for number in numbers_between(one.interval_s, from_s, until_s):
        signal_dbm = rssi_dbm(distance_m, random)
        if signal_dbm >= SENSITIVITY_DBM and random.random() >= LOST:
            at_s = number * one.interval_s
            yield Heard(at_s, one.address(at_s), one.adv(at_s, number), round(signal_dbm))
