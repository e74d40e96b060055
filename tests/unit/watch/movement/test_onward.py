"""How straight a line is, and what that makes of a walk on unknown ground."""

from datetime import timedelta

import pytest

from app.watch.movement.onward import straight_over, straight_since
from app.watch.replaying import Spoken
from tests.unit.watch.movement.build import LEARN_DAYS, Spot, Way, at_home, clock, on_day, said

CORNER = [(0, 0, 0), (60, 100, 0), (120, 200, 0), (180, 200, 100), (240, 200, 200)]
"""Two hundred metres to the east, and two hundred to the north."""


def test_a_line_is_as_straight_as_it_goes_on() -> None:
    assert 1.0 == straight_since(CORNER, 120.0)
    assert 0.707 == pytest.approx(straight_since(CORNER, 0.0), abs=0.001)
    assert 0.0 == straight_since([(0, 0, 0), (60, 100, 0), (120, 0, 0)], 0.0)


@pytest.mark.parametrize("from_s", [240.0, 300.0, 1e9])
def test_where_there_is_no_way_nothing_winds(from_s: float) -> None:
    assert 1.0 == straight_since(CORNER, from_s)
    assert 1.0 == straight_since(CORNER[:1], from_s)


def test_of_a_long_line_its_end_counts() -> None:
    assert 1.0 == straight_over(CORNER, 200.0, 100.0)
    assert 0.707 == pytest.approx(straight_over(CORNER, 400.0, 100.0), abs=0.001)
    assert 0.707 == pytest.approx(straight_over(CORNER, 1_000.0, 400.0), abs=0.001)


def test_of_a_short_one_nothing_is_said() -> None:
    assert 0.0 == straight_over(CORNER, 600.0, 401.0)
    assert 0.0 == straight_over(CORNER[:1], 600.0, 300.0)


def first(*spots: Spot, step_s: int = 60) -> Spoken:
    """What is said first of who leaves home at ten, on and on."""
    return said(at_home(step_s), on_day("10:00", step_s).to(*spots).fixes)[0]


def minutes(one: Spoken) -> float:
    return (one.at - clock(LEARN_DAYS, "10:00")) / timedelta(minutes=1)


STRAIGHT_ON = [(0.0, 700.0)]
BY_STEPS = [(150.0 * (n // 2), 150.0 * ((n + 1) // 2)) for n in range(1, 8)]
"""A street to the north and one to the east in turn, as straight as a town lets one go."""
ABOUT = [(200.0, 0.0), *[(200.0, 340.0), (320.0, 340.0), (320.0, 460.0), (200.0, 460.0)] * 6]
"""To four corners beyond what she knows, and round them."""


def test_who_walks_straight_on_is_heard_of_where_known_ground_ends() -> None:
    told = first(*STRAIGHT_ON)

    assert "unfamiliar_on_foot" == told.rule
    assert minutes(told) <= 6
    assert told.reason.startswith("Walked straight on to where there was no visit in four weeks, about 390 m from")


def test_who_goes_round_corners_is_heard_of_later_and_who_walks_about_last() -> None:
    straight, corners, about = (minutes(first(*one)) for one in (STRAIGHT_ON, BY_STEPS, ABOUT))

    assert straight + 3 < corners < about


def test_long_steps_look_straight_and_make_nothing_sooner() -> None:
    told = first((0.0, 2_000.0), step_s=120)

    assert minutes(told) >= 10
    assert "min on foot where there was no visit" in told.reason


def test_who_often_goes_where_she_has_not_been_is_not_heard_of_sooner() -> None:
    """On six of her days she walked on for twenty minutes beyond what she knew, each time in another direction."""
    replay = at_home()
    for number, spot in enumerate(
        [
            (0.0, 1_800.0),
            (0.0, -1_800.0),
            (-1_800.0, 0.0),
            (-1_300.0, 1_300.0),
            (-1_300.0, -1_300.0),
            (1_300.0, -1_300.0),
        ]
    ):
        day = LEARN_DAYS + number
        way = Way(clock(day, "04:00")).until(clock(day, "10:00"), 600).to(spot, (0.0, 0.0))
        said(replay, way.until(clock(day + 1, "03:50"), 600).fixes)
    day = LEARN_DAYS + 6
    way = Way(clock(day, "04:00")).until(clock(day, "10:00"), 600)
    told = said(replay, way.to((1_100.0, 1_300.0)).fixes)

    assert not told or told[0].at - clock(day, "10:00") > timedelta(minutes=15)
