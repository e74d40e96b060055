"""The table: detectors in rows, false alarms per person-day and what they notice in columns. Pure."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from bench.detection.scoring import bootstrapped, quantile, rate, wilson
from bench.detection.seeds import chance
from bench.detection.trial import Caught, Outcome, Tried

OFTEN = 0.2
"""Alarms per day above which a person is cried at too often."""
IN_MIN = (15.0, 30.0, 60.0)
SILENT_IN_MIN = 180.0
"""Of a tracker that falls silent the delay is counted so far."""
PAST_BORDER_MIN = 10.0
NIGHT_MIN = 6.0


class Rate(Struct, frozen=True, kw_only=True):
    """Alarms per person-day, with 95 % confidence."""

    mean: float
    low: float
    high: float
    median_person: float
    often: float
    """Share of persons above `OFTEN`."""


class Recall(Struct, frozen=True, kw_only=True):
    """How episodes of a kind were noticed. Those at whose onset an alarm stood are counted apart, in nothing else."""

    kind: str
    count: int
    standing: int
    within: dict[str, float]
    """Share that was noticed within so many minutes."""
    low: float
    high: float
    """95 % interval of the share within the last of `IN_MIN`."""
    median_min: float | None
    p90_min: float | None
    urgent: float
    """Share that was urgent within the last of `IN_MIN`."""
    special: float | None = None
    """Share within 6 minutes of the door (night), or 10 past the border (range)."""


class Row(Struct, frozen=True, kw_only=True):
    """One detector."""

    detector: str
    persons: int
    days: int
    all: Rate
    urgent: Rate
    alone: float
    rules: dict[str, float]
    recalls: list[Recall]


def rows(tried: Sequence[Tried]) -> list[Row]:
    """A row for each detector, in their order."""
    names = [one.detector for one in tried[0].outcomes] if tried else []
    return [_row(name, [one for each in tried for one in each.outcomes if one.detector == name]) for name in names]


def _row(name: str, outcomes: Sequence[Outcome]) -> Row:
    days = sum(one.days for one in outcomes)
    rules: Counter[str] = Counter()
    for one in outcomes:
        rules.update(one.rules)
    caught = [one for each in outcomes for one in each.caught]
    kinds = list(dict.fromkeys(one.kind for one in sorted(caught, key=lambda one: _ORDER.index(one.kind))))
    return Row(
        detector=name, persons=len(outcomes), days=days,
        all=_rate([(one.alarms, float(one.days)) for one in outcomes]),
        urgent=_rate([(one.urgent, float(one.days)) for one in outcomes]),
        alone=rate([(one.alone, float(one.days)) for one in outcomes]),
        rules={rule: count / max(days, 1) for rule, count in rules.most_common()},
        recalls=[_recall(kind, [one for one in caught if one.kind == kind]) for kind in kinds],
    )  # fmt: skip


_ORDER = (
    "pacing", "lapping", "random", "away", "away_streets", "missed_turn", "night", "range_foot", "range_vehicle",
    "stuck", "no_signal",
)  # fmt: skip


def _rate(counts: Sequence[tuple[int, float]]) -> Rate:
    each = [count / days for count, days in counts if days]
    low, high = bootstrapped(counts, chance("bootstrap"))
    return Rate(
        mean=rate(counts), low=low, high=high, median_person=quantile(each, 0.5) or 0.0,
        often=sum(one > OFTEN for one in each) / max(len(each), 1),
    )  # fmt: skip


def _recall(kind: str, caught: Sequence[Caught]) -> Recall:
    fresh = [one for one in caught if not one.standing]
    limits = (*IN_MIN[:-1], SILENT_IN_MIN) if kind == "no_signal" else IN_MIN
    count = len(fresh)
    delays = [one.delay_min for one in fresh if one.delay_min is not None and one.delay_min <= limits[-1]]
    low, high = wilson(len(delays), count)
    urgent = sum(one.urgent_min is not None and one.urgent_min <= limits[-1] for one in fresh)
    special = None
    if kind == "night":
        special = sum(one <= NIGHT_MIN for one in delays) / max(count, 1)
    elif any(one.border_min is not None for one in fresh):
        kept = [one.delay_min is not None and one.delay_min <= (one.border_min or 0) + PAST_BORDER_MIN for one in fresh]
        special = sum(kept) / max(count, 1)
    return Recall(
        kind=kind, count=count, standing=len(caught) - count, low=low, high=high,
        within={f"{limit:g}": sum(one <= limit for one in delays) / max(count, 1) for limit in limits},
        median_min=quantile(delays, 0.5), p90_min=quantile(delays, 0.9), urgent=urgent / max(count, 1),
        special=special,
    )  # fmt: skip


def text(found: Sequence[Row]) -> str:
    """The table for people, in Markdown: rates with their 95 % intervals; of each kind the share noticed within the
    hour, and the median and the 90 % delay in minutes.
    """
    kinds = [one.kind for one in found[0].recalls] if found else []
    head = ["detector", "alarms per person-day", "urgent", *kinds]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in found:
        cells = [row.detector, _cell(row.all), _cell(row.urgent), *(_noticed(one) for one in row.recalls)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def details(found: Sequence[Row]) -> str:
    """What the table has no room for."""
    lines = []
    for row in found:
        lines.append(
            f"{row.detector}: {row.persons} persons, {row.days} days; median person {row.all.median_person:.3f}, above "
            f"{OFTEN} a day {row.all.often:.0%}; without those in company {row.alone:.3f}; "
            + ", ".join(f"{rule} {one:.3f}" for rule, one in row.rules.items())
        )
        for one in row.recalls:
            within = " ".join(f"{limit}:{share:.2f}" for limit, share in one.within.items())
            special = "" if one.special is None else f", in time {one.special:.2f}"
            lines.append(
                f"  {one.kind:14} {one.count:4} [{one.low:.2f}, {one.high:.2f}] within {within}, urgent "
                f"{one.urgent:.2f}, standing {one.standing}{special}"
            )
    return "\n".join(lines)


def _cell(one: Rate) -> str:
    return f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _noticed(one: Recall) -> str:
    if one.median_min is None or one.p90_min is None:
        return "0" if one.count else "–"
    return f"{list(one.within.values())[-1]:.2f} {one.median_min:.0f}/{one.p90_min:.0f}"
