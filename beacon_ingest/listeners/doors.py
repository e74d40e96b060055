"""What HTTP adds to each format: one row a format."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from beacon_ingest.listeners import replies
from beacon_ingest.listeners.replies import Reply


class Door(Struct, frozen=True, kw_only=True):
    """What HTTP adds to a format: how its clients may speak, and what they want to hear."""

    methods: frozenset[str] = frozenset({"POST"})
    key_in_query: bool = False
    """Its clients cannot set headers, so that a key may come as the parameter `key`."""
    id_alone: bool = False
    """A device that is enrolled without `key_required` is known by its id."""
    names_are_labels: bool = False
    """The names in the body are chosen by people; only the key says who speaks."""
    done: Reply = replies.OK
    detector: bool = False
    """It is detectors that speak here: what they heard is resolved to registered tags before it goes on."""
    signed: bool = False
    """A body may be signed with the key instead of showing it."""
    buffers: bool = False
    """What its senders could not send they keep, so that old sightings in a body may be true."""
    says_rows: bool = False
    """Its senders want to hear what became of their rows."""


DOORS: Final[Mapping[str, Door]] = MappingProxyType(
    {
        "osmand": Door(methods=frozenset({"GET", "POST"}), key_in_query=True, id_alone=True),
        "owntracks": Door(names_are_labels=True, done=replies.NO_COMMANDS),
        "traccar": Door(),
        "gateway": Door(detector=True, signed=True, buffers=True, says_rows=True),
        "minew": Door(detector=True),
        "theengs": Door(detector=True),
    }
)
