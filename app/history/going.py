"""Passages that go on: the usual case of what a detector says, on a short way with few steps. Pure.

What comes out is what joining gives (`app.tags.passages`). Times are whole seconds since 1970, UTC.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from app.geo.measure import M_PER_DEG
from app.tags.doubt import MARGIN_M
from app.tags.heard import with_seconds
from app.tags.passages import is_cut
from app.tags.snapshot import Placed


class Going(Struct, frozen=True):
    """As much of an open passage as is needed to make it longer."""

    first_s: int
    last_s: int
    heard: bytes
    rssi_dbm_max: float | None


OpenKey = tuple[int, bytes, bytes]
"""City, and the 16 bytes of the ids of a tag and of a detector: what is compared a hundred times a body."""


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
    if last_s + gap <= open_from_s or is_cut(one.first_s, last_s, cuts):
        return None
    powers = one.rssi_dbm_max, rssi_dbm_max
    if powers[0] is None or (powers[1] is not None and powers[1] > powers[0]):
        powers = powers[1], powers[0]
    return Going(one.first_s, last_s, with_seconds(one.heard, one.first_s, seconds), powers[0])


def far_apart(touched: Mapping[OpenKey, Placed]) -> set[OpenKey]:
    """The keys of tags that detectors far from each other heard now: what one of them says is news to the other."""
    by_tag: dict[bytes, list[OpenKey]] = {}
    for key in touched:
        by_tag.setdefault(key[1], []).append(key)
    found: set[OpenKey] = set()
    for keys in by_tag.values():
        if len(keys) > 1 and _is_wide([touched[key] for key in keys]):
            found.update(keys)
    return found


def _is_wide(detectors: Sequence[Placed]) -> bool:
    """Whether some are farther apart than one tag can be heard at once, by a square around them that is too large."""
    lat = [one.lat_deg for one in detectors if one.lat_deg is not None]
    lon = [one.lon_deg for one in detectors if one.lon_deg is not None]
    if not lat or not lon:
        return False
    north, east = max(lat) - min(lat), max(lon) - min(lon)
    reach_deg = (2 * min(one.range_m for one in detectors) + MARGIN_M) / M_PER_DEG
    return north * north + east * east > reach_deg * reach_deg
