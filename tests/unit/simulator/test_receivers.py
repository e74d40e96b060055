"""What devices measure: errors of the stated size that follow on each other, and a battery that behaves."""

import math
import statistics
from itertools import pairwise

from app.simulator.outings import Whereabouts
from app.simulator.receivers import SIGMA_M, Measured, Receiver, battery
from app.simulator.streets import M_PER_DEG, Origin, Spot
from tests.build import NOW

ORIGIN = Origin(34.757, 134.841)
AT_REST = Whereabouts(Spot(100.0, 200.0), indoors=False)


def errors_m(seed: str, count: int) -> list[tuple[float, float]]:
    """Error east and stated accuracy of fixes at one place."""
    receiver = Receiver(seed, ORIGIN)
    fixes = [receiver.fix(AT_REST, NOW) for _ in range(count)]
    true_lon_deg = ORIGIN.degrees(AT_REST.spot)[1]
    per_deg_m = M_PER_DEG * math.cos(math.radians(ORIGIN.lat_deg))
    return [((fix.lon_deg - true_lon_deg) * per_deg_m, fix.accuracy_m or 0) for fix in fixes]


def test_the_same_seed_measures_the_same() -> None:
    def first(seed: str) -> Measured:
        return Receiver(seed, ORIGIN).fix(AT_REST, NOW)

    assert first("a") == first("a")
    assert first("a") != first("b")


def test_ordinary_errors_have_the_stated_size_and_follow_on_each_other() -> None:
    errors = [east_m for east_m, accuracy_m in errors_m("a", 20_000) if accuracy_m < 100 and abs(east_m) < 40]
    together = statistics.correlation([one for one, _ in pairwise(errors)], [other for _, other in pairwise(errors)])

    assert SIGMA_M * 0.95 < statistics.stdev(errors) < SIGMA_M * 1.25
    assert 0.55 < together < 0.75


def test_few_fixes_stray_and_the_coarse_ones_say_so() -> None:
    found = errors_m("b", 20_000)
    coarse = [east_m for east_m, accuracy_m in found if accuracy_m > 1000]
    stray = [east_m for east_m, accuracy_m in found if accuracy_m < 100 and abs(east_m) > 60]

    assert 0.007 < len(coarse) / len(found) < 0.013
    assert 500 < max(abs(east_m) for east_m in coarse)
    assert 0.005 < len(stray) / len(found) < 0.02


def test_a_battery_runs_down_is_charged_and_runs_down_again() -> None:
    charges = [battery(76.0, hours * 3600)[0] for hours in range(200)]

    assert 76.0 == charges[0]
    assert 28.0 <= min(charges) <= 32.0
    assert 95.0 <= max(charges) <= 100.0
    assert all(abs(after - before) <= 70 for before, after in pairwise(charges))


def test_a_battery_that_starts_low_goes_under_twenty_percent_before_it_is_charged() -> None:
    values = [battery(20.6, minutes * 60) for minutes in range(0, 1200, 5)]

    assert not values[0][1]
    assert 20 >= next(charge_pct for charge_pct, _ in values if charge_pct <= 20)
    assert any(charging for _, charging in values)
    assert values[-1][0] > 20
