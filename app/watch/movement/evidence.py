"""What rules of movement look at, and what they say: how unusual something is, in their own units."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec import Struct

from app.watch.model import Reason, Subject
from app.watch.movement.habits import Habits, peaks_near
from app.watch.movement.moving import Movement, Taken, is_slow
from app.watch.movement.shapes import Shape

WARM_DAYS: Final = 10
"""Days in which everything is new say nothing of what is ordinary."""

URGENT_SHARE: Final = 2.0
"""And urgent is so much more than what counts for her."""

MARGIN: Final = 1.05
"""What is unusual for her is so much more than on her most unusual ordinary days."""

SLOW_MARGIN: Final = 1.2
SLOW_CAP: Final = 254.0
"""The same of a slow tracker, whose measures come in leaps; and there is no measure from which on it counts for
whoever it is: what nobody saw may have been a ride."""


class Moment(Struct, kw_only=True, gc=False):
    """One fix with all that rules look at. `local` is on the clock of her city; `home_m` how far she is from the middle
    of home, None when no home is known; `known`: she knows the place; `shape`: of her line, where the step allows to
    say so, `long_shape` of a longer stretch; `left_home`: the fence of her home told that she left it.
    """

    at: datetime
    local: datetime
    subject: Subject
    habits: Habits
    movement: Movement
    taken: Taken
    cell: int
    home_m: float | None = None
    known: bool = False
    shape: Shape | None = None
    long_shape: Shape | None = None
    left_home: bool = False


class Rule(Struct, frozen=True, kw_only=True):
    """One rule: `measure` says how unusual the moment is, 0 to 255 in the rule's own unit. From `floor` on it is
    evidence; if her ordinary days went beyond that, what she is used to counts, up to `cap`. `points` of 1 are a
    notice and 2 are urgent: what it is worth where it is just enough (`weight`), and how much more at what measure
    (`urgent`: the measure at which it is worth 2; None: never more). `needs_habits`: it says nothing of somebody whose
    days are not known yet. `fixes`: so many in a row must say so (fewer of a slow tracker).
    `margin`: what counts is so many times that of the day that counts.
    `rank`: which of her days it is that counts, the most unusual one being 1: what happens once in four weeks by
    chance must not hide what she does when she is lost. `here_cap`: where that is told apart by places, up to what
    measure her most unusual day at this one counts, 0 where it is not; `rank` and `cap` are for all other places then.
    """

    name: str
    measure: Callable[[Moment], float]
    reason: Callable[[Moment, float], Reason]
    question: str
    floor: float
    cap: float
    weight: float = 1.0
    urgent: float | None = None
    urgent_if: Callable[[Moment], bool] | None = None
    needs_habits: bool = True
    fixes: int = 1
    rank: int = 2
    margin: float = MARGIN
    here_cap: float = 0.0


class Evidence(Struct, frozen=True, gc=False):
    """What one rule has to say: its measure, the one from which it counts for her, and what it is worth."""

    rule: Rule
    measure: float
    threshold: float
    points: float


def threshold_of(rule: Rule, habits: Habits, cell: int, *, slow: bool = False) -> float:
    """From which measure on a rule counts for her in a cell; `slow`: by a tracker that does not see her walk."""
    series = habits.peaks.get(rule.name)
    if not series:
        return rule.floor
    count = max(0, habits.days - WARM_DAYS)
    ordinary = sorted(series[:count], reverse=True)
    rank, margin, cap = (1, SLOW_MARGIN, SLOW_CAP) if slow else (rule.rank, rule.margin, rule.cap)
    usual = ordinary[rank - 1] if len(ordinary) >= rank else 0
    anywhere = min(max(rule.floor, margin * usual), max(rule.cap, cap))
    if not rule.here_cap:
        return anywhere
    here = max((max(one[:count], default=0) for one in peaks_near(habits, rule.name, cell)), default=0)
    return max(anywhere, min(rule.margin * here, rule.here_cap))


def weigh(rule: Rule, moment: Moment, measure: float) -> Evidence | None:
    """What a measure is worth for her; None where it is nothing unusual."""
    threshold = threshold_of(rule, moment.habits, moment.cell, slow=is_slow(moment.movement))
    if measure < threshold:
        return None
    points = rule.weight
    if rule.urgent is not None and (rule.urgent_if is None or rule.urgent_if(moment)):
        top = max(rule.urgent, threshold * URGENT_SHARE)
        points += (2.0 - rule.weight) * min(1.0, (measure - threshold) / (top - threshold))
    return Evidence(rule, measure, threshold, points)


def reason_of_shape(code: str, times: float, shape: Shape | None, measured: float) -> Reason:
    """Why a rule spoke that looks at the line of the last half hour: how often she did it, and since when."""
    minutes = shape.time_s / 60 if shape else 0.0
    return Reason(
        code=code,
        params={"times": str(int(times)), "minutes": str(round(minutes))},
        numbers=numbers(measure=measured, minutes=minutes, path_m=shape.path_m if shape else 0.0),
    )


def numbers(**values: float) -> dict[str, float]:
    """The numbers behind a reason, rounded."""
    return {name: round(value, 1) for name, value in values.items()}


__all__ = ["Evidence", "Moment", "Rule", "numbers", "reason_of_shape", "threshold_of", "weigh"]
