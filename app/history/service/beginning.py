"""Passages that begin: the other usual case of what a detector says, on a short way with few steps.

What comes out is what joining gives (`recording.py`). `going.py` is the same for those that go on.
"""

from datetime import UTC, datetime
from functools import lru_cache

from msgspec import UNSET

from app.devices.carriers import carrier_at
from app.geo.cells import cell_of
from app.history.doubting import MOVING
from app.history.going import Going
from app.history.model import Passage
from app.history.service.gathering import Touched
from app.kit.ids import DetectorId, PassageId, TagId, new_id
from app.tags.heard import heard_at, to_bytes
from app.tags.passages import is_cut

cell_at = lru_cache(4_096)(cell_of)
"""The cell of a place where detectors stand, most of which stay there."""


def begun(one: Touched, recent_s: float) -> tuple[Passage, Going] | None:
    """The passage that these seconds begin, where nothing of this tag is open at this detector; None where it takes
    more than that.

    That is where they began at `recent_s` or before, so that the history may know of them, where they are in more than
    one piece or the tag was handed over among them, and where the detector moves.
    """
    seconds, tag, detector = one.seconds, one.tag, one.detector
    first_s, last_s = seconds[0], seconds[-1]
    if first_s <= recent_s or last_s - first_s > tag.gap_s or detector.kind in MOVING:
        return None
    if tag.cuts_s and is_cut(first_s, last_s, tag.cuts_s):
        return None
    opened_at = datetime.fromtimestamp(first_s, UTC)
    carrier = carrier_at(tag.carriers, opened_at)
    lat_deg, lon_deg = detector.lat_deg, detector.lon_deg
    placed = lat_deg is not None and lon_deg is not None
    heard = to_bytes(heard_at(seconds))
    skew_s = one.unit.report.skew_s
    passage = Passage(
        city_id=tag.city_id,
        tag_id=TagId(one.tag_id),
        detector_id=DetectorId(one.unit.device_id),
        id=PassageId(new_id()),
        opened_at=opened_at,
        wearer_id=None if carrier is None else carrier.wearer_id,
        last_at=datetime.fromtimestamp(last_s, UTC),
        heard=heard,
        rssi_dbm_max=one.rssi_dbm_max,
        lat_deg=lat_deg if placed else None,
        lon_deg=lon_deg if placed else None,
        accuracy_m=detector.range_m if placed else None,
        cell=cell_at(lat_deg, lon_deg) if lat_deg is not None and lon_deg is not None else None,
        doubtful=False,
        received_at=one.unit.received_at,
        skew_s=None if skew_s is UNSET else skew_s,
    )
    return passage, Going(first_s, last_s, heard, one.rssi_dbm_max, passage.lat_deg, passage.lon_deg, doubtful=False)
