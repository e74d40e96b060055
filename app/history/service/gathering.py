"""What a group of units says, put together by tag and detector. This runs for each tag of each body."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct
from sqlalchemy.engine import Connection

from app.history.going import OfTag, OpenKey
from app.tags import service as tags
from app.tags.passages import not_lent
from app.tags.snapshot import Placed, Worn
from beacon_ingest.messages import DetectorUnit


class Touched(Struct, gc=False):
    """What a group of units says of one tag at one detector; `unit` is the first that does.

    `of_tag` are the open passages of the tag by detector, `until_s` until when that of this detector had been heard
    before, where it only becomes longer.
    """

    tag_id: UUID
    tag: Worn
    unit: DetectorUnit
    detector: Placed
    seconds: tuple[int, ...]
    rssi_dbm_max: float | None
    of_tag: OfTag
    until_s: int = 0


class Lent(Struct, frozen=True):
    """The seconds in which a detector heard a tag that a contact carried."""

    tag_id: UUID
    tag: Worn
    detector_id: UUID
    detector: Placed
    seconds: tuple[int, ...]


_NONE = OfTag()


def gather(connection: Connection, units: Sequence[DetectorUnit]) -> tuple[dict[OpenKey, Touched], list[Lent]]:
    """What was heard of tags and by detectors that are known here; apart from it, what was heard of contacts."""
    placed = tags.placed(connection, {unit.device_id for unit in units if unit.tags})
    worn = tags.worn_by_number(connection, {heard.tag.int for unit in units for heard in unit.tags})
    touched: dict[OpenKey, Touched] = {}
    lent: list[Lent] = []
    for unit in units:
        detector = placed.get(unit.device_id)
        if detector is None:
            continue
        detector_key = unit.device_id.bytes
        for heard in unit.tags:
            tag = worn[heard.tag.int]
            if tag is None:
                continue
            seconds = heard.heard_s
            if tag.loans:
                seconds = not_lent(tag.loans, seconds)
                lent.append(Lent(heard.tag, tag, unit.device_id, detector, heard.heard_s))
                if not seconds:
                    continue
            rssi_dbm: Any = heard.rssi_dbm_max
            if rssi_dbm is UNSET:
                rssi_dbm = None
            key = (tag.city_id, tag.key, detector_key)
            one = touched.get(key)
            if one is None:
                touched[key] = Touched(heard.tag, tag, unit, detector, seconds, rssi_dbm, _NONE)
                continue
            one.seconds = tuple(sorted({*one.seconds, *seconds}))
            if rssi_dbm is not None and (one.rssi_dbm_max is None or rssi_dbm > one.rssi_dbm_max):
                one.rssi_dbm_max = rssi_dbm
    return touched, lent
