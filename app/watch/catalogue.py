"""The one table of watches, and the fold over it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from app.watch import battery, button, fence, silence, wearing
from app.watch.model import (
    AlarmHeard,
    HealthHeard,
    Heard,
    Observation,
    Place,
    Seen,
    Subject,
    WatchEvent,
    WatchState,
)

Look = Callable[[WatchState, Observation, Subject, datetime], Iterator[WatchEvent]]

JUDGED_AGE_MAX = timedelta(hours=2)
"""A fix older than this goes to history and teaches, but no rule judges it (DESIGN section 7, promise 3)."""


class Watch(Struct, frozen=True, kw_only=True):
    """One rule: its name in failures and metrics, its function, what it looks at, and what it answers in a sentence."""

    name: str
    look: Look
    sees: tuple[type, ...]
    question: str


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
    Watch(name="geofence", look=fence.look, sees=(Seen,), question="Did she leave a known place, or come back to it?"),
    Watch(name="battery", look=battery.look, sees=(AlarmHeard, HealthHeard), question="Will the device stay on?"),
    Watch(name="removed", look=wearing.look, sees=(AlarmHeard, Seen), question="Does she wear the device?"),
    Watch(name="silence", look=silence.look, sees=(Heard,), question="Is the device heard?"),
)


def fold(
    state: WatchState, observations: Iterable[Observation], subject: Subject, now: datetime
) -> tuple[list[WatchEvent], list[Failure]]:
    """What happened to one wearer by these observations, in the order of their times; `state` is brought forward.

    A watch that throws is noted and changes nothing for the others.
    """
    events: list[WatchEvent] = []
    failures: list[Failure] = []
    for observation in observations:
        if isinstance(observation, Seen) and not _judge(state, observation, now):
            continue
        for watch in WATCHES:
            if type(observation) not in watch.sees:
                continue
            try:
                events.extend(watch.look(state, observation, subject, now))
            except (
                Exception
            ) as error:  # One faulty rule must not keep the other rules from speaking, nor the place from being stored.
                failures.append(Failure(watch=watch.name, error=f"{type(error).__name__}: {error}"))
    return events, failures


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
