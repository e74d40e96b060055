"""What is heard at home: a tag of hers, by a detector that stands there, or its Wi-Fi, by her device. It is a vote for
"inside" that no receiver's error touches. It never says that somebody left.

A passage speaks when it begins. While it goes on it is no observation, so before it is told that she left home the
store is asked whether a tag of hers was heard there since (`asked`, `verified`).

The vote is not the last word: a tag may lie on the hall table while she walks with the tracker. When the tracker goes
on saying that she is out, for half an hour, against the tag, it is believed and the alert says that the tag is at home.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from app.geo.fences import signed_distance_m
from app.geo.model import FencePurpose, Geofence
from app.geo.quality import assumed_accuracy_m
from app.tags.model import DetectorKind
from app.watch import leaving
from app.watch.model import (
    JUDGED_AGE_MAX,
    FenceState,
    Passed,
    Place,
    Reason,
    Side,
    Subject,
    Surveyed,
    WatchEvent,
    WatchState,
)
from app.watch.passage import place_of

VETO_MAX: Final = timedelta(minutes=30)
"""So long a tag at home outweighs a tracker that says she is out. A wrong place of a phone hardly ever stands longer;
who walks has gone two kilometres."""

LEFT_HOME: Final = "geofence_exit"


class Asked(Struct, frozen=True, kw_only=True):
    """Whether any of these detectors heard a tag of hers at home in this time."""

    detector_ids: frozenset[UUID]
    from_at: datetime


def votes(passed: Passed, subject: Subject, now: datetime) -> Iterator[tuple[Geofence, Place]]:
    """The fences of her home in which this passage says she is."""
    if passed.kind is not DetectorKind.HOME or passed.doubtful or passed.at < now - JUDGED_AGE_MAX:
        return
    place = place_of(passed)
    if place is None:
        return
    for fence in subject.fences:  # Somebody else's home is none of hers: hers is where she has a fence of that purpose.
        if fence.purpose is FencePurpose.HOME and signed_distance_m(fence, place.lat_deg, place.lon_deg) >= 0:
            yield fence, place


def heard_wifi(surveyed: Surveyed, subject: Subject, now: datetime) -> Iterator[tuple[Geofence, Place]]:
    """The fences whose access points her device heard, each with its middle, which is as near as anybody knows."""
    if surveyed.at < now - JUDGED_AGE_MAX:
        return
    for fence in subject.fences:
        if fence.access_points and not set(fence.access_points).isdisjoint(surveyed.access_points):
            spot = fence.centre or fence.corners[0]
            accuracy_m = fence.radius_m or assumed_accuracy_m("wifi")
            yield fence, Place(lat_deg=spot.lat_deg, lon_deg=spot.lon_deg, accuracy_m=accuracy_m, at=surveyed.at)


def is_back(kept: FenceState, heard: Passed | Surveyed) -> bool:
    """Takes in a vote for inside; whether it brings her back from outside."""
    at = heard.at
    if isinstance(heard, Passed) and heard.last_at is not None:
        at = max(at, heard.last_at)
    if _is_contradicted(kept, at):
        return False
    since = kept.outside_first_at or kept.outside_last_at
    if kept.vetoed_at is None and since is not None and at >= since:
        kept.vetoed_at = since
    return leaving.is_back(kept, at)


def asked(state: WatchState, events: Iterable[WatchEvent]) -> Asked | None:
    """What must be looked up before these events are told: hardly ever anything."""
    from_at = min((_since(one) for one in events if _left_home(one)), default=None)
    if from_at is None or not state.tags:
        return None
    return Asked(
        detector_ids=frozenset(UUID(bytes=one) for tag in state.tags.values() for one in tag.detectors), from_at=from_at
    )


def verified(
    state: WatchState, subject: Subject, events: Sequence[WatchEvent], heard: Collection[Place]
) -> list[WatchEvent]:
    """The events without those that she left a home in which a tag of hers was `heard` since: these were errors of the
    receiver, and are forgotten. Where the tracker has said otherwise for long, the event says both. `at` of a place is
    when the tag was heard there last.
    """
    told: list[WatchEvent] = []
    for event in events:
        fence = _left(event, subject)
        last_at = None if fence is None else _heard_at(fence, heard, _since(event))
        if fence is None or last_at is None:
            told.append(event)
        elif not _veto(state.fences[fence.id.hex], last_at, _since(event)):
            words = {"fence": fence.name, "heard": last_at.isoformat()}
            reasons = (*event.reasons, Reason(code="tag_at_home", params=words))
            told.append(msgspec.structs.replace(event, reasons=reasons))
    return told


def _left(event: WatchEvent, subject: Subject) -> Geofence | None:
    """The fence of her home that this event says she left."""
    if not _left_home(event):
        return None
    return next((one for one in subject.fences if event.cause.startswith(f"exit:{one.id.hex}:")), None)


def _since(event: WatchEvent) -> datetime:
    """Since when a tag that is heard at home speaks against this event: since she was first seen outside, or, where
    what happened is that she is not back, in the time that she was given to come.
    """
    return event.at - leaving.GRACE if any(one.code == "still_outside" for one in event.reasons) else event.at


def _left_home(event: WatchEvent) -> bool:
    return event.rule == LEFT_HOME and event.subject == "home"


def _heard_at(fence: Geofence, heard: Iterable[Place], since: datetime) -> datetime | None:
    inside = (one.at for one in heard if one.at >= since and signed_distance_m(fence, one.lat_deg, one.lon_deg) >= 0)
    return max(inside, default=None)


def _veto(kept: FenceState, at: datetime, left_at: datetime) -> bool:
    """Takes back that she left; whether the vote is worth it."""
    if kept.vetoed_at is None:
        kept.vetoed_at = left_at
    if _is_contradicted(kept, at):
        return False
    kept.side, kept.untold_at = Side.INSIDE, None
    leaving.is_back(kept, at)
    return True


def _is_contradicted(kept: FenceState, at: datetime) -> bool:
    """Whether the tracker has said for long, and not long ago, that she is out, against votes for inside."""
    since, last = kept.vetoed_at, kept.outside_last_at
    return since is not None and last is not None and last - since > VETO_MAX and at - last <= JUDGED_AGE_MAX
