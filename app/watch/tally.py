"""What a replay comes to: alerts per person-day. Pure.

A person-day is a date of the zone on which rules looked at one fix of hers at least when her days were known already.
What was said while learning is counted apart. An alert that opens and an
open one that becomes urgent are a line each; families hear of one incident, so that what comes within 60 minutes of a
line that counts is also left out, for all lines and for urgent ones by themselves (detection notes, section 5).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import median
from typing import Final

from msgspec import Struct

from app.watch.recorded import Person
from app.watch.replaying import Spoken

MERGED_WITHIN: Final = timedelta(minutes=60)
MANY: Final = 0.2
"""Alerts a day with which a family does not live for long."""
URGENT: Final = "urgent"


class Rate(Struct, frozen=True, kw_only=True):
    """A number of alerts, and how many that are per person-day; None without a day."""

    alerts: int
    per_person_day: float | None


class OfRule(Struct, frozen=True, kw_only=True):
    """How often one watch was the one to speak, on one level."""

    rule: str
    level: str
    alerts: int
    per_person_day: float | None


class Summary(Struct, frozen=True, kw_only=True):
    """The figures. `rows` could be read, `faulty_rows` could not; `judged` of them were looked at by rules, `refused`
    ones are no places that she can have been at. `median_person` and `share_of_persons_above` (0.2 a day) are of merged
    alerts, over persons with a day at least. `while_learning`: lines of the days that were learnt from.
    """

    persons: int
    persons_with_days: int
    person_days: int
    learning_days: int
    rows: int
    faulty_rows: int
    judged: int
    refused: dict[str, int]
    all: Rate
    urgent: Rate
    merged: Rate
    merged_urgent: Rate
    median_person: float | None
    share_of_persons_above: float | None
    rules: list[OfRule]
    while_learning: int


def summary(persons: Sequence[Person], faulty_rows: int) -> Summary:
    """The figures of everybody."""
    days = sum(one.days for one in persons)
    lines = [line for one in persons for line in one.spoken]
    urgent = [line for line in lines if line.level == URGENT]
    with_days = [one for one in persons if one.days]
    each = [_merged(one.spoken) / one.days for one in with_days]
    refused: Counter[str] = Counter()
    for one in persons:
        refused.update(one.refused)
    rules = Counter((line.rule, line.level) for line in lines)
    return Summary(
        persons=len(persons),
        persons_with_days=len(with_days),
        person_days=days,
        learning_days=sum(one.learning_days for one in persons),
        rows=sum(one.rows for one in persons),
        faulty_rows=faulty_rows,
        judged=sum(one.judged for one in persons),
        refused=dict(sorted(refused.items())),
        all=_rate(len(lines), days),
        urgent=_rate(len(urgent), days),
        merged=_rate(sum(_merged(one.spoken) for one in persons), days),
        merged_urgent=_rate(
            sum(_merged([line for line in one.spoken if line.level == URGENT]) for one in persons), days
        ),
        median_person=round(median(each), 4) if each else None,
        share_of_persons_above=round(sum(one > MANY for one in each) / len(each), 4) if each else None,
        rules=[
            OfRule(rule=rule, level=level, alerts=count, per_person_day=_rate(count, days).per_person_day)
            for (rule, level), count in sorted(rules.items(), key=lambda one: (-one[1], one[0]))
        ],
        while_learning=sum(len(one.early) for one in persons),
    )


def in_words(found: Summary) -> str:
    """The same for people, a few lines."""
    lines = [
        f"{found.persons} persons, {found.person_days} person-days judged after {found.learning_days} days of learning "
        f"({found.judged} of {found.rows} positions looked at, {sum(found.refused.values())} refused, "
        f"{found.faulty_rows} lines unreadable)."
    ]
    if not found.person_days:
        return "\n".join([*lines, "No day is left to judge: fewer days are recorded than are to be learnt from."])
    lines += [
        f"Alerts per person-day: {found.merged.per_person_day:.3f} in all ({found.merged.alerts}), of them urgent "
        f"{found.merged_urgent.per_person_day:.3f} ({found.merged_urgent.alerts}); "
        f"what comes within 60 minutes is one alert.",
        f"Counted one by one: {found.all.per_person_day:.3f} ({found.all.alerts}), urgent "
        f"{found.urgent.per_person_day:.3f} ({found.urgent.alerts}).",
        f"Half of the persons have {found.median_person:.3f} a day or fewer; "
        f"{found.share_of_persons_above:.0%} have more than {MANY} a day.",
    ]
    lines += [f"  {one.rule} {one.level}: {one.alerts} ({one.per_person_day:.4f})" for one in found.rules]
    if found.while_learning:
        lines.append(f"Besides, {found.while_learning} while still learning, which count for nothing here.")
    return "\n".join(lines)


def _rate(alerts: int, days: int) -> Rate:
    return Rate(alerts=alerts, per_person_day=round(alerts / days, 5) if days else None)


def _merged(lines: Iterable[Spoken]) -> int:
    """How many there are when those within an hour of one that counts do not count."""
    count, last = 0, None
    for at in sorted(line.at for line in lines):
        if last is None or at - last >= MERGED_WITHIN:
            count, last = count + 1, at
    return count
