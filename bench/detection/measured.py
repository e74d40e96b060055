"""The figures of the rules for `mimamori bench`, on fewer persons than the table of the documentation."""

from collections.abc import Iterator
from functools import partial

from bench.detection import table
from bench.detection.episodes import KINDS
from bench.detection.people import people
from bench.detection.trial import Asked, try_all
from bench.measure import Measurement

PERSONS, REPS = 10, 4
ALL_MAX, URGENT_MAX = 100.0, 30.0
"""Alarms per 1,000 person-days on which nothing was wrong."""
RECALL_MIN = {"pacing": 95.0, "lapping": 85.0, "random": 85.0, "away": 95.0}
"""Per cent noticed within the hour."""
SPECIAL_MIN = {"night": 99.0, "range_foot": 95.0, "range_vehicle": 95.0}
"""Per cent noticed within 6 minutes of the door, or within 10 past the border."""
AWAY_MEDIAN_MAX_MIN = 15.0


def measure() -> Iterator[Measurement]:
    """Alarms, and what is noticed, of regular persons who are held apart from tuning."""
    asked = Asked(detectors=("ours",), kinds=tuple(KINDS), reps=REPS, rolling=False)
    (row,) = table.rows(try_all(people("regular", "report", PERSONS), asked, workers=2))
    most = partial(_one, unit="per 1,000 person-days", at_most=True)
    yield most("alarms", 1_000 * row.all.mean, ALL_MAX)
    yield most("urgent", 1_000 * row.urgent.mean, URGENT_MAX)
    for recall in row.recalls:
        share = 100 * list(recall.within.values())[-1]
        yield _one(recall.kind, share, RECALL_MIN.get(recall.kind), unit="% noticed")
        if recall.special is not None:
            yield _one(f"{recall.kind}.in_time", 100 * recall.special, SPECIAL_MIN[recall.kind], unit="% in time")
        if recall.kind == "away" and recall.median_min is not None:
            yield _one("away.median", recall.median_min, AWAY_MEDIAN_MAX_MIN, unit="min", at_most=True)


def _one(name: str, value: float, budget: float | None, *, unit: str, at_most: bool = False) -> Measurement:
    ok = budget is None or (value <= budget if at_most else value >= budget)
    return Measurement(name=f"detection.{name}", value=value, unit=unit, budget=budget, ok=ok)
