"""Passages that go on: the usual case of what a detector says, on a short way with few steps. Pure.

What comes out is what joining gives (`app.tags.passages`). Times are whole seconds since 1970, UTC.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from app.geo.measure import M_PER_DEG
from app.tags.doubt import CLOCKS_S, MARGIN_M, SPEED_MPS_MAX
from app.tags.heard import with_seconds
from app.tags.passages import is_cut


class Going(Struct, frozen=True, gc=False):
    """As much of an open passage as is needed to make it longer, and where it is."""

    first_s: int
    last_s: int
    heard: bytes
    rssi_dbm_max: float | None
    lat_deg: float | None
    lon_deg: float | None
    doubtful: bool


class OfTag(dict[bytes, Going]):
    """The open passages of one tag, by detector.

    It remembers the last second at which the tag was heard anywhere, and at another detector than that: whether it was
    heard elsewhere lately is asked for each tag of a body, and its passages lie all over the memory.
    """

    __slots__ = ("_newest_at", "_newest_s", "_second_s")

    def __init__(self) -> None:
        super().__init__()
        self._newest_at = b""
        self._newest_s = self._second_s = 0

    def put(self, detector_id: bytes, one: Going) -> None:
        """The passage at this detector is this one from now on."""
        self[detector_id] = one
        last_s = one.last_s
        if detector_id == self._newest_at:
            self._newest_s = max(last_s, self._newest_s)
        elif last_s > self._newest_s:
            self._newest_at, self._newest_s, self._second_s = detector_id, last_s, self._newest_s
        elif last_s > self._second_s:
            self._second_s = last_s

    def elsewhere_s(self, detector_id: bytes) -> int:
        """No other detector than this one heard the tag after this second. It may be later than the last one that did,
        when a passage is gone.
        """
        return self._second_s if detector_id == self._newest_at else self._newest_s


TagKey = tuple[int, bytes]
"""City, and the 16 bytes of the id of a tag."""

OpenKey = tuple[int, bytes, bytes]
"""The same with the id of a detector: what is compared a hundred times a body."""


def lengthened(
    one: Going,
    seconds: Sequence[int],
    rssi_dbm_max: float | None,
    gap: float,
    cuts: Sequence[int],
    open_from_s: float,
) -> Going | None:
    """The passage with these seconds, which are in order; None where it takes more than to lengthen it.

    That is where they are before its beginning or after its end, in more than one piece, after the tag was handed over
    (`cuts`), or so long ago that it is no open one any more, which is when it is over before `open_from_s`.
    """
    first_s, last_s = seconds[0], seconds[-1]
    if first_s < one.first_s or last_s - first_s > gap or first_s - one.last_s > gap:
        return None
    last_s = max(last_s, one.last_s)
    if last_s + gap <= open_from_s or (cuts and is_cut(one.first_s, last_s, cuts)):
        return None
    powers = one.rssi_dbm_max, rssi_dbm_max
    if powers[0] is None or (powers[1] is not None and powers[1] > powers[0]):
        powers = powers[1], powers[0]
    heard = with_seconds(one.heard, one.first_s, seconds)
    return Going(one.first_s, last_s, heard, powers[0], one.lat_deg, one.lon_deg, one.doubtful)


def may_contradict(one: Going, others: Iterable[Going], until_s: int, range_m: float) -> bool:
    """Whether a closer look may show that one of these passages of the same tag at other detectors cannot be true
    together with this one (`app.tags.doubt`), of which that was asked when it had been heard until `until_s`.

    Only what was heard after that can say anything that was not said then. Distances are too long here: a degree of
    longitude counts as on the equator.
    """
    lat_deg, lon_deg = one.lat_deg, one.lon_deg
    if lat_deg is None or lon_deg is None:
        return False
    near2 = ((range_m + MARGIN_M) / M_PER_DEG) ** 2
    for other in others:
        if other.last_s <= until_s or other is one or other.lat_deg is None or other.lon_deg is None:
            continue
        north, east = lat_deg - other.lat_deg, lon_deg - other.lon_deg
        away2 = north * north + east * east
        if away2 <= near2 or (one.doubtful and other.doubtful):
            continue
        apart_s = max(one.first_s, other.first_s) - min(one.last_s, other.last_s) + CLOCKS_S
        if away2 > ((range_m + MARGIN_M + SPEED_MPS_MAX * max(0.0, apart_s)) / M_PER_DEG) ** 2:
            return True
    return False
