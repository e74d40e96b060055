"""The rules of movement over a recorded track, without a server: what would have been told, and when. Pure."""

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from app.geo.model import Geofence
from app.kit.calendar import JST, local_date
from app.kit.ids import WearerId
from app.push import render
from app.watch import fence, impossible
from app.watch.model import Outcome, Place, Seen, Subject, WatchEvent, WatchSettings, WatchState
from app.watch.movement import closer, days, habits, judgement
from app.watch.movement.habits import Habits
from app.watch.movement.moving import Point

ACCURACY_M: Final = 30.0
"""Of a fix that does not say: a receiver of satellites in a street."""

_NAMES: Final = UUID("6a3f3c1e-3c39-4b55-9d5a-7f7f0f3b8a11")


def wearer_of(user: str) -> WearerId:
    """An id for somebody who is only called something in a file."""
    return WearerId(uuid5(_NAMES, user))


class Fix(Struct, frozen=True):
    """One place of a track; `at` with a zone, `accuracy_m` None where it is not stated."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None = None


class Options(Struct, frozen=True, kw_only=True):
    """How a track is replayed: hours and days by the clock of `zone`; after so many recorded days the rules speak;
    `rolling`: they go on learning; one fix per so many seconds is looked at. Reasons are in the words of `language`.
    """

    zone: ZoneInfo = JST
    learn_days: int = habits.DAYS
    rolling: bool = True
    step_s: int = 60
    language: str = "en"

    def comes_too_soon(self, before: datetime, at: datetime) -> bool:
        """Whether a fix is left out because there was one just before it; clocks and receivers are a little early."""
        return at - before < timedelta(seconds=0.95 * self.step_s)


class Spoken(Struct, frozen=True, kw_only=True):
    """An alert that would have been opened, or that became urgent."""

    user: str
    at: datetime
    kind: str
    rule: str
    level: str
    reason: str
    lat_deg: float | None
    lon_deg: float | None


RULES: Final = {"vanished": "silent"}
"""What rules are called here, where that is another word than in alerts."""


class Replay:
    """One person. Her fixes go in in order of time."""

    def __init__(self, user: str, options: Options, fences: Sequence[Geofence] = ()) -> None:
        self._user, self._options = user, options
        self.wearer_id = wearer_of(user)
        self.habits = Habits()
        self._subject = Subject(
            wearer_id=self.wearer_id,
            fences=tuple(fences),
            settings=WatchSettings(),
            zone=options.zone,
            habits=self.habits,
            learn_days=options.learn_days,
        )
        self.state = WatchState()
        self._track: list[Point] = []
        self._dates = 0
        """Dates with a fix before that of the last one."""
        self._day = 0
        self._open: dict[str, str] = {}
        self._passed: set[str] = set()

    @property
    def day(self) -> int:
        """The day of habits that is running (`date.toordinal`); 0 before the first fix."""
        return self._day

    @property
    def learns(self) -> bool:
        """Whether her days are not known yet, so that most rules hold their tongue."""
        return self._dates < self._options.learn_days

    def copy(self) -> "Replay":
        """Another one in the same state: learn once, try many ways to go on."""
        return copy.deepcopy(self)

    def take(self, fix: Fix) -> list[Spoken]:
        """What is said because of this fix."""
        if self._track and self._options.comes_too_soon(self._track[-1].at, fix.at):
            return []
        events = self._due(fix.at)
        self._close_day(fix.at)
        accuracy_m = ACCURACY_M if fix.accuracy_m is None else fix.accuracy_m
        self._track.append(Point(fix.at, fix.lat_deg, fix.lon_deg, accuracy_m))
        seen = Seen(
            device_id=self.wearer_id,
            at=fix.at,
            received_at=fix.at,
            lat_deg=fix.lat_deg,
            lon_deg=fix.lon_deg,
            accuracy_m=accuracy_m,
        )
        self.state.place = Place(lat_deg=fix.lat_deg, lon_deg=fix.lon_deg, accuracy_m=accuracy_m, at=fix.at)
        for watch in (fence, judgement, impossible):
            events += watch.look(self.state, seen, self._subject, fix.at)
        if self.state.movement is not None:
            closer.wanted(self.state.movement, self.habits, fix.at)
        return [spoken for event in events for spoken in self._spoken(event)]

    def wanted_s(self, now: datetime) -> float | None:
        """How often her tracker is asked to speak at a moment; None for as it likes."""
        until = self.state.movement.closer_until if self.state.movement is not None else None
        return None if until is None or until <= now else closer.INTERVAL_S

    def finish(self) -> list[Spoken]:
        """What is said because nothing comes any more."""
        return [spoken for event in self._due(None) for spoken in self._spoken(event)]

    def _due(self, until: datetime | None) -> list[WatchEvent]:
        """What time alone has to say until the next fix comes; None where none does."""
        due_at = judgement.due_at(self.state, self._subject)
        if due_at is None or (until is not None and due_at > until):
            return []
        return list(judgement.tick(self.state, self._subject, due_at))

    def _close_day(self, at: datetime) -> None:
        day = habits.day_of(at, self._options.zone)
        if self._track and local_date(at, self._options.zone) != local_date(self._track[-1].at, self._options.zone):
            self._dates += 1
            if not self.learns:  # So many dates are known, however many days begin at four in the morning.
                self._subject = msgspec.structs.replace(self._subject, learn_days=0)
        if self._track and day.toordinal() != self._day:
            self._learn()
            self._track = self._track[-1:]
        self._day = day.toordinal()

    def _learn(self) -> None:
        if not self._options.rolling and self._dates > self._options.learn_days:
            return
        day = datetime.fromordinal(self._day).date()
        movement = self.state.movement
        peaks = next((one.by_rule for one in movement.peaks if one.day == self._day), {}) if movement else {}
        made = days.day_of_track(self._track, day, self.habits.home, self._options.zone, peaks)
        habits.learn(self.habits, made)

    def _spoken(self, event: WatchEvent) -> list[Spoken]:
        """One line for what is opened and for what becomes urgent; what is added to an open alert is none."""
        if event.outcome is Outcome.OVER:
            self._open.pop(event.subject, None)
            return []
        if event.outcome is Outcome.PASSING and event.rule != "geofence_enter":  # Told once, by its cause.
            if event.cause in self._passed:
                return []
            self._passed.add(event.cause)
        before = self._open.get(event.subject)
        if event.outcome is Outcome.BEGAN:
            self._open[event.subject] = event.level.value if before != "urgent" else before
        if before is not None and (before == event.level.value or before == "urgent"):
            return []
        place = event.place
        return [
            Spoken(
                user=self._user,
                at=event.at,
                kind=event.kind.value,
                rule=RULES.get(event.rule, event.rule),
                level=event.level.value,
                reason=(" " if self._options.language == "en" else "").join(
                    render.text(
                        f"reason.{one.code}",
                        self._options.language,
                        {"at": event.at.isoformat(), "zone": self._options.zone.key, **one.params},
                    )
                    for one in event.reasons
                ),
                lat_deg=place.lat_deg if place else None,
                lon_deg=place.lon_deg if place else None,
            )
        ]
