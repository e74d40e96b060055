"""Which passages of one tag cannot both be true. Pure."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from app.geo.measure import distance_m
from app.history.model import Doubt, Passage
from app.kit.ids import TagId
from app.tags.doubt import At, apart_s, is_impossible
from app.tags.model import DetectorKind

MOVING = frozenset({DetectorKind.VEHICLE, DetectorKind.PHONE})

REACH = timedelta(minutes=30)
"""Nobody doubts what is farther apart in time: 72 km at the greatest speed."""


def doubts_of(touched: Iterable[Passage], stored: Iterable[Passage], moving: frozenset[UUID]) -> list[Doubt]:
    """Doubts about passages of one tag that are farther apart than anybody gets in the time between, so many that each
    passage that may be doubted is in one. `stored` are all of those around, the touched ones too.

    `moving` detectors are left out: a passenger is heard by the bus all along its way. Of the passages at another
    detector only those at the same time, the last one before and the first one after are looked at: who came from that
    one in time would have come from the others.
    """
    by_tag: dict[TagId, dict[UUID, list[Passage]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(stored, key=lambda one: one.opened_at):
        if one.lat_deg is not None and one.detector_id not in moving:
            by_tag[one.tag_id][one.detector_id].append(one)
    doubts: dict[frozenset[UUID], Doubt] = {}
    for one in touched:
        at_detectors = by_tag[one.tag_id]
        if len(at_detectors) < 2 or one.detector_id not in at_detectors:  # The usual case.
            continue
        for detector_id, passages in at_detectors.items():
            if detector_id == one.detector_id:
                continue
            for other in _around(one, passages):
                pair = frozenset((one.id, other.id))
                doubt = None if pair in doubts else _doubt(one, other)
                if doubt is not None:
                    doubts[pair] = doubt
    return list(doubts.values())


def _around(one: Passage, passages: Sequence[Passage]) -> Iterator[Passage]:
    """Of passages at one detector, in order, those at the time of this one and their neighbours."""
    place = max(0, bisect_left(passages, one.opened_at, key=lambda other: other.last_at) - 1)
    while place < len(passages):
        yield passages[place]
        if passages[place].opened_at > one.last_at:
            return
        place += 1


def _doubt(one: Passage, other: Passage) -> Doubt | None:
    if one.lat_deg is None or one.lon_deg is None or other.lat_deg is None or other.lon_deg is None:
        return None
    if one.doubtful and other.doubtful:
        return None
    here, there = _at(one), _at(other)
    if apart_s(here, there) > REACH.total_seconds():
        return None
    away_m = distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    if not is_impossible(here, there, away_m):
        return None
    one, other = (one, other) if one.id < other.id else (other, one)  # The same two give the same doubt.
    return Doubt(
        city_id=one.city_id,
        tag_id=one.tag_id,
        passage_id=one.id,
        other_id=other.id,
        distance_m=away_m,
        apart_s=apart_s(here, there),
        at=max(one.last_at, other.last_at),
        wearer_id=one.wearer_id,
        other_wearer_id=other.wearer_id,
    )


def _at(one: Passage) -> At:
    return At(one.opened_at.timestamp(), one.last_at.timestamp(), one.accuracy_m or 0.0)
