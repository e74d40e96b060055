"""What the detectors of a town hear, from a seed: tags that pass for a while, and strangers among them. Pure.

A detector sends a body every `BODY_S` seconds with `ITEMS` sightings of the seconds since the last one. A tag that is
near is heard about once a second and stays for 1 to 39 sightings, evenly, 20 in the mean; then another one takes its
place. It does not come back to the same detector while its last passage there is open. Every tenth sighting is a
stranger's: a phone, a tag of another town, a sensor, each with a random address.
"""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

ITEMS: Final = 100
STRANGERS: Final = 10
BODY_S: Final = 5.0
PRESENT: Final = (ITEMS - STRANGERS) // int(BODY_S)
"""Tags near one detector at any time: 18, each heard 5 times a body."""

STAY_SIGHTINGS_MAX: Final = 39
AWAY_S: Final = 120.0

TOWN_UUID: Final = "5bf0a1d2-7c31-4e0e-9d6a-0c6a2f1f4b11"


class Item(Struct, frozen=True):
    """One sighting: `before_s` before the body is sent. `tag` is the number of the tag, None for a stranger's."""

    before_s: float
    mac: str
    adv: str
    rssi_dbm: int
    tag: int | None


class Body(Struct, frozen=True):
    """What detector number `detector` sends at `sent_s`, seconds since the traffic began."""

    detector: int
    sequence: int
    sent_s: float
    items: tuple[Item, ...]

    @property
    def tags(self) -> set[int]:
        """The numbers of the registered tags in it."""
        return {item.tag for item in self.items if item.tag is not None}

    def json(self, began_at: float) -> bytes:
        """As the detector writes it, when the traffic began at `began_at` (s since 1970)."""
        sent = began_at + self.sent_s
        items = ",".join(
            f'{{"mac":"{one.mac}","rssi_dbm":{one.rssi_dbm},"at":"{_stamp(sent - one.before_s)}","adv":"{one.adv}"}}'
            for one in self.items
        )
        head = f'"detector":"{detector_name(self.detector)}","seq":{self.sequence},"sent_at":"{_stamp(sent)}"'
        return f'{{{head},"uptime_s":{int(self.sent_s) + 1000},"items":[{items}]}}'.encode()


def detector_name(number: int) -> str:
    """What detector `number` calls itself."""
    return f"pole-{number}"


def identity(tag: int) -> str:
    """What tag `tag` calls itself, as the registry writes it."""
    return f"{TOWN_UUID}/{1 + tag // 60_000}/{tag % 60_000}"


def mac(tag: int) -> str:
    """The address of tag `tag`, 12 hex digits."""
    return f"ac233f{tag:06x}"


def advertisement(tag: int) -> str:
    """The iBeacon of tag `tag`, as hex."""
    return f"0201061aff4c000215{TOWN_UUID.replace('-', '')}{1 + tag // 60_000:04x}{tag % 60_000:04x}c5"


def bodies(seed: int, detectors: int, tags: int, present: int = PRESENT) -> Iterator[Body]:
    """Bodies without end, in order of time, of detectors with `present` tags near each at any time."""
    dice = random.Random(seed)
    poles = [_Pole(dice, tags, present) for _ in range(detectors)]
    order = list(range(detectors))
    dice.shuffle(order)
    sequence = 0
    while True:
        for place, number in enumerate(order):
            sent_s = BODY_S * (sequence + place / detectors)
            yield Body(number, sequence, sent_s, tuple(poles[number].items(sent_s)))
        sequence += 1


class _Pole:
    """One detector, and who is near it: the number of each tag with the sightings that are left of its stay."""

    def __init__(self, dice: random.Random, tags: int, present: int) -> None:
        self._dice = dice
        self._tags = tags
        self._gone: deque[tuple[float, int]] = deque()
        self._unwelcome: set[int] = set()
        # Those who are there already have a part of their stay behind them.
        self._near = [
            [self._newcomer(0.0), dice.randint(1, dice.randint(1, STAY_SIGHTINGS_MAX))] for _ in range(present)
        ]

    def items(self, sent_s: float) -> Sequence[Item]:
        """One body's worth."""
        dice = self._dice
        found = []
        for n, (tag, left) in enumerate(self._near):
            for step in range(int(BODY_S)):
                if left == 0:
                    self._gone.append((sent_s, tag))
                    tag, left = self._newcomer(sent_s), dice.randint(1, STAY_SIGHTINGS_MAX)
                left -= 1
                before_s = BODY_S - step - dice.random()
                found.append(Item(before_s, mac(tag), advertisement(tag), dice.randint(-95, -45), tag))
            self._near[n] = [tag, left]
        found += [_stranger(dice) for _ in range(STRANGERS)]
        found.sort(key=lambda item: -item.before_s)
        return found

    def _newcomer(self, now_s: float) -> int:
        while self._gone and self._gone[0][0] < now_s - AWAY_S:
            self._unwelcome.discard(self._gone.popleft()[1])
        while (tag := self._dice.randrange(self._tags)) in self._unwelcome:
            pass
        self._unwelcome.add(tag)
        return tag


def _stranger(dice: random.Random) -> Item:
    kind = dice.random()
    if kind < 0.5:  # A phone.
        adv = f"02011a0bff4c001006{dice.getrandbits(48):012x}"
    elif kind < 0.75:  # Another town's tag.
        adv = f"0201061aff4c000215{dice.getrandbits(160):040x}c5"
    else:  # A sensor.
        adv = f"0201060b16d2fc{dice.getrandbits(64):016x}"
    return Item(BODY_S * dice.random(), f"{dice.getrandbits(48):012x}", adv, dice.randint(-100, -60), None)


def _stamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
