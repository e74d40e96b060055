"""How much one device, one body and one connection may ask of the edge, in one table; and the rates, kept in bounded
memory.
"""

from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct


class Limit(Struct, frozen=True, kw_only=True):
    """What one device of one format may do.

    A unit is an HTTP request or a TCP frame; alarms never count against a rate.
    """

    unit_bytes_max: int
    """Bytes of a body, after inflating, or of a frame."""
    rows_max: int
    """Messages in one body. No frame carries more than a handful."""
    units_per_s: float
    """The rate that a device may keep up."""
    burst_units: int
    """What it may send at once on top, as after hours without a network."""


class ConnectionLimit(Struct, frozen=True, kw_only=True):
    """What connections of a TCP format may do."""

    connections_max: int = 10_000
    connections_per_peer_max: int = 5_000
    """Of one address. High, because a mobile carrier shows thousands of watches under one."""
    greeting_s: float = 60
    """Time in which a connection must name an enrolled device."""
    idle_s: float = 20 * 60
    """Silence after which a connection is closed: a watch reports every 5 to 8 minutes."""
    send_s: float = 30
    """How long a device may take to read what it is sent."""
    stray_bytes_max: int = 64 * 1024
    """Bytes that belong to no readable frame, in the life of one connection."""
    greeting_bytes_max: int = 4 * 1024
    """The same, before the connection has named an enrolled device."""
    held_bytes_max: int = 64 * 1024 * 1024
    """Bytes of unfinished frames of all connections together."""
    back_off_s_max: float = 5
    """How long a connection stays open, unread, when nothing can be stored, so that devices do not storm back."""


# The rate stops a device that has run wild, not one that catches up: ten devices may use a whole machine (DESIGN
# section 10), one may not.
_PER_S, _BURST = 1000.0, 2000
_KIB = 1024

LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "osmand": Limit(unit_bytes_max=256 * _KIB, rows_max=2000, units_per_s=_PER_S, burst_units=_BURST),
        # A `card` carries a picture, a `dump` every fence of the phone.
        "owntracks": Limit(unit_bytes_max=512 * _KIB, rows_max=2000, units_per_s=_PER_S, burst_units=_BURST),
        "traccar": Limit(unit_bytes_max=256 * _KIB, rows_max=2000, units_per_s=_PER_S, burst_units=_BURST),
        # The length of a frame has four hex digits; voice and pictures use them up.
        "watch": Limit(unit_bytes_max=72 * _KIB, rows_max=10, units_per_s=200.0, burst_units=_BURST),
        # A pole hears hundreds of phones; a row of JSON is some hundred bytes. A server may speak for a whole town.
        "gateway": Limit(unit_bytes_max=512 * _KIB, rows_max=5000, units_per_s=_PER_S, burst_units=_BURST),
        "minew": Limit(unit_bytes_max=256 * _KIB, rows_max=5000, units_per_s=_PER_S, burst_units=_BURST),
        "theengs": Limit(unit_bytes_max=512 * _KIB, rows_max=5000, units_per_s=_PER_S, burst_units=_BURST),
    }
)

CONNECTIONS: Final = ConnectionLimit()

BODY_S: Final = 30.0
"""Time for the rest of a body that did not come in one piece."""

RATED_DEVICES_MAX: Final = 50_000
"""Devices whose rate is remembered; the longest unheard is forgotten first, and may then start anew."""


class Rates:
    """A token bucket a device, as one number each: the time at which its bucket would be full again."""

    def __init__(self, *, per_s: float, burst: int, keys_max: int = RATED_DEVICES_MAX) -> None:
        assert per_s > 0, "a rate of nothing is a closed door"
        assert burst >= 1, "a bucket holds at least one unit"
        self._interval_s = 1 / per_s
        self._slack_s = (burst - 1) / per_s
        self._keys_max = keys_max
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """0 if the device may send one more unit, which is then counted; else the seconds until it may.

        What is refused is not counted. `now_s` is of a clock that never goes back.
        """
        full_at = self._full_at.get(key, now_s)
        over_s = full_at - now_s - self._slack_s
        # Less than a microsecond over is the rounding of many sums, not the device.
        if over_s > 1e-6:
            return over_s
        self._keep(key, max(full_at, now_s) + self._interval_s)
        return 0.0

    def reserve_s(self, key: str, now_s: float) -> float:
        """Seconds until the device may send one more unit, 0 for at once.

        It is counted either way: whoever asks will wait.
        """
        full_at = max(self._full_at.get(key, now_s), now_s)
        self._keep(key, full_at + self._interval_s)
        return max(0.0, full_at - now_s - self._slack_s)

    def _keep(self, key: str, full_at: float) -> None:
        kept = self._full_at
        kept[key] = full_at
        kept.move_to_end(key)
        if len(kept) > self._keys_max:
            kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._full_at)
