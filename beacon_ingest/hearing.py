"""What a detector's body comes to once strangers are dropped: one `DetectorUnit`. Pure.

This is the only place that sees who a passer-by's phone is. What resolves to no registered tag is counted, and the
count is all that goes on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from beacon_ingest import units
from beacon_ingest.clocks import LATE_MAX, SET_FROM, SKEW_S_MAX, Clocks, Told
from beacon_ingest.messages import DetectorReport, DetectorUnit, Fix, Health, Message, Sighting, TagHeard
from beacon_ingest.registry import Entry, TagEntry, Tags

BATCH_AGE: Final = timedelta(minutes=10)
"""Of a wrong clock the distances in time within one body are still believed: so far where the format keeps nothing."""

_SKEW_MAX: Final = timedelta(seconds=SKEW_S_MAX)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_NO_POWER: Final = -inf


class Times(Struct, frozen=True):
    """How the times of one body are to be read.

    `sent_at` is when the body was sent by the sender's clock, and `told` what that is worth. `buffers`: the format
    keeps what it could not send, so that what is older than the body may be true.
    """

    received_at: datetime
    sent_at: datetime | UnsetType
    told: Told
    buffers: bool

    def placed(self, at: datetime | UnsetType) -> datetime | None:
        """When a sighting was, by the clock that is believed, never later than now. None when it is too old to be kept:
        what was somewhere eight days ago must not be there now.
        """
        if self.told is Told.STALE:
            return None
        if isinstance(at, UnsetType) or (at < SET_FROM and self.told is not Told.WRONG):
            return self._sent()
        if self.told in (Told.RIGHT, Told.LATE):
            if not self.buffers:
                return min(at, self.received_at) if self.received_at - at <= _SKEW_MAX else self.received_at
            return min(at, self.received_at) if self.received_at - at <= LATE_MAX else None
        if isinstance(self.sent_at, UnsetType) or at > self.sent_at:
            return self.received_at
        before = self.sent_at - at
        if self.buffers:
            return self.received_at - before if before <= LATE_MAX else None
        return self.received_at - before if before <= BATCH_AGE else self.received_at

    def _sent(self) -> datetime:
        """When the body was sent, by the clock that is believed."""
        if self.told is Told.LATE and not isinstance(self.sent_at, UnsetType):
            return self.sent_at
        return self.received_at

    def oldest(self) -> datetime:
        """From this moment until `received_at` a stated time is believed as it is; later than that where none is."""
        if self.told not in (Told.RIGHT, Told.LATE):
            return _NEVER
        return self.received_at - (LATE_MAX if self.buffers else _SKEW_MAX)

    @property
    def skew_s(self) -> float | UnsetType:
        """How far the sender's clock is ahead of ours; unknown where the body says nothing about that."""
        if isinstance(self.sent_at, UnsetType) or self.told not in (Told.RIGHT, Told.WRONG):
            return UNSET
        return (self.sent_at - self.received_at).total_seconds()


def times_of(
    entry: Entry,
    sightings: Sequence[Sighting],
    sent_at: datetime | UnsetType,
    received_at: datetime,
    *,
    buffers: bool,
    clocks: Clocks,
) -> Times:
    """How to read the times of a body of `entry`. Where it does not say when it was sent, its newest sighting does."""
    if isinstance(sent_at, UnsetType):
        sent_at = max((one.at for one in sightings if not isinstance(one.at, UnsetType)), default=UNSET)
    told = clocks.told(entry, sent_at, received_at)
    if not buffers and told in (Told.LATE, Told.STALE):
        told = Told.WRONG
    return Times(received_at, sent_at, told, buffers)


def too_old(sightings: Sequence[Sighting], times: Times) -> list[int]:
    """Which of the sightings, counted from 0, were too long ago to be kept, strangers' or not."""
    kept_from = times.received_at - LATE_MAX
    if times.told is Told.STALE:
        return list(range(len(sightings)))
    if times.told is Told.WRONG:
        return [number for number, one in enumerate(sightings) if times.placed(one.at) is None]
    old: list[int] = []
    for number, one in enumerate(sightings):
        at: Any = one.at
        if at is not UNSET and at < kept_from and times.placed(at) is None:
            old.append(number)
    return old


class _Gathered(Struct, gc=False):
    """What one body says of one tag, while it is read; `seconds` are those in which it was heard, since 1970."""

    tag: TagEntry
    seconds: list[int]
    rssi_dbm_max: float = _NO_POWER
    battery_pct: float | UnsetType = UNSET
    buttons: dict[int, tuple[int, int]] | None = None

    def add(self, sighting: Sighting, second: int) -> None:
        """Takes in one sighting of the tag."""
        self.seconds.append(second)
        rssi_dbm: Any = sighting.rssi_dbm
        if rssi_dbm is not UNSET and rssi_dbm > self.rssi_dbm_max:
            self.rssi_dbm_max = rssi_dbm
        self.note(sighting, second)

    def note(self, sighting: Sighting, second: int) -> None:
        """Takes in what the tag said of itself."""
        if sighting.battery_pct is not UNSET:
            self.battery_pct = sighting.battery_pct
        count: Any = sighting.button_count
        if count is not UNSET:
            if self.buttons is None:
                self.buttons = {}
            first_s, last_s = self.buttons.get(count, (second, second))
            self.buttons[count] = min(first_s, second), max(last_s, second)

    def heard(self) -> TagHeard:
        """All of it."""
        buttons = () if self.buttons is None else tuple([(count, *span) for count, span in self.buttons.items()])
        return TagHeard(
            tag=self.tag.tag_id,
            city=self.tag.city,
            heard_s=tuple(sorted(set(self.seconds))),
            rssi_dbm_max=UNSET if self.rssi_dbm_max == _NO_POWER else self.rssi_dbm_max,
            battery_pct=self.battery_pct,
            buttons=buttons,
        )


def unit_of(
    entry: Entry,
    content: bytes,
    sightings: Sequence[Sighting],
    messages: Iterable[Message],
    tags: Tags,
    times: Times,
    *,
    stamped: bool,
    repeat_window_s: int,
) -> DetectorUnit:
    """What `entry` heard and says in one body; `content` are the bytes that would come again in a repeat."""
    heard, strangers = _gather(sightings, tags, times)
    health: Health | UnsetType = UNSET
    fix: Fix | UnsetType = UNSET
    for message in messages:
        if isinstance(message, Health):
            health = message
        elif isinstance(message, Fix):
            at = times.placed(message.at)
            fix = UNSET if at is None else msgspec.structs.replace(message, at=at)
    return DetectorUnit(
        ingest_ids=units.ingest_ids(
            entry.device_id,
            entry.format,
            content,
            stamped=stamped,
            repeat_window_s=repeat_window_s,
            received_at=times.received_at,
            said_at=None if isinstance(times.sent_at, UnsetType) else times.sent_at,
        ),
        city=entry.city,
        device_id=entry.device_id,
        format=entry.format,
        received_at=times.received_at,
        report=DetectorReport(sightings=len(sightings) - strangers, strangers=strangers, skew_s=times.skew_s),
        tags=tuple(heard),
        health=health,
        fix=fix,
    )


def _gather(sightings: Sequence[Sighting], tags: Tags, times: Times) -> tuple[list[TagHeard], int]:
    """What was heard of each registered tag, and how many sightings were strangers'.

    A battery report (TLM) names nobody: it belongs to the tag that was heard from the same address in this body. This
    runs for each sighting of a town, so the loop calls as little as it can.
    """
    gathered: dict[int, _Gathered] = {}  # By the entry itself: a tag has one.
    unnamed: list[Sighting] = []
    strangers = 0
    named, find, newest = tags.named, tags.find, times.received_at
    near, near_s = _near(times)
    for sighting in sightings:
        tag = named(sighting.tag) or find(sighting.tag, sighting.mac)
        if tag is None:
            strangers += 1
            if sighting.battery_pct is not UNSET and sighting.tag.scheme == "mac":
                unnamed.append(sighting)
            continue
        at: Any = sighting.at
        if at is not UNSET and near <= at <= newest:
            second = near_s + (at - near).seconds
        else:
            at = times.placed(at)
            if at is None:
                continue
            second = int(at.timestamp())
        one = gathered.get(id(tag))
        if one is None:
            one = gathered[id(tag)] = _Gathered(tag, [])
        # As `one.add`, without a call.
        one.seconds.append(second)
        rssi_dbm: Any = sighting.rssi_dbm
        if rssi_dbm is not UNSET and rssi_dbm > one.rssi_dbm_max:
            one.rssi_dbm_max = rssi_dbm
        if sighting.battery_pct is not UNSET or sighting.button_count is not UNSET:
            one.note(sighting, second)
    if unnamed:
        strangers -= _take_unnamed(unnamed, sightings, gathered, tags, times)
    return [one.heard() for one in gathered.values()], strangers


def _near(times: Times) -> tuple[datetime, int]:
    """A whole second within a day before the body came, also since 1970: from then until it came a stated time is
    believed as it is. So its second follows from a difference, in a third of the time that `timestamp` takes.
    """
    oldest = times.oldest()
    if oldest is _NEVER:
        return _NEVER, 0
    near = max(oldest + timedelta(seconds=1), times.received_at - timedelta(hours=12)).replace(microsecond=0)
    return near, int(near.timestamp())


def _take_unnamed(
    unnamed: Sequence[Sighting],
    sightings: Sequence[Sighting],
    gathered: Mapping[int, _Gathered],
    tags: Tags,
    times: Times,
) -> int:
    """Adds battery reports to the tags of their addresses; for how many there was one."""
    by_mac: dict[str, _Gathered] = {}
    for sighting in sightings:
        tag = tags.find(sighting.tag, sighting.mac)
        if tag is not None and id(tag) in gathered and not isinstance(sighting.mac, UnsetType):
            by_mac[sighting.mac] = gathered[id(tag)]
    found = 0
    for sighting in unnamed:
        one, at = by_mac.get(sighting.tag.id), times.placed(sighting.at)
        if one is None or at is None:
            continue
        found += 1
        one.add(sighting, int(at.timestamp()))
    return found
