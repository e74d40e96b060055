"""Which detectors a body may speak for, and what each of them says in it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from beacon_ingest import hearing
from beacon_ingest.clocks import LATE_MAX, Clocks
from beacon_ingest.decoders.decoded import Decoded, Refusal
from beacon_ingest.hearing import Times
from beacon_ingest.listeners.doors import Door
from beacon_ingest.messages import DetectorUnit, Message, Sighting
from beacon_ingest.registry import Entry, Registry, Tags


class Share(Struct, frozen=True):
    """One registered detector, and what the body says of it."""

    entry: Entry
    sightings: Sequence[Sighting]
    messages: Sequence[Message]

    def is_alarm(self, tags: Tags) -> bool:
        """Whether somebody pressed the button of a registered tag: no rate holds that up."""
        return any(one.button_count is not UNSET and tags.find(one.tag, one.mac) is not None for one in self.sightings)


def shares(registry: Registry, format: str, speaker: Entry, decoded: Decoded) -> tuple[list[Share], int]:
    """The detectors that `speaker` may speak for in this body, and how many it names besides, which are left out.

    A detector speaks for itself, under its name or none. A server that speaks for others names them, and they are of
    its format and city.
    """
    if speaker.forwarder and decoded.device is None:
        found = _by_name(decoded)
    else:
        found = {decoded.device or "": (decoded.sightings, decoded.messages)}
        if decoded.device is None and len(others := _by_name(decoded)) > 1:
            found = others
    taken: dict[UUID, Share] = {}
    unknown = 0
    for name, (sightings, messages) in found.items():
        entry = _named(registry, format, speaker, name)
        if entry is None:
            unknown += 1
        elif (before := taken.get(entry.device_id)) is None:
            taken[entry.device_id] = Share(entry, sightings, messages)
        else:  # Named in two ways: it is one body still, and two units of it would be taken for one.
            both = [*before.sightings, *sightings]
            taken[entry.device_id] = Share(entry, both, [*before.messages, *messages])
    return list(taken.values()), unknown


def units_of(
    shares: Sequence[Share],
    decoded: Decoded,
    content: bytes,
    received_at: datetime,
    door: Door,
    tags: Tags,
    clocks: Clocks,
    repeat_window_s: int,
) -> tuple[list[DetectorUnit], list[Refusal]]:
    """What each of them says in the body of these bytes, and the rows that were too long ago, where its `door` tells
    the sender of rows.
    """
    said: list[DetectorUnit] = []
    old: list[Refusal] = []
    for share in shares:
        entry, sightings = share.entry, share.sightings
        times = hearing.times_of(entry, sightings, decoded.sent_at, received_at, buffers=door.buffers, clocks=clocks)
        if door.says_rows:
            old += too_old(sightings, decoded.refusals, times)
        unit = hearing.unit_of(
            entry,
            content,
            sightings,
            share.messages,
            tags,
            times,
            stamped=decoded.stamped,
            repeat_window_s=repeat_window_s,
        )
        said.append(unit)
    return said, old


def too_old(sightings: Sequence[Sighting], refusals: Sequence[Refusal], times: Times) -> list[Refusal]:
    """The rows of a body that were too long ago to be kept: a sighting is one of the rows that could be read."""
    found = hearing.too_old(sightings, times)
    if not found:
        return []
    unread = {refusal.row for refusal in refusals}
    rows = [row for row in range(len(sightings) + len(unread)) if row not in unread]
    return [Refusal(row=rows[number], why=f"older than {LATE_MAX.days} days") for number in found]


def _named(registry: Registry, format: str, speaker: Entry, name: str) -> Entry | None:
    if not speaker.forwarder:
        return speaker if name in ("", speaker.external_id, str(speaker.device_id)) else None
    entry = registry.by_id(format, name)
    return entry if entry is not None and not entry.forwarder and entry.city == speaker.city else None


def _by_name(decoded: Decoded) -> dict[str, tuple[Sequence[Sighting], Sequence[Message]]]:
    """What a body says of each detector that it names; what names none is under the empty name."""
    sightings: dict[str, list[Sighting]] = {}
    messages: dict[str, list[Message]] = {}
    for sighting in decoded.sightings:
        name = "" if isinstance(sighting.detector, UnsetType) else sighting.detector
        sightings.setdefault(name, []).append(sighting)
    for message in decoded.messages:
        messages.setdefault(message.device, []).append(message)
    return {name: (sightings.get(name, []), messages.get(name, [])) for name in {**sightings, **messages}}
