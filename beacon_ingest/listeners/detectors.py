"""Which detectors a body may speak for. Pure."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from beacon_ingest.decoders.decoded import Decoded
from beacon_ingest.messages import Message, Sighting
from beacon_ingest.registry import Entry, Registry


class Share(Struct, frozen=True):
    """One registered detector, and what the body says of it."""

    entry: Entry
    sightings: Sequence[Sighting]
    messages: Sequence[Message]

    @property
    def is_alarm(self) -> bool:
        """Whether somebody pressed a button: no rate holds that up."""
        return any(sighting.button_count is not UNSET for sighting in self.sightings)


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
    may = {name: _named(registry, format, speaker, name) for name in found}
    taken = [Share(entry, *found[name]) for name, entry in may.items() if entry is not None]
    return taken, len(found) - len(taken)


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
