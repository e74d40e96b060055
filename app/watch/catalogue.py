"""The one table of watches, and the fold over it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from app.watch import arrival, battery, button, fence, impossible, passage, silence, tag_silence, wearing
from app.watch.around import Around, Question, asked_together
from app.watch.model import (
    JUDGED_AGE_MAX,
    AlarmHeard,
    HealthHeard,
    Heard,
    Observation,
    Passed,
    Place,
    Seen,
    Subject,
    Surveyed,
    WatchEvent,
    WatchState,
)
from app.watch.movement import closing, judgement
from app.watch.outage import Outage
from app.watch.silence import Uptime

Look = Callable[[WatchState, Observation, Subject, datetime], Iterator[WatchEvent]]
Tick = Callable[[WatchState, Subject, Around, datetime], Iterator[WatchEvent]]


class Watch(Struct, frozen=True, kw_only=True):
    """One rule: its name in failures and metrics, its function, what it looks at, and what it answers in a sentence.
    `tick` is what time alone makes it say.
    """

    name: str
    look: Look
    sees: tuple[type, ...]
    question: str
    tick: Tick | None = None


class Failure(Struct, frozen=True, kw_only=True):
    """A watch that threw: the others went on."""

    watch: str
    error: str


WATCHES: tuple[Watch, ...] = (
    Watch(
        name="button",
        look=button.look,
        sees=(AlarmHeard,),
        question="Did she press SOS, did she fall, does the device itself report something?",
    ),
    Watch(
        name="geofence",
        look=fence.look,
        sees=(Seen, Passed, Surveyed),
        question="Did she leave a known place, or come back to it?",
    ),
    Watch(
        name="movement",
        look=judgement.look,
        sees=(Seen, Passed),
        question="Does what she does add up to being lost?",
        tick=lambda state, subject, around, now: judgement.tick(state, subject, now, around.uptime, around.town),
    ),
    Watch(
        name="impossible_travel",
        look=impossible.look,
        sees=(Seen, Passed),
        question="Is one device, or one tag, in two places at once?",
    ),
    # Before `passage`: what was told as an arrival is not told as a passage, too.
    Watch(
        name="arrival",
        look=arrival.look,
        sees=(Passed,),
        question="Did she arrive where she is expected, and in time?",
        tick=arrival.tick,
    ),
    Watch(name="passage", look=passage.look, sees=(Passed,), question="Which detector did she pass?"),
    Watch(name="battery", look=battery.look, sees=(AlarmHeard, HealthHeard), question="Will the device stay on?"),
    Watch(name="removed", look=wearing.look, sees=(AlarmHeard, Seen), question="Does she wear the device?"),
    Watch(
        name="silence",
        look=silence.look,
        sees=(Heard,),
        question="Is the device heard?",
        tick=lambda state, subject, around, now: silence.tick(state, subject, around.uptime, now, around.town),
    ),
    Watch(
        name="tag_silence",
        look=tag_silence.look,
        sees=(Passed,),
        question="Does any detector hear the tag?",
        tick=tag_silence.tick,
    ),
)


LOOKS: dict[type, tuple[Watch, ...]] = {
    seen: tuple(watch for watch in WATCHES if seen in watch.sees)
    for seen in {seen for watch in WATCHES for seen in watch.sees}
}
"""The watches that look at each kind of observation, in their order."""


def fold(
    state: WatchState, observations: Iterable[Observation], subject: Subject, now: datetime
) -> tuple[list[WatchEvent], list[Failure]]:
    """What happened to one wearer by these observations, in the order of their times; `state` is brought forward.

    A watch that throws is noted and changes nothing for the others.
    """
    events: list[WatchEvent] = []
    failures: list[Failure] = []
    for observation in observations:
        if isinstance(observation, Seen | Passed):
            learnt = state.learnt
            if learnt is not None and observation.at < learnt.until:
                closing.note_late(learnt, observation.at, subject.zone)
        if isinstance(observation, Seen) and not _judge(state, observation, now):
            continue
        if isinstance(observation, Passed):
            _take_place(state, observation)
        for watch in LOOKS[type(observation)]:
            try:
                events.extend(watch.look(state, observation, subject, now))
            except (
                Exception
            ) as error:  # One faulty rule must not keep the other rules from speaking, nor the place from being stored.
                failures.append(Failure(watch=watch.name, error=f"{type(error).__name__}: {error}"))
    return events, failures


def tick(state: WatchState, subject: Subject, around: Around, now: datetime) -> tuple[list[WatchEvent], list[Failure]]:
    """What happened to one wearer by time alone; `state` is brought forward. Failures are as in `fold`."""
    events: list[WatchEvent] = []
    failures: list[Failure] = []
    for watch in WATCHES:
        if watch.tick is None:
            continue
        try:
            events.extend(watch.tick(state, subject, around, now))
        except Exception as error:  # As in `fold`: the silence of a tracker is told though another rule is faulty.
            failures.append(Failure(watch=watch.name, error=f"{type(error).__name__}: {error}"))
    return events, failures


def question(state: WatchState, subject: Subject, uptime: Uptime | None, now: datetime) -> Question:
    """What must be looked up before `tick`: hardly ever anything."""
    return asked_together((arrival.question(state, subject, now), tag_silence.question(state, subject, uptime, now)))


def due_at(
    state: WatchState,
    subject: Subject,
    uptime: Uptime | None,
    town: Outage | None = None,
    now: datetime | None = None,
) -> datetime | None:
    """When time alone will next say something; None when it cannot. `town` is the last outage of her town at `now`."""
    due = tag_silence.due_at(state, subject.settings, uptime) if state.tags else None
    if state.devices:
        due = _earlier(due, silence.due_at(state, subject.settings, uptime, town, now))
    if state.movement is not None:
        due = _earlier(due, judgement.due_at(state, subject, uptime, town, now))
    if subject.expectations:
        due = _earlier(due, arrival.due_at(state, subject))
    return due


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _take_place(state: WatchState, passed: Passed) -> None:
    """A passage is a place as well, that an alarm without a fix is told with. A doubtful one moves nobody."""
    place = None if passed.doubtful else passage.place_of(passed)
    if place is not None and (state.place is None or place.at >= state.place.at):
        state.place = place


def _judge(state: WatchState, seen: Seen, now: datetime) -> bool:
    """Whether rules look at this fix at all; the newest one becomes the place that an alarm without a fix is told
    with.
    """
    if state.place is None or seen.at >= state.place.at:
        state.place = Place(lat_deg=seen.lat_deg, lon_deg=seen.lon_deg, accuracy_m=seen.accuracy_m, at=seen.at)
    if seen.at < now - JUDGED_AGE_MAX:
        return False
    if state.judged_at is None or seen.at > state.judged_at:
        state.judged_at = seen.at
    return True


encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(WatchState).decode
