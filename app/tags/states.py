"""What is wrong with a detector, since when, and when it is over.

A detector is down by the silence of its own word, not by the silence of tags (reference, section 3): a street in which
nobody walks is no fault. So *silent* is one that says nothing, *deaf* one that is there for hours and hears nobody at
all, not even strangers. A spell begins when the trouble began, not when a job noticed it, so that the state
of any past minute can be asked afterwards.

The time before this service was last up does not count: nobody could be heard. It is kept since when the service is up
and not each time that it was down, so what lies before is not judged anew; spells that were open stay open.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from app.kit.ids import DetectorId
from app.tags.model import DetectorHealth, DetectorKind, DetectorTrouble, Spell
from beacon_ingest.clocks import SKEW_S_MAX

INTERVALS = 3
"""So many of its own intervals may pass without a word."""

SILENT_S_MIN = 90.0
"""Nobody is called silent sooner: the watchdogs of gateways look every 90 s (reference, section 3, habluetooth)."""

VEHICLE_SILENT_S = 12 * 3600.0
"""A bus or motorbike says nothing while it is parked, and it is parked for the night."""


class DetectorState(StrEnum):
    """How a detector is, in one word: the first that holds, in this order."""

    NEVER_HEARD = "never_heard"
    """Silent since it was registered."""
    SILENT = "silent"
    DEAF = "deaf"
    CLOCK_WRONG = "clock_wrong"
    UP = "up"


class Uptime(Struct, frozen=True, kw_only=True):
    """Since when this service is up."""

    up_since: datetime


class Watched(Struct, frozen=True, kw_only=True):
    """What must be known of a detector to judge it."""

    id: DetectorId
    kind: DetectorKind
    created_at: datetime
    ended_at: datetime | None
    interval_s: int
    deaf_after_s: int


class Word(Struct, frozen=True):
    """One time that a detector was heard: whether it had heard anybody, and how far its clock was ahead, if it told."""

    at: datetime
    hears: bool
    skew_s: float | None


Latest = Mapping[DetectorTrouble, Spell]
"""The spell of each trouble that began last, over or not."""


def silent_after(one: Watched) -> timedelta | None:
    """How long it may say nothing; None for one whose silence says nothing: a phone goes where it likes."""
    if one.kind in (DetectorKind.PHONE, DetectorKind.BRIDGE):
        return None
    least = VEHICLE_SILENT_S if one.kind is DetectorKind.VEHICLE else SILENT_S_MIN
    return timedelta(seconds=max(least, INTERVALS * one.interval_s))


def deaf_after(one: Watched) -> timedelta | None:
    """How long it may be there and hear nobody; a vehicle may have been parked for some of that time."""
    silent = silent_after(one)
    if silent is None:
        return None
    deaf = timedelta(seconds=one.deaf_after_s)
    return deaf + silent if one.kind is DetectorKind.VEHICLE else deaf


def clock_is_wrong(skew_s: float | None) -> bool:
    """Whether a clock that is so far ahead (negative: behind) is not to be used.

    >>> clock_is_wrong(120.0), clock_is_wrong(-120.5), clock_is_wrong(None)
    (False, True, False)
    """
    return skew_s is not None and abs(skew_s) > SKEW_S_MAX


def troubles(
    one: Watched, health: DetectorHealth | None, uptime: Uptime | None, back_at: datetime | None, now: datetime
) -> dict[DetectorTrouble, datetime]:
    """What is wrong at `now`, and since when. `health` is None for one that was never heard.

    `back_at` is when its last silence ended: a detector that had no power heard nobody, and was not deaf for that.
    """
    if one.kind is DetectorKind.BRIDGE:
        return {}
    found: dict[DetectorTrouble, datetime] = {}
    silent, deaf = silent_after(one), deaf_after(one)
    if silent is not None:
        last_word_at = one.created_at if health is None else health.heard_at
        listened_from = _latest(last_word_at, uptime.up_since if uptime else None)
        if now - listened_from >= silent:
            found[DetectorTrouble.SILENT] = one.created_at if health is None else listened_from
    if health is None:
        return found
    if deaf is not None and DetectorTrouble.SILENT not in found:
        # Measured up to its last word, not up to now: only while it speaks is it known that it hears nothing.
        deaf_from = _latest(health.hearing_at or one.created_at, back_at, uptime.up_since if uptime else None)
        if health.heard_at - deaf_from >= deaf:
            found[DetectorTrouble.DEAF] = deaf_from
    if clock_is_wrong(health.skew_s):
        found[DetectorTrouble.CLOCK_WRONG] = health.heard_at
    return found


def over_at(spell: Spell, words: Iterable[Word]) -> datetime | None:
    """When a spell was over, by the words after its beginning; `words` are in order of time."""
    for word in words:
        if word.at > spell.from_at and _ends(spell.trouble, word):
            return word.at
    return None


def judged(
    one: Watched, health: DetectorHealth | None, latest: Latest, uptime: Uptime | None, now: datetime
) -> list[Spell]:
    """The spells that begin or are over by now, as they are to be stored. Judged again, nothing changes."""
    standing = dict(latest)
    changed: list[Spell] = []
    if one.ended_at is not None or one.kind is DetectorKind.BRIDGE:
        return [_until(spell, one.ended_at or now) for spell in latest.values() if spell.until_at is None]
    for spell in _over(one, health, latest, now):
        standing[spell.trouble] = spell
        changed.append(spell)
    silence = standing.get(DetectorTrouble.SILENT)
    back_at = None if silence is None else silence.until_at
    for trouble, since in troubles(one, health, uptime, back_at, now).items():
        before = standing.get(trouble)
        if before is not None and before.until_at is None:
            continue
        from_at = _latest(since, None if before is None else before.until_at)
        spell = Spell(detector_id=one.id, trouble=trouble, from_at=from_at, until_at=None)
        standing[trouble] = spell
        changed.append(spell)
    silence, deafness = standing.get(DetectorTrouble.SILENT), standing.get(DetectorTrouble.DEAF)
    if silence and deafness and silence.until_at is None and deafness.until_at is None:
        # Whether it would hear is not known while it says nothing.
        changed.append(_until(deafness, silence.from_at))
    return changed


def _over(one: Watched, health: DetectorHealth | None, latest: Latest, now: datetime) -> Iterator[Spell]:
    """The open spells that the newest that is known ends; mostly they were ended when it was heard."""
    for trouble, spell in latest.items():
        if spell.until_at is not None:
            continue
        if silent_after(one) is None and trouble is not DetectorTrouble.CLOCK_WRONG:
            yield _until(spell, now)  # It has become a phone.
        elif health is not None:
            words = [Word(health.heard_at, hears=False, skew_s=health.skew_s)]
            if health.hearing_at is not None:
                words.insert(0, Word(health.hearing_at, hears=True, skew_s=None))
            until_at = over_at(spell, words)
            if until_at is not None:
                yield _until(spell, until_at)


def _ends(trouble: DetectorTrouble, word: Word) -> bool:
    if trouble is DetectorTrouble.SILENT:
        return True
    if trouble is DetectorTrouble.DEAF:
        return word.hears
    return word.skew_s is not None and not clock_is_wrong(word.skew_s)


def _until(spell: Spell, at: datetime) -> Spell:
    return replace(spell, until_at=max(at, spell.from_at))


def _latest(first: datetime, *others: datetime | None) -> datetime:
    return max([first, *(other for other in others if other is not None)])
