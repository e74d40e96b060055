"""The baselines on ways that were made by hand."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from bench.detection.cells import degrees
from bench.detection.detectors import DETECTORS
from bench.detection.said import Detector, Fix, Options, Spoken, at

HOME = (34.75, 134.84)
DAY_S = 86_400
OPTIONS = Options(learn_days=5)


def fix(seconds: float, east_m: float, north_m: float, accuracy_m: float | None = 20.0) -> Fix:
    return Fix(at(seconds), *degrees(HOME, (east_m, north_m)), accuracy_m)


def way(day: int, *corners: tuple[float, float], mps: float = 1.0) -> Iterable[Fix]:
    """At ten o'clock along a way at 60 m a minute, a fix each minute."""
    seconds = day * DAY_S + 36_000.0
    for (a_east, a_north), (b_east, b_north) in pairwise(corners):
        length_m = ((b_east - a_east) ** 2 + (b_north - a_north) ** 2) ** 0.5
        steps = max(1, round(length_m / mps / 60))
        for n in range(steps):
            yield fix(seconds, a_east + (b_east - a_east) * n / steps, a_north + (b_north - a_north) * n / steps)
            seconds += 60


def quiet(day: int) -> Iterable[Fix]:
    return (fix(day * DAY_S + 3_600.0 * hour + 60, 0, 0) for hour in range(10))


SHOP = ((0.0, 0.0), (900.0, 0.0), (900.0, 500.0), (900.0, 0.0), (0.0, 0.0), (0.0, 0.0))


def learnt(name: str, days: int = 5) -> Detector:
    detector = DETECTORS[name]("r0001", OPTIONS)
    for day in range(days):
        assert [] == say(detector, [*quiet(day), *way(day, *SHOP)])
    return detector


def say(detector: Detector, fixes: Iterable[Fix]) -> list[Spoken]:
    return [one for each in fixes for one in detector.take(each)]


@pytest.mark.parametrize("name", DETECTORS)
def test_nobody_cries_while_learning(name: str) -> None:
    learnt(name)


def test_a_circle_asks_for_two_fixes_and_speaks_once_at_the_next() -> None:
    circle = learnt("circle500")
    base = 5 * DAY_S + 36_000

    assert [] == say(circle, [fix(base, 0, 0), fix(base + 60, 600, 0), fix(base + 120, 0, 0)])
    said = say(circle, [fix(base + 60 * n, 600 + 10 * n, 0) for n in range(3, 8)])
    assert [at(base + 300)] == [one.at for one in said]
    assert [] == say(circle, [fix(base + 600, 0, 0), fix(base + 660, 700, 0)]), "she is not back by one fix"


def test_a_coarse_fix_is_no_exit() -> None:
    circle = learnt("circle500")

    assert [] == say(circle, [fix(5 * DAY_S + 36_000 + 60 * n, 2_000, 0, 2_500.0) for n in range(5)])


def test_iboat_knows_the_way_and_speaks_after_500_m_of_another() -> None:
    known, lost = learnt("iboat"), learnt("iboat")

    assert [] == say(known, [*quiet(5), *way(5, *SHOP)])
    said = say(lost, [*quiet(5), *way(5, (0, 0), (900, 0), (900, -1_400))])
    assert 1 == len(said)
    minutes = (said[0].at - at(5 * DAY_S + 36_000)).total_seconds() / 60
    assert 15 + 8 <= minutes <= 15 + 15


def test_iboat_learns_the_days_that_were_only_when_it_rolls() -> None:
    other = ((0.0, 0.0), (-200.0, -1_400.0), (0.0, 0.0), (0.0, 0.0))
    for rolling, last in ((True, 0), (False, 1)):
        detector = DETECTORS["iboat"]("r0001", Options(learn_days=5, rolling=rolling))
        for day in range(5):
            say(detector, [*quiet(day), *way(day, *SHOP)])
        assert 1 == len(say(detector, [*quiet(5), *way(5, *other)]))
        assert last == len(say(detector, [*quiet(6), *way(6, *other)]))


def test_sharp_turns_are_wandering_and_a_way_to_the_shop_is_not() -> None:
    detector = learnt("theta_wd")

    assert [] == say(detector, [*quiet(5), *way(5, *SHOP)])
    back_and_forth = [(900.0, 0.0), (900.0, 110.0)] * 8
    said = say(detector, way(6, (0, 0), (900, 0), *back_and_forth))
    assert ["theta_wd"] == [one.rule for one in said]


@pytest.mark.parametrize("name", DETECTORS)
def test_a_copy_goes_on_by_itself(name: str) -> None:
    detector = learnt(name)
    other = detector.copy()
    lost = [*quiet(5), *way(5, (0, 0), (900, 0), *[(900, -1_000), (900, -900)] * 8)]

    first = say(other, lost)
    assert 1 <= len(first)
    assert first == say(detector.copy(), lost) == say(detector, lost), "what the copy heard changed nothing here"
