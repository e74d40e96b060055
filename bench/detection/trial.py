"""One person before all detectors: her days, on which nothing was wrong, and episodes after what is learnt from."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from itertools import chain

from msgspec import Struct

from app.watch.movement import closer
from app.watch.replaying import Replay
from bench.detection.days import DAY_S, DAYS, Life, live
from bench.detection.detectors import DETECTORS
from bench.detection.episodes import Episode, episode
from bench.detection.habits import Habits, predictability
from bench.detection.people import Person, person
from bench.detection.said import LEARN_DAYS, ZONE, Detector, Fix, Options, Spoken, at
from bench.detection.scoring import merged
from bench.detection.seeds import chance
from bench.detection.tracks import at_home, indoors, report

URGENT = "urgent"
STANDING_S = 1_800.0
"""What was said so long before an episode begins stands at its beginning."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be tried out."""

    population: str = "regular"
    detectors: tuple[str, ...] = tuple(DETECTORS)
    kinds: tuple[str, ...] = ()
    reps: int = 10
    days: int = DAYS
    step_s: int = 60
    rolling: bool = True
    outdoors_only: bool = False
    answers: bool = False
    """The tracker speaks more often while our rules ask it to, as trackers do that take commands."""
    cold: bool = False
    """Episodes begin out of nothing: a minute before their onset, hours after the last fix."""

    @property
    def least_step_s(self) -> int:
        """How often fixes come at the most."""
        return min(self.step_s, closer.INTERVAL_S) if self.answers else self.step_s


class Caught(Struct, frozen=True, kw_only=True):
    """How an episode went: minutes from its onset to the first alarm and to the first urgent one, None for never;
    `standing` when one was there already.
    """

    user: str
    kind: str
    rep: int
    delay_min: float | None
    urgent_min: float | None
    standing: bool
    rule: str | None = None
    border_min: float | None = None


class Cried(Struct, frozen=True, kw_only=True):
    """An alarm on a day on which nothing was wrong."""

    user: str
    at: datetime
    kind: str
    rule: str
    level: str
    reason: str
    accompanied: bool
    new: bool
    """Whether she was out for something new."""


class Outcome(Struct, frozen=True, kw_only=True):
    """One person and one detector."""

    user: str
    detector: str
    days: int
    alarms: int
    urgent: int
    alone: int
    """Alarms while nobody was with her."""
    rules: dict[str, int]
    cried: list[Cried]
    caught: list[Caught]


class Sketch(Struct, frozen=True, kw_only=True):
    """What a person is like: outings and minutes out per day; shares of all minutes and of minutes out in cells where
    she was on two earlier days.
    """

    user: str
    outings: float
    out_min: float
    known: float
    known_out: float
    range_m: float


class Tried(Struct, frozen=True):
    """One person."""

    sketch: Sketch
    outcomes: list[Outcome]


def sketch(who: Person, life: Life, days: int) -> Sketch:
    """What a person is like."""
    known, known_out = predictability(who, life, LEARN_DAYS, days)
    minutes = sum(end_s - start_s for start_s, end_s in map(life.hours, life.outings)) / 60
    return Sketch(
        user=who.user, outings=len(life.outings) / days, out_min=minutes / days, known=known, known_out=known_out,
        range_m=Habits(who, life, LEARN_DAYS).range_m,
    )  # fmt: skip


def fixes_of(who: Person, life: Life, asked: Asked) -> list[Fix]:
    """The recorded track of all her days, of a tracker that nobody asks for anything."""
    return list(_track(who, life, asked, _nothing))


def _track(who: Person, life: Life, asked: Asked, asked_s: Callable[[datetime], float | None]) -> Iterator[Fix]:
    noise = chance("noise", who.user, asked.step_s)
    until_s = asked.days * DAY_S
    offs = indoors(who, life.points, chance("logger", who.user)) if asked.outdoors_only else []
    return report(who, life.points, noise, asked.step_s, 0.0, until_s, offs, asked_s)


def _nothing(_now: datetime) -> None:
    return None


def _asks(detector: Detector, asked: Asked) -> Callable[[datetime], float | None]:
    return detector.wanted_s if asked.answers and isinstance(detector, Replay) else _nothing


def try_out(index: int, asked: Asked) -> Tried:
    """Everything of one person."""
    who = person(asked.population, index)
    life = live(who, asked.days)
    fixes = fixes_of(who, life, asked)
    recorded = sorted({fix.at.astimezone(ZONE).date() for fix in fixes})
    last = recorded[min(LEARN_DAYS, len(recorded)) - 1]
    day = (last - at(0).astimezone(ZONE).date()).days + 1
    habits = Habits(who, life, day)
    episodes = [
        one for kind in asked.kinds for rep in range(asked.reps) if (one := episode(kind, who, life, habits, rep, day))
    ]
    episodes.sort(key=lambda one: one.points[0][0])
    outcomes = []
    for name in asked.detectors:
        detector = DETECTORS[name](who.user, Options(rolling=asked.rolling, step_s=asked.least_step_s))
        track = _track(who, life, asked, _asks(detector, asked)) if asked.answers else iter(fixes)
        first: list[Fix] = []
        for fix in track:
            if fix.at >= at(day * DAY_S):
                first.append(fix)
                break
            detector.take(fix)
        caught = _catch(who, detector, episodes, day, asked)
        said = [one for fix in chain(first, track) for one in detector.take(fix)]
        outcomes.append(_outcome(who, name, life, len(recorded[LEARN_DAYS:]), said, caught))
    return Tried(sketch(who, life, asked.days), outcomes)


def try_all(who: Sequence[Person], asked: Asked, workers: int) -> list[Tried]:
    """Everybody, in order, in so many processes."""
    numbers = [int(one.user[1:]) for one in who]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(try_out, asked=asked), numbers))


def _outcome(who: Person, name: str, life: Life, days: int, said: Sequence[Spoken], caught: list[Caught]) -> Outcome:
    hours = [(at(start_s), at(end_s), one) for one in life.outings for start_s, end_s in [life.hours(one)]]
    cried = []
    for one in said:
        outing = next((outing for start_at, end_at, outing in hours if start_at <= one.at <= end_at), None)
        accompanied, new = (outing.accompanied, outing.new) if outing else (False, False)
        cried.append(
            Cried(
                user=who.user, at=one.at, kind=one.kind, rule=one.rule, level=one.level, reason=one.reason,
                accompanied=accompanied, new=new,
            )
        )  # fmt: skip
    rules: Counter[str] = Counter()
    for kind in {one.kind for one in cried}:
        of_kind = {one.at: one.rule for one in reversed(cried) if one.kind == kind}
        rules.update(of_kind[moment] for moment in merged(list(of_kind)))
    return Outcome(
        user=who.user, detector=name, days=days, alarms=rules.total(), urgent=_count(cried, URGENT),
        alone=_count([one for one in cried if not one.accompanied]), rules=dict(rules), cried=cried, caught=caught,
    )  # fmt: skip


def _count(cried: Sequence[Cried], level: str | None = None) -> int:
    chosen = [one for one in cried if level is None or one.level == level]
    return sum(len(merged([one.at for one in chosen if one.kind == kind])) for kind in {one.kind for one in chosen})


def _catch(who: Person, learnt: Detector, episodes: Sequence[Episode], day: int, asked: Asked) -> list[Caught]:
    """Each episode from a detector that has learnt, and that has heard the day so far, spent at home."""
    found = []
    running = learnt.copy() if episodes else learnt
    quiet = chance("quiet", who.user, asked.step_s)
    heard_s = day * DAY_S
    home = at_home(who, heard_s, heard_s + DAY_S)
    asked_s = _asks(running, asked)
    rest = iter(report(who, home, quiet, asked.step_s, heard_s, heard_s + DAY_S, asked_s=asked_s))
    waiting = next(rest, None)
    for one in episodes:
        begins_s = one.points[0][0]
        if not (asked.outdoors_only or asked.cold):
            while waiting is not None and waiting.at < at(begins_s):
                running.take(waiting)
                waiting = next(rest, None)
        found.append(_followed(who, running.copy(), one, asked))
    return found


def _followed(who: Person, detector: Detector, one: Episode, asked: Asked) -> Caught:
    begins_s = one.leaves_s - 60.0 if asked.outdoors_only else one.points[0][0]
    if asked.cold:
        begins_s = one.onset_s - 60.0
    noise = chance("noise", who.user, one.kind, one.rep, asked.step_s)
    said: list[Spoken] = []
    onset_at = at(one.onset_s)
    for fix in report(who, one.points, noise, asked.step_s, begins_s, one.end_s, asked_s=_asks(detector, asked)):
        if one.silent is not None and at(one.silent[0]) <= fix.at < at(one.silent[1]):
            continue
        said += detector.take(fix)
    after = [one for one in said if one.at >= onset_at]
    stood = [one for one in said if at(begins_s) <= one.at < onset_at and (onset_at - one.at).seconds <= STANDING_S]
    first = min(after, key=lambda one: one.at, default=None)
    urgent = min((one for one in after if one.level == URGENT), key=lambda one: one.at, default=None)
    return Caught(
        user=who.user, kind=one.kind, rep=one.rep, standing=bool(stood),
        delay_min=_minutes(first, onset_at), urgent_min=_minutes(urgent, onset_at),
        rule=None if first is None else first.rule,
        border_min=None if one.border_s is None else (one.border_s - one.onset_s) / 60,
    )  # fmt: skip


def _minutes(said: Spoken | None, since: datetime) -> float | None:
    return None if said is None else (said.at - since).total_seconds() / 60
