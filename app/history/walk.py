"""Passages, positions and what people said as one walk. Pure.

A passage is a place at the moment at which it began: where two poles hear one tag at once, the walk goes from the one
that heard it first to the other and not back and forth. One that began before the part that is asked for stands at its
beginning.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from uuid import UUID

from app.geo.cells import cell_of, hour_of
from app.history.model import KnownBy, Passage, Position, Said, TrackPoint
from app.kit.ids import DeviceId

LOUDER_DB = 10.0
"""A pole that hears a tag this much louder has it, whichever heard it first (BLE notes, section 3)."""


def points_of(passages: Iterable[Passage], names: Mapping[UUID, str], from_at: datetime) -> list[TrackPoint]:
    """The points that passages give, in order of time. Doubtful ones and those without a place move nobody."""
    found = []
    for one in passages:
        if one.doubtful or one.lat_deg is None or one.lon_deg is None:
            continue
        found.append(
            TrackPoint(
                max(one.opened_at, from_at),
                one.lat_deg,
                one.lon_deg,
                one.accuracy_m,
                KnownBy.DETECTOR,
                one.received_at,
                one.last_at,
                names.get(one.detector_id),
                one.tag_id,
            )
        )
    return sorted(found, key=_when)


def merged(points: Iterable[TrackPoint], others: Iterable[TrackPoint]) -> list[TrackPoint]:
    """Both, each in order of time, as one track."""
    return list(merge(points, others, key=_when))


def newest(passages: Sequence[Passage]) -> Passage | None:
    """Where she is by her passages: the last of them, or the pole that hears her much louder at the same time."""
    placed = [one for one in passages if one.lat_deg is not None and not one.doubtful]
    if not placed:
        return None
    last_at = max(one.last_at for one in placed)
    together = [one for one in placed if one.last_at >= last_at - TOGETHER]
    latest = max(together, key=lambda one: (one.opened_at, one.last_at))
    loudest = max(together, key=lambda one: _loudness(one))
    return loudest if _loudness(loudest) - _loudness(latest) >= LOUDER_DB else latest


TOGETHER = timedelta(seconds=30)
"""Two poles hear a tag at once when their last words about it are no farther apart."""


def position_of(one: Passage) -> Position:
    """The passage as a last known place: that of the detector, when it last heard the tag."""
    assert one.lat_deg is not None, "a passage without a place is nobody's place"
    assert one.lon_deg is not None, "a passage without a place is nobody's place"
    return Position(
        city_id=one.city_id,
        device_id=DeviceId(one.detector_id),
        fix_at=one.last_at,
        ordinal=0,
        wearer_id=one.wearer_id,
        contact_id=None,
        received_at=max(one.received_at, one.last_at),  # Nobody heard of its last word before it was said.
        lat_deg=one.lat_deg,
        lon_deg=one.lon_deg,
        accuracy_m=one.accuracy_m,
        altitude_m=None,
        speed_mps=None,
        heading_deg=None,
        known_by=KnownBy.DETECTOR,
        cell=one.cell or 0,
        hour=hour_of(one.last_at),
    )


def position_said(one: Said) -> Position:
    """What somebody said as a last known place."""
    return Position(
        city_id=one.city_id,
        device_id=DeviceId(one.source_id),
        fix_at=one.at,
        ordinal=0,
        wearer_id=one.wearer_id,
        contact_id=None,
        received_at=one.received_at,
        lat_deg=one.lat_deg,
        lon_deg=one.lon_deg,
        accuracy_m=one.accuracy_m,
        altitude_m=None,
        speed_mps=None,
        heading_deg=None,
        known_by=one.known_by,
        cell=cell_of(one.lat_deg, one.lon_deg),
        hour=hour_of(one.at),
    )


def _loudness(one: Passage) -> float:
    return -200.0 if one.rssi_dbm_max is None else one.rssi_dbm_max


def _when(point: TrackPoint) -> datetime:
    return point.at
