"""What a device measures of the truth: a place with its error, a battery, steps. Seeded.

Errors as in the detection notes, section 5: correlated from fix to fix (first-order autoregressive, 8 m, 0.7), with a
stray fix now and then and, rarely, a place from a radio cell kilometres away that says how coarse it is.
"""

import math
from datetime import datetime
from random import Random

from msgspec import Struct

from app.simulator.outings import Whereabouts
from app.simulator.streets import Origin, Spot

SIGMA_M, CORRELATION = 8.0, 0.7
STRAY, STRAY_SIGMA_M = 0.02, 90.0
FAR, FAR_SIGMA_M, FAR_ACCURACY_M = 0.01, 1_800.0, (1_500.0, 2_500.0)
ACCURACY_M = (6.0, 28.0)

BATTERY_PCT_PER_H = 1.6
CHARGED_BELOW_PCT, CHARGING_PCT_PER_H = 30.0, 45.0
STEP_M = 0.55


class Measured(Struct, frozen=True, kw_only=True):
    """A fix as the device has it. `accuracy_m` is what it states, if it does."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    speed_mps: float = 0.0
    heading_deg: float = 0.0
    satellites: int = 0


class Receiver:
    """One device's receiver: its errors follow on each other."""

    def __init__(self, seed: str, origin: Origin) -> None:
        self._random = Random(f"receiver/{seed}")
        self._origin = origin
        self._east_m = self._random.gauss(0, SIGMA_M)
        self._north_m = self._random.gauss(0, SIGMA_M)

    def fix(self, truth: Whereabouts, at: datetime) -> Measured:
        """The next fix, at `at`."""
        random = self._random
        fresh_m = SIGMA_M * math.sqrt(1 - CORRELATION**2)
        self._east_m = CORRELATION * self._east_m + random.gauss(0, fresh_m)
        self._north_m = CORRELATION * self._north_m + random.gauss(0, fresh_m)
        east_m, north_m, accuracy_m = self._east_m, self._north_m, random.uniform(*ACCURACY_M)
        kind = random.random()
        if kind < FAR:
            east_m, north_m = random.gauss(0, FAR_SIGMA_M), random.gauss(0, FAR_SIGMA_M)
            accuracy_m = random.uniform(*FAR_ACCURACY_M)
        elif kind < FAR + STRAY:
            east_m, north_m = east_m + random.gauss(0, STRAY_SIGMA_M), north_m + random.gauss(0, STRAY_SIGMA_M)
        spot = Spot(truth.spot.east_m + east_m, truth.spot.north_m + north_m)
        lat_deg, lon_deg = self._origin.degrees(spot)
        return Measured(
            at=at,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            accuracy_m=round(accuracy_m, 1),
            speed_mps=max(0.0, truth.speed_mps + random.gauss(0, 0.1)) if truth.speed_mps else 0.0,
            heading_deg=truth.heading_deg,
            satellites=random.randint(6, 13) if kind >= FAR else 0,
        )


def battery(start_pct: float, since_s: float) -> tuple[float, bool]:
    """Charge in percent and whether it is being charged, so many seconds after the beginning.

    It runs down evenly. Who finds it under 30 % puts it on the charger; one that starts near that runs lower first.

    >>> battery(80.0, 0.0), battery(100.0, 43.75 * 3600)
    ((80.0, False), (30.0, True))
    """
    floor_pct = min(CHARGED_BELOW_PCT, start_pct - 12)
    hours = since_s / 3600
    first_h = (start_pct - floor_pct) / BATTERY_PCT_PER_H
    if hours < first_h:
        return round(start_pct - hours * BATTERY_PCT_PER_H, 1), False
    charging_h = (100 - CHARGED_BELOW_PCT) / CHARGING_PCT_PER_H
    running_h = (100 - CHARGED_BELOW_PCT) / BATTERY_PCT_PER_H
    first_charging_h = (100 - floor_pct) / CHARGING_PCT_PER_H
    hours -= first_h
    if hours < first_charging_h:
        return round(floor_pct + hours * CHARGING_PCT_PER_H, 1), True
    in_cycle_h = (hours - first_charging_h) % (running_h + charging_h)
    if in_cycle_h < running_h:
        return round(100 - in_cycle_h * BATTERY_PCT_PER_H, 1), False
    return round(CHARGED_BELOW_PCT + (in_cycle_h - running_h) * CHARGING_PCT_PER_H, 1), True


def steps(walked_m: float) -> int:
    """Steps of so many metres.

    >>> steps(110.0)
    200
    """
    return int(walked_m / STEP_M + 1e-9)
