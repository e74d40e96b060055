"""The clock of the demo: at the world's pace until it hurries, and never a moment skipped."""

from datetime import timedelta

from app.kit.clock import FastClock
from tests.build import NOW


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_fast_clock_starts_at_its_moment_and_at_the_pace_of_the_world() -> None:
    seconds = Seconds()
    clock = FastClock(NOW, 60, seconds)
    seconds.now_s += 10

    assert NOW + timedelta(seconds=10) == clock()
    assert 1 == clock.speed


def test_a_fast_clock_that_hurries_goes_at_its_own_speed_from_then_on() -> None:
    seconds = Seconds()
    clock = FastClock(NOW, 60, seconds)
    seconds.now_s += 10
    hurried_at = clock.hurry()

    assert NOW + timedelta(seconds=10) == hurried_at == clock()
    seconds.now_s += 2
    assert NOW + timedelta(seconds=130) == clock()
    assert 60 == clock.speed
