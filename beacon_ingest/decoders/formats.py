"""The one table of the formats that the edge speaks: paths, listeners, `decode --list` and docs read it here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, Protocol

from msgspec import Struct

from beacon_ingest.decoders import gateway, minew, osmand, owntracks, theengs, traccar_forward, watch
from beacon_ingest.decoders.decoded import Decoded, HttpRequest


class StreamFramer(Protocol):
    """Cuts the bytes of one connection into frames; `dropped` counts the bytes that belong to none."""

    dropped: int

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete."""

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame are held."""


DecodeRequest = Callable[[HttpRequest, datetime | None], Decoded]
DecodeFrame = Callable[[bytes, datetime | None], Decoded]


class Format(Struct, frozen=True, kw_only=True):
    """One format. HTTP has `decode_request`; TCP has `framer` (made with the longest frame in bytes) and
    `decode_frame`.
    """

    name: str
    """The path under /ingest, or what `--tcp` calls it."""

    transport: Literal["http", "tcp"]
    spoken_by: Literal["device", "detector"] = "device"
    """Whose format it is: of what a person wears, or of what hears tags (its units hold sightings)."""

    about: str
    """One sentence for the documentation."""

    acknowledges: str
    """Which units are acknowledged to the device, always after the commit unless it says otherwise."""

    spoofable: bool
    """True when the format carries no credential: its identity is worth what the binding to an enrolled device is
    worth.
    """

    repeat_window_s: int
    """For how long equal bytes are a repeat and no news, where the unit has no time or number of its own."""

    decode_request: DecodeRequest | None = None
    framer: Callable[[int], StreamFramer] | None = None
    decode_frame: DecodeFrame | None = None


_ROWS: Final = (
    Format(
        name="osmand",
        transport="http",
        about="OsmAnd and Traccar Client on phones: query string, form or JSON.",
        acknowledges="Every request, by its 2xx.",
        spoofable=False,
        # A phone at rest sends the same bytes each minute and means it; a retry of the network comes within seconds.
        repeat_window_s=10,
        decode_request=osmand.decode,
    ),
    Format(
        name="owntracks",
        transport="http",
        about="OwnTracks apps in HTTP mode: one JSON object a request.",
        acknowledges="Every request, by its 2xx; without one the app queues it and sends it again.",
        spoofable=False,
        repeat_window_s=10,
        decode_request=owntracks.decode,
    ),
    Format(
        name="traccar",
        transport="http",
        about="Position and event forwarding of a Traccar server, as JSON: all the devices that it speaks with.",
        acknowledges="Every request, by its 2xx; Traccar tries again only where its `forward.retry.enable` is set.",
        spoofable=False,
        repeat_window_s=10,
        decode_request=traccar_forward.decode,
    ),
    Format(
        name="watch",
        transport="tcp",
        about="SeTracker and Beesure watches for children and elders, and their many relatives: text frames over TCP.",
        acknowledges=(
            "`AL` (alarms) and `LK` (link, steps, battery) after the commit; `UD`, `UD2` and `WT` (places) have no "
            "answer in the protocol; `TKQ`, `INIT` and `CONFIG` carry nothing that is kept and are answered at once."
        ),
        spoofable=True,
        # Without an answer the watch says the same again each minute.
        repeat_window_s=60,
        framer=watch.Framer,
        decode_frame=watch.decode_frame,
    ),
    Format(
        name="gateway",
        transport="http",
        spoken_by="detector",
        about="Our own batch form for detectors: one JSON object with what was heard, a number and a time.",
        acknowledges="Every request, by its 2xx; the answer names the rows that could not be read.",
        spoofable=False,
        # Only heartbeats without any time come here, and they are sent no oftener than each minute.
        repeat_window_s=10,
        decode_request=gateway.decode,
    ),
    Format(
        name="minew",
        transport="http",
        spoken_by="detector",
        about="Minew gateways G1, G2, MG3, MG4: JSON-LONG, JSON-RAW and BINARY-LONG.",
        acknowledges="Every request, by its 2xx.",
        spoofable=False,
        # BINARY-LONG has no time. What is heard again within the window would be of the same passage anyway.
        repeat_window_s=10,
        decode_request=minew.decode,
    ),
    Format(
        name="theengs",
        transport="http",
        spoken_by="detector",
        about="OpenMQTTGateway and Theengs Gateway, forwarded by their broker: `{topic, payload}` or a list of such.",
        acknowledges="Every request, by its 2xx.",
        spoofable=False,
        # No message has a time; a scan takes a minute.
        repeat_window_s=10,
        decode_request=theengs.decode,
    ),
)

FORMATS: Final[Mapping[str, Format]] = MappingProxyType({row.name: row for row in _ROWS})
"""The formats by name, in the order of the documentation."""

ADVERTISEMENT: Final = "advertisement"
"""What `mimamori decode` calls one raw advertisement. It is no format that anything speaks to the edge."""
