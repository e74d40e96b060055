"""How well the map of a search rates the place where she is (MapScore), in synthetic cases (`bench/lost.py`), beside
the plain rings of the distance law in the same cases; and how long one map takes.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from random import Random

from app.missing.grid import cell_at
from app.missing.mapscore import score, score_of
from app.missing.probability import HeatMap, heat_map, plain_rings
from bench.lost import Case, cases, without
from bench.measure import Measurement

SEED, CASES = 20261122, 600
SCORE_MIN = 0.81
"""What the best model of MapScore rated on its own cases, which were others."""

MAP_MS_MAX = 100.0
RESAMPLES = 1_000


def measure() -> Iterator[Measurement]:
    """The scores of the map, of rings round the newest and round the first place, of the map without parts of what it
    knows; of those cells alone that she can have reached; and the time of one map.
    """
    made = list(cases(SEED, CASES))
    spent_ms, maps = [], []
    for case in made:
        start = time.process_time()
        maps.append(heat_map(case.known, case.now))
        spent_ms.append((time.process_time() - start) * 1000)
    newest = [plain_rings(case.known.last) for case in made]
    ours = _scores(made, maps)
    rings = _scores(made, newest)
    yield _measured("missing.map", ours, SCORE_MIN)
    yield _measured("missing.rings_newest", rings)
    yield _measured("missing.rings_first", _scores(made, [plain_rings(case.first) for case in made]))
    yield _measured("missing.better_than_rings", [one - other for one, other in zip(ours, rings, strict=True)], 0.0)
    for layer in ("listeners", "places", "sweeps"):
        less = _scores(made, [heat_map(without(case.known, layer), case.now) for case in made])
        yield _measured(f"missing.map_without_{layer}", less)
    yield _measured("missing.map_in_reach", _in_reach(made, maps, maps))
    yield _measured("missing.rings_in_reach", _in_reach(made, newest, maps))
    unheard = [number for number, case in enumerate(made) if case.known.last == case.first]
    yield _measured("missing.map_unheard", [ours[number] for number in unheard])
    yield _measured("missing.rings_unheard", [rings[number] for number in unheard])
    mean_ms = statistics.median(spent_ms)
    yield Measurement(
        name="missing.one_map", value=mean_ms, unit="ms (median; 4,921 cells, 1,475 detectors)", budget=MAP_MS_MAX,
        ok=mean_ms <= MAP_MS_MAX,
    )  # fmt: skip


def _scores(made: Sequence[Case], maps: Sequence[HeatMap]) -> list[float]:
    return [score_of(heat, case.lat_deg, case.lon_deg) for heat, case in zip(maps, made, strict=True)]


def _in_reach(made: Sequence[Case], rated: Sequence[HeatMap], ours: Sequence[HeatMap]) -> list[float]:
    """The scores over those cells alone that our map does not exclude, of the cases in which she is in one."""
    found = []
    for case, heat, reaching in zip(made, rated, ours, strict=True):
        within = [number for number, one in enumerate(reaching.probability) if one > 0]
        number = heat.grid.place.get(cell_at(case.lat_deg, case.lon_deg))
        if number is not None and reaching.probability[number] > 0:
            found.append(score([heat.probability[one] for one in within], within.index(number)))
    return found


def _measured(name: str, scores: Sequence[float], budget: float | None = None) -> Measurement:
    mean = statistics.fmean(scores)
    low, high = _interval(scores)
    ok = budget is None or (mean >= budget if budget else low > budget)
    return Measurement(
        name=name,
        value=mean,
        unit=f"MapScore (95 % {low:.3f} to {high:.3f}, {len(scores)} cases)",
        budget=budget,
        ok=ok,
    )


def _interval(scores: Sequence[float]) -> tuple[float, float]:
    """The mean's 95 % interval by bootstrap over cases."""
    random = Random(SEED)
    means = sorted(statistics.fmean(random.choices(scores, k=len(scores))) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
