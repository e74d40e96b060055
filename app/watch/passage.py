"""A passage: a tag of hers was heard by a detector. The family hears of it within seconds; it is news, not an alert.

A walk along a street with a detector at each end of the gate, or a tag at the edge of what a detector hears, makes
passages by the dozen. So a tag at one detector is told at most once in ten minutes of its own time, whichever of the
passages comes in first. No rule could do that and also tell the same ones in every order: three passages six minutes
apart are two notices or one, as they come.

A pole at a crossing is passed; near a bus or a phone she was for a while; to a facility she comes. A detector in a home
tells nothing here: a tag that sleeps there would be told every ten minutes all day.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from app.push.model import Level
from app.tags.model import DetectorKind
from app.watch.model import (
    JUDGED_AGE_MAX,
    AlertKind,
    Observation,
    Outcome,
    Passed,
    Place,
    Reason,
    Subject,
    Told,
    WatchEvent,
    WatchState,
)

AGAIN_AFTER = timedelta(minutes=10)
"""A tag at one detector is told at most once in this time (issue: "at most one notice per tag and detector")."""

TOLD_MAX = 64
"""Passages that are remembered as told. The oldest go first: what comes so late is recognised by its cause."""

ACCURACY_M = 50.0
"""How far a detector hears when nothing else is known of it (`app.tags.model.Detector.range_m`)."""


RULES: Mapping[DetectorKind, str] = {
    DetectorKind.VEHICLE: "passage_near",
    DetectorKind.PHONE: "passage_near",
    DetectorKind.FACILITY: "passage_visit",
}
"""What is told of a detector of this kind; of others `passage`."""


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """News of a passage, unless it is doubtful, at a home, too old to be news, or told already (as an arrival, too)."""
    if not isinstance(observation, Passed) or observation.doubtful or not subject.settings.passages:
        return
    if observation.kind is DetectorKind.HOME:
        return
    if observation.at < now - JUDGED_AGE_MAX or was_told(state, observation):
        return
    note_told(state, observation, now)
    yield WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.MOVEMENT,
        rule=RULES.get(observation.kind, "passage"),
        subject=observation.detector_id.hex,
        level=Level.NEWS,
        cause=f"passage:{cause_of(observation)}",
        at=observation.at,
        received_at=observation.received_at,
        outcome=Outcome.NEWS,
        reasons=(Reason(code="passed", params={"detector": observation.detector_name}),),
        place=place_of(observation),
    )


def was_told(state: WatchState, passed: Passed) -> bool:
    """Whether this tag was told at this detector less than ten minutes before or after."""
    pair, at = _pair(passed), passed.at
    for one in state.told:  # noqa: SIM110 — a generator takes as long as all the rest of a passage.
        if one.pair == pair and abs(at - one.at) < AGAIN_AFTER:
            return True
    return False


def note_told(state: WatchState, passed: Passed, now: datetime) -> None:
    """Remembers that this passage was told, and forgets what no passage that is still told could come close to."""
    needed_from = now - JUDGED_AGE_MAX - AGAIN_AFTER
    told = [one for one in state.told if one.at > needed_from]
    told.append(Told(_pair(passed), passed.at))
    if len(told) > TOLD_MAX:
        told.remove(min(told, key=lambda one: one.at))
    state.told = told


def cause_of(passed: Passed) -> str:
    """What names a passage for ever: the tag, the detector and when it began."""
    return f"{passed.tag_id.hex}:{passed.detector_id.hex}:{passed.at.isoformat()}"


def place_of(passed: Passed) -> Place | None:
    """Where a passage was, as far as that is known."""
    if passed.lat_deg is None or passed.lon_deg is None:
        return None
    accuracy_m = ACCURACY_M if passed.accuracy_m is None else passed.accuracy_m
    return Place(lat_deg=passed.lat_deg, lon_deg=passed.lon_deg, accuracy_m=accuracy_m, at=passed.at)


def _pair(passed: Passed) -> int:
    """One number for a tag and a detector, 64 bits instead of 256: the whole state must stay under 4 KB.

    Hashes of numbers are the same in every process. Should a new Python hash differently, a passage is told once more.
    """
    return hash((passed.tag_id.int, passed.detector_id.int))
