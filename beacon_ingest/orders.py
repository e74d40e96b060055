"""How an order is said in the words of each format. Pure: orders in, bytes out.

OwnTracks: `cmd` objects on the reply of a request (owntracks/booklet, tech/json). Live mode is monitoring mode 2
("move"); iOS takes its interval from `locatorInterval`, Android from `moveModeLocatorInterval`. The phone obeys only
where its owner allows remote commands and configuration. Watch: `CR` and `UPLOAD,seconds`
(beacon_ingest/decoders/watch_framing).
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from beacon_ingest.decoders import watch_framing
from beacon_ingest.downlink import Order

LIVE_INTERVAL_S: Final = 20
USUAL_INTERVAL_S: Final = 300
"""When an order does not say which interval to set."""

_SIGNIFICANT, _MOVE = 1, 2

HEAD_BYTES: Final = 64
"""How much of a device's last frame a TCP encoder may ask for."""


def owntracks_reply(orders: Sequence[Order]) -> bytes:
    """The body of a reply that carries these orders; `[]` for none."""
    return msgspec.json.encode([_owntracks(order) for order in orders])


def _owntracks(order: Order) -> dict[str, Any]:
    match order.kind:
        case "locate":
            return {"_type": "cmd", "action": "reportLocation"}
        case "live_on":
            interval_s = order.interval_s or LIVE_INTERVAL_S
            return _configuration(
                {"monitoring": _MOVE, "locatorInterval": interval_s, "moveModeLocatorInterval": interval_s}
            )
        case "live_off":
            return _configuration({"monitoring": _SIGNIFICANT, "locatorInterval": order.interval_s or USUAL_INTERVAL_S})


def _configuration(values: Mapping[str, int]) -> dict[str, Any]:
    configuration = {"_type": "configuration", **values}
    return {"_type": "cmd", "action": "setConfiguration", "configuration": configuration}


def watch_command(head: bytes, order: Order) -> bytes | None:
    """The frame that carries one order to the watch whose last frame began with `head`; None if `head` is no header."""
    parts = watch_framing.parted(head + b"]")
    if parts is None:
        return None
    if order.kind == "locate":
        content = watch_framing.locate_now()
    else:
        usual_s = LIVE_INTERVAL_S if order.kind == "live_on" else USUAL_INTERVAL_S
        content = watch_framing.upload_every(min(max(order.interval_s or usual_s, 1), 65535))
    return watch_framing.encode_command(parts.manufacturer, parts.device, content, parts.index)


REPLIES: Final[Mapping[str, Callable[[Sequence[Order]], bytes]]] = MappingProxyType({"owntracks": owntracks_reply})
"""Formats over HTTP whose replies carry orders."""

COMMANDS: Final[Mapping[str, Callable[[bytes, Order], bytes | None]]] = MappingProxyType({"watch": watch_command})
"""Formats over TCP that take orders on the open connection."""
