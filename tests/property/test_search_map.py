"""Whatever is known of somebody who is missing: what her map always keeps."""

import math
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.missing import evidence, sectors
from app.missing.evidence import silence, swept
from app.missing.grid import grid_round
from app.missing.mapscore import score
from app.missing.model import Ground, Known, Listener, Sweep, Terrain
from app.missing.probability import heat_map
from tests.build import NOW
from tests.unit.missing.build import listener, off, place, seen, sweep

EXAMPLES = 40  # A map takes 20 ms.

metres = st.integers(-6_000, 6_000).map(float)
minutes = st.integers(0, 600).map(float)
spots = st.tuples(metres, metres)
lasts = st.builds(
    seen,
    minutes_ago=minutes,
    # Few middles, so that their grids are made once.
    east_m=st.sampled_from([0.0, 170.0, -2_000.0]),
    north_m=st.sampled_from([0.0, 90.0]),
    accuracy_m=st.sampled_from([0.0, 5.0, 30.0, 500.0, 3_000.0]),
)
places = st.builds(place, metres, metres, st.floats(0.1, 10.0))
spans = st.tuples(minutes, minutes | st.none()).map(
    lambda pair: (
        NOW - timedelta(minutes=max(pair[0], pair[1] or 0)),
        None if pair[1] is None else NOW - timedelta(minutes=min(pair[0], pair[1])),
    )
)
listeners = st.builds(
    listener,
    metres,
    metres,
    st.sampled_from([5.0, 50.0, 300.0, 2_000.0]),
    st.lists(spans, max_size=2).map(tuple),
)


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """A way of some steps, in order of time."""
    east_m, north_m = draw(spots)
    start = draw(minutes)
    points = [(start, east_m, north_m)]
    for _ in range(draw(st.integers(0, 6))):
        before = points[-1]
        step = draw(st.tuples(st.integers(-400, 400), st.integers(-400, 400)))
        points.append((before[0] - 3, before[1] + step[0], before[2] + step[1]))
    return sweep(*points, width_m=draw(st.sampled_from([5.0, 40.0, 300.0])), pod=draw(st.floats(0.05, 1.0)))


terrain = st.builds(
    Terrain,
    ground=st.sampled_from(Ground),
    corners=st.lists(spots.map(lambda spot: off(*spot)), min_size=3, max_size=5).map(tuple),
)
knowns = st.builds(
    Known,
    last=lasts,
    places=st.lists(places, max_size=3).map(tuple),
    heading_deg=st.none() | st.floats(0, 359.9),
    rides=st.booleans(),
    terrain=st.lists(terrain, max_size=2).map(tuple),
    listeners=st.lists(listeners, max_size=8).map(tuple),
    tag_lost=st.sampled_from([0.05, 0.1, 0.4, 1.0]),
    sweeps=st.lists(sweeps(), max_size=3).map(tuple),
)


@settings(max_examples=EXAMPLES)
@given(knowns)
def test_probabilities_sum_up_to_one_and_none_is_beyond_her_reach(known: Known) -> None:
    heat = heat_map(known, NOW)
    east_m, north_m = heat.grid.local_m(known.last.lat_deg, known.last.lon_deg)

    assert abs(math.fsum(heat.probability) - 1) < 1e-9
    assert all(one >= 0 for one in heat.probability)
    if heat.reach_m is not None:
        beyond = [
            probability
            for probability, east, north in zip(heat.probability, heat.grid.east_m, heat.grid.north_m, strict=True)
            if math.hypot(east - east_m, north - north_m) > heat.reach_m + 2 * heat.grid.corner_m
        ]
        assert not any(beyond)


@settings(max_examples=EXAMPLES)
@given(knowns, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(known: Known, random: "object") -> None:
    def mixed(things: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(things, len(things)))  # type: ignore[attr-defined]

    names = ("places", "terrain", "listeners", "sweeps")
    other = replace(known, **{name: mixed(getattr(known, name)) for name in names})

    for one, again in zip(heat_map(known, NOW).probability, heat_map(other, NOW).probability, strict=True):
        assert math.isclose(one, again, rel_tol=1e-9, abs_tol=1e-300)


@settings(max_examples=EXAMPLES)
@given(knowns, listeners | sweeps())
def test_evidence_never_raises_what_it_refutes(known: Known, more: Listener | Sweep) -> None:
    """Of a detector that heard nothing, or a sweep without a find, added to whatever else is known:

    - no cell that it refutes gains on a cell that it refutes less, or not at all;
    - all that it refutes together does not gain, and neither does the cell that it refutes most, nor what it refutes
      alike with that.
    """
    if isinstance(more, Listener):
        other = replace(known, listeners=(*known.listeners, more))
    else:
        other = replace(known, sweeps=(*known.sweeps, more))
    before, after = heat_map(known, NOW), heat_map(other, NOW)
    likelihood = [
        one / old for one, old in zip(_likelihood(other), _likelihood(known), strict=True)
    ]  # fmt: skip

    assert all(one <= 1 + 1e-12 for one in likelihood)
    cells = [number for number, probability in enumerate(before.probability) if probability > 0]
    ordered = sorted(cells, key=lambda number: likelihood[number])
    gains = [after.probability[number] / before.probability[number] for number in ordered]
    assert all(one <= following * (1 + 1e-9) for one, following in pairwise(gains))
    assert gains[0] <= 1 + 1e-9
    refuted = [number for number in cells if likelihood[number] < 1 - 1e-12]
    assert sum(after.probability[one] for one in refuted) <= sum(before.probability[one] for one in refuted) + 1e-12


def _likelihood(known: Known) -> list[float]:
    """What the evidence alone says of each cell."""
    grid = grid_round(known.last.lat_deg, known.last.lon_deg)
    heard = silence(grid, known.last, known.listeners, known.tag_lost, known.rides, NOW)
    looked = swept(grid, known.last, known.sweeps, NOW)
    return [one * other for one, other in zip(heard, looked, strict=True)]


@settings(max_examples=EXAMPLES)
@given(knowns, metres, metres, st.floats(0.05, 0.95))
def test_a_cell_that_was_looked_at_is_never_more_probable_for_it(
    known: Known, east_m: float, north_m: float, pod: float
) -> None:
    """A look round one point is about one cell: that never gains, whatever else is known."""
    look = sweep((0.0, east_m, north_m), width_m=200.0, pod=pod)
    before, after = heat_map(known, NOW), heat_map(replace(known, sweeps=(*known.sweeps, look)), NOW)
    number = next(
        (place for place, one in enumerate(evidence.swept(before.grid, known.last, [look], NOW)) if one < 1), None
    )

    if number is not None:
        assert after.probability[number] <= before.probability[number] * (1 + 1e-9)


@settings(max_examples=EXAMPLES)
@given(knowns)
def test_no_evidence_excludes_a_cell_and_no_tag_means_no_word_of_detectors(known: Known) -> None:
    assert all(0 < one <= 1 for one in _likelihood(known))
    without = replace(known, listeners=())

    if known.tag_lost == 1.0:
        assert heat_map(known, NOW).probability == heat_map(without, NOW).probability


@settings(max_examples=EXAMPLES)
@given(knowns)
def test_sectors_hold_the_whole_map_and_a_map_rates_every_find(known: Known) -> None:
    heat = heat_map(known, NOW)
    found = sectors.ranked(heat, 8, 10_000)
    scores = [score(heat.probability, number) for number in range(0, len(heat.probability), 500)]

    assert abs(sum(one.probability for one in found) - 1) < 1e-9
    assert all(one.probability >= after.probability for one, after in pairwise(found))
    assert all(-1 <= one <= 1 for one in scores)
