"""The figures of a table, and how sure they are. Pure."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

MERGED_WITHIN = timedelta(minutes=60)
Z95 = 1.959963984540054
RESAMPLES = 2_000


def merged(moments: Sequence[datetime], within: timedelta = MERGED_WITHIN) -> list[datetime]:
    """Those that come `within` after one that counts do not count.

    >>> from datetime import UTC
    >>> base = datetime(2026, 5, 11, tzinfo=UTC)
    >>> [one.minute + 60 * one.hour for one in merged([base + timedelta(minutes=n) for n in (0, 30, 59, 70, 100, 131)])]
    [0, 70, 131]
    """
    found: list[datetime] = []
    for moment in sorted(moments):
        if not found or moment - found[-1] >= within:
            found.append(moment)
    return found


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The interval in which a share lies with 95 % confidence, after Wilson (1927); (0, 1) of nothing.

    >>> [round(one, 3) for one in wilson(10, 10)], [round(one, 3) for one in wilson(5, 10)]
    ([0.722, 1.0], [0.237, 0.763])
    """
    if count == 0:
        return 0.0, 1.0
    share, z2 = hits / count, Z95 * Z95
    middle = share + z2 / (2 * count)
    half = Z95 * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return max(0.0, (middle - half) / (1 + z2 / count)), min(1.0, (middle + half) / (1 + z2 / count))


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which a share of them lies, with straight lines between; None of nothing.

    >>> quantile([1.0, 2.0, 4.0], 0.5), quantile([1.0, 2.0], 0.9), quantile([], 0.5)
    (2.0, 1.9, None)
    """
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def rate(counts: Sequence[tuple[int, float]]) -> float:
    """All that was counted by all days: (count, days) of each person.

    >>> rate([(1, 10.0), (3, 10.0)])
    0.2
    """
    days = sum(one for _, one in counts)
    return sum(count for count, _ in counts) / days if days else 0.0


def bootstrapped(counts: Sequence[tuple[int, float]], rng: Random) -> tuple[float, float]:
    """The interval of a rate with 95 % confidence: persons are drawn anew, with all of their days."""
    if not counts:
        return 0.0, 0.0
    rates = sorted(rate(rng.choices(counts, k=len(counts))) for _ in range(RESAMPLES))
    return rates[int(0.025 * RESAMPLES)], rates[int(0.975 * RESAMPLES) - 1]
