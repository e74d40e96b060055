"""Leaving, coming back to and passing through a geofence.

A fix counts as outside when the probability to be inside, given its accuracy, is at most 5 %, and as inside when it is
at least 50 %; in between it says nothing. When fixes outside are enough to say that she left is in `leaving.py`, what a
tag heard at home, or its Wi-Fi, has to say to it in `home.py`, what the way between two fixes says in `crossing.py`. A
tracker that hears a beacon of her home is inside, however sure it is of the place.

The evidence is kept all the time; only the telling has hours (`Geofence.schedule`). Who left before they began is told
when she is not back a quarter of an hour after it, and who was never seen inside is not told at all.
"""

from collections.abc import Iterator
from datetime import datetime

from app.geo.fences import probability_inside, probability_inside_min, signed_distance_m
from app.geo.model import FencePurpose, Geofence
from app.geo.quality import Place as Fixed
from app.geo.schedule import began_at, covers
from app.kit.ids import GeofenceId, WearerId
from app.push.model import Level
from app.watch import crossing, home, leaving
from app.watch.model import (
    AlertKind,
    FenceState,
    Observation,
    Outcome,
    Passed,
    Place,
    Reason,
    Seen,
    Subject,
    Surveyed,
    WatchEvent,
    WatchState,
)
from app.watch.movement.following import lies_behind

OUTSIDE_PROBABILITY_MAX = 0.05
INSIDE_PROBABILITY_MIN = 0.5


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """What leaving, coming back or passing through `observation` confirms; updates the evidence in `state`. Only
    accepted fixes, and what is heard at home, say anything.
    """
    if not subject.settings.geofence:
        return
    if isinstance(observation, Passed | Surveyed):
        yield from _heard(state, observation, subject, now)
    if not isinstance(observation, Seen):
        return
    tells_enter = False
    for fence in subject.fences:
        kept = _kept(state, fence)
        tells_enter = tells_enter or fence.tell_enter
        distance_m = signed_distance_m(fence, observation.lat_deg, observation.lon_deg)
        if distance_m >= 0 and lies_behind(state.movement, observation.device_id, observation.at):
            continue  # That a phone lies at home says nothing of her who walks with her tracker.
        if _is_inside(fence, observation, distance_m):
            kept.vetoed_at = None  # The tracker agrees with what is heard at home.
            if leaving.is_back(kept, observation.at) and (fence.tell_exit or fence.tell_enter):
                yield _enter(subject, fence, observation, _place(observation))
            continue
        if distance_m >= 0:
            leaving.doubts(kept, observation.at)
            continue
        if fence.tell_enter and state.last_fix is not None:  # Before she is known to be out by this very fix.
            yield from _crossed(kept, fence, observation, subject, -distance_m, state.last_fix)
        probability = probability_inside(distance_m, observation.accuracy_m)
        if probability <= OUTSIDE_PROBABILITY_MAX:
            yield from _outside(kept, fence, observation, subject, -distance_m, probability)
    _remember(state, observation, subject, tells_enter)


def _heard(state: WatchState, heard: Passed | Surveyed, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """What is heard at home, or of a fence's Wi-Fi: she may be back by it."""
    votes = home.votes(heard, subject, now) if isinstance(heard, Passed) else home.heard_wifi(heard, subject, now)
    for fence, place in votes:
        if home.is_back(_kept(state, fence), heard) and (fence.tell_exit or fence.tell_enter):
            yield _enter(subject, fence, heard, place)


def _outside(
    kept: FenceState, fence: Geofence, seen: Seen, subject: Subject, beyond_m: float, probability: float
) -> Iterator[WatchEvent]:
    """What a fix outside says: that she left, in hours in which it is told, or that she is not back when they began."""
    left = leaving.has_left(kept, seen, beyond_m)
    if not fence.tell_exit:
        return
    if left and kept.outside_first_at is not None:
        if covers(fence.schedule, kept.outside_first_at, subject.zone):
            yield _exit(subject.wearer_id, fence, seen, kept, beyond_m, probability)
            return
        kept.untold_at = kept.outside_first_at
    if kept.untold_at is None:
        return
    began = began_at(fence.schedule, seen.at, subject.zone)
    if began is not None and leaving.is_still_out(kept, seen.at, began):
        yield _exit(subject.wearer_id, fence, seen, kept, beyond_m, probability)
        kept.untold_at = None


def _crossed(
    kept: FenceState, fence: Geofence, seen: Seen, subject: Subject, beyond_m: float, before: Fixed
) -> Iterator[WatchEvent]:
    """What the way from the fix before to one that is outside says."""
    if crossing.crosses(kept, fence, before, seen, beyond_m) and covers(fence.schedule, seen.at, subject.zone):
        yield _through(subject.wearer_id, fence, seen, before)


def _is_inside(fence: Geofence, seen: Seen, distance_m: float) -> bool:
    if distance_m < 0:
        return False
    if seen.known_by == "beacon" and fence.purpose is FencePurpose.HOME:
        return True
    return probability_inside_min(distance_m, seen.accuracy_m) >= INSIDE_PROBABILITY_MIN


def _kept(state: WatchState, fence: Geofence) -> FenceState:
    """What is known of a fence. It is forgotten when the shape was changed: it is about another place now.

    Hashes of numbers are the same in every process. Should a new Python hash differently, evidence starts anew once.
    """
    kept = state.fences.get(fence.id.hex)
    centre = fence.centre
    shape = hash(fence.corners) if centre is None else hash((centre.lat_deg, centre.lon_deg, fence.radius_m))
    if kept is None or kept.shape != shape:
        kept = state.fences[fence.id.hex] = FenceState(shape=shape)
    return kept


def _remember(state: WatchState, seen: Seen, subject: Subject, tells_enter: bool) -> None:
    """Keeps the newest fix for the way to the next one, and forgets fences that have ended."""
    if not tells_enter:
        state.last_fix = None
    elif state.last_fix is None or seen.at > state.last_fix.at:
        state.last_fix = Fixed(seen.at, seen.lat_deg, seen.lon_deg, seen.accuracy_m)
    if len(state.fences) > len(subject.fences):
        alive = {fence.id.hex for fence in subject.fences}
        state.fences = {key: kept for key, kept in state.fences.items() if key in alive}


def fence_subject(geofence_id: GeofenceId, purpose: FencePurpose) -> str:
    """What one alert is about: all fences of home are one home."""
    return "home" if purpose is FencePurpose.HOME else f"fence:{geofence_id.hex}"


def _enter(subject: Subject, fence: Geofence, seen: Seen | Passed | Surveyed, place: Place) -> WatchEvent:
    """Coming back ends what leaving began; where arriving is to be told, it is told also when nothing had begun."""
    told = fence.tell_enter and covers(fence.schedule, seen.at, subject.zone)
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.MOVEMENT,
        rule="geofence_enter",
        subject=fence_subject(fence.id, fence.purpose),
        level=Level.NOTICE,
        cause=f"enter:{fence.id.hex}:{seen.at.isoformat()}",
        at=seen.at,
        received_at=seen.received_at,
        outcome=Outcome.PASSING if told else Outcome.OVER,
        reasons=(
            Reason(code="inside_fence", params={"fence": fence.name, "accuracy_m": str(round(place.accuracy_m))}),
        ),
        place=place,
    )


def _exit(
    wearer_id: WearerId, fence: Geofence, seen: Seen, kept: FenceState, beyond_m: float, probability: float
) -> WatchEvent:
    """She left. When that was before it was to be told (`kept.untold_at`), what happened is that she is not back."""
    first_at = kept.outside_first_at or seen.at
    at = first_at
    numbers = {
        "distance_m": round(beyond_m, 1),
        "accuracy_m": round(seen.accuracy_m, 1),
        "probability_inside": round(probability, 4),
        "fixes": float(kept.outside_count),
        "minutes": round(((kept.outside_last_at or seen.at) - first_at).total_seconds() / 60, 1),
    }
    params = {
        "fence": fence.name,
        "distance_m": str(round(beyond_m)),
        "accuracy_m": str(round(seen.accuracy_m)),
    }
    reasons: tuple[Reason, ...] = (Reason(code="outside_fence", params=params, numbers=numbers),)
    if kept.untold_at is not None:
        words = {"fence": fence.name, "since": kept.untold_at.isoformat()}
        reasons, at = (Reason(code="still_outside", params=words), *reasons), seen.at
    return WatchEvent(
        wearer_id=wearer_id,
        kind=AlertKind.MOVEMENT,
        rule="geofence_exit",
        subject=fence_subject(fence.id, fence.purpose),
        level=Level.URGENT if fence.purpose is FencePurpose.HOME else Level.NOTICE,
        cause=f"exit:{fence.id.hex}:{first_at.isoformat()}",
        at=at,
        received_at=seen.received_at,
        reasons=reasons,
        place=_place(seen),
    )


def _through(wearer_id: WearerId, fence: Geofence, seen: Seen, before: Fixed) -> WatchEvent:
    """She passed through between two fixes. It is told by itself: she is outside as before, and nothing ends by it."""
    words = {"fence": fence.name, "since": before.at.isoformat(), "until": seen.at.isoformat()}
    return WatchEvent(
        wearer_id=wearer_id,
        kind=AlertKind.MOVEMENT,
        rule="geofence_through",
        subject=f"through:{fence.id.hex}",
        level=Level.NOTICE,
        cause=f"through:{fence.id.hex}:{seen.at.isoformat()}",
        at=seen.at,
        received_at=seen.received_at,
        outcome=Outcome.PASSING,
        reasons=(Reason(code="through_fence", params=words),),
        place=_place(seen),
    )


def _place(seen: Seen) -> Place:
    return Place(lat_deg=seen.lat_deg, lon_deg=seen.lon_deg, accuracy_m=seen.accuracy_m, at=seen.at)
