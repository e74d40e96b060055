"""Which passages of one tag cannot both be true. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from app.geo.measure import distance_m
from app.history.model import Doubt, Passage
from app.kit.ids import TagId
from app.tags.doubt import At, apart_s, is_impossible


def doubts_of(touched: Iterable[Passage], stored: Iterable[Passage], moving: frozenset[UUID]) -> list[Doubt]:
    """One doubt for each two passages of one tag that are farther apart than anybody gets in the time between.

    `moving` detectors are left out: a passenger is heard by the bus all along its way.
    """
    by_tag: dict[TagId, list[Passage]] = defaultdict(list)
    for one in stored:
        by_tag[one.tag_id].append(one)
    doubts: dict[frozenset[UUID], Doubt] = {}
    for one in touched:
        others = by_tag[one.tag_id]
        if len(others) == 1 and others[0].id == one.id:  # The usual case.
            continue
        for other in others:
            pair = frozenset((one.id, other.id))
            detectors = {one.detector_id, other.detector_id}
            if len(detectors) == 2 and pair not in doubts and moving.isdisjoint(detectors):
                doubt = _doubt(one, other)
                if doubt is not None:
                    doubts[pair] = doubt
    return list(doubts.values())


def _doubt(one: Passage, other: Passage) -> Doubt | None:
    if one.lat_deg is None or one.lon_deg is None or other.lat_deg is None or other.lon_deg is None:
        return None
    if one.doubtful and other.doubtful:
        return None
    away_m = distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    here, there = _at(one), _at(other)
    if not is_impossible(here, there, away_m):
        return None
    return Doubt(
        city_id=one.city_id,
        tag_id=one.tag_id,
        passage_id=one.id,
        other_id=other.id,
        distance_m=away_m,
        apart_s=apart_s(here, there),
        at=max(one.last_at, other.last_at),
    )


def _at(one: Passage) -> At:
    return At(one.opened_at.timestamp(), one.last_at.timestamp(), one.accuracy_m or 0.0)
