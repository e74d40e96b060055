"""What one position costs with a thousand and with a million geofences in the store: through the whole hot path and its
commit, in groups of 64 of random wearers, by processor time.

Fences belong to wearers, three to each: a million are those of a third of a million people. The same number of people
are heard in both, since what many people cost (each has pages of her own) is another matter: it is shown beside it, by
a town that has only as many people as a thousand fences have.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.crowd import Crowd, in_turn
from bench.measure import Measurement

FEW, MANY = 1_000, int(os.environ.get("MIMAMORI_BENCH_FENCES", "1000000"))
EACH = 3
EACH_MAX = 30
"""As many as one wearer may have (`app/geo/service.py`)."""

ACTIVE = 20_000
GROUPS = 150
RATIO_MAX = 1.5


def measure() -> Iterator[Measurement]:
    """The measurements, all asked in turn."""
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory()))

        few = Crowd(folder(), ACTIVE, EACH, fenced=FEW // EACH)
        many = Crowd(folder(), MANY // EACH, EACH, min(ACTIVE, MANY // EACH))
        small = Crowd(folder(), FEW // EACH, EACH)
        full = Crowd(folder(), FEW // EACH, EACH_MAX)
        few_us, many_us, small_us, full_us = in_turn([one.spend_us for one in (few, many, small, full)], GROUPS)
        few_then_us, changed_us = in_turn([few.spend_us, many.spend_after_a_change_us], GROUPS)
        few_again_us, anew_us = in_turn([few.spend_us, many.spend_with_none_kept_us], GROUPS)
        for crowd in (few, many, small, full):
            crowd.engine.dispose()
    yield Measurement(name=f"fences.{FEW}", value=few_us, unit=f"µs a position of {ACTIVE:,} wearers")
    yield _against(f"fences.{MANY}", many_us, few_us, RATIO_MAX)
    yield _against(f"fences.{MANY}_one_changed", changed_us, few_then_us, RATIO_MAX)
    yield _against(f"fences.{MANY}_none_kept", anew_us, few_again_us)
    yield Measurement(name=f"fences.{FEW}_of_few", value=small_us, unit=f"µs a position of {FEW // EACH} wearers")
    yield _against(f"fences.{EACH_MAX}_a_wearer", full_us, small_us)


def _against(name: str, value_us: float, floor_us: float, ratio_max: float | None = None) -> Measurement:
    ratio = value_us / floor_us
    return Measurement(
        name=name, value=value_us, unit="µs a position", floor=floor_us, ratio=ratio, budget=ratio_max,
        ok=ratio_max is None or ratio <= ratio_max,
    )  # fmt: skip
