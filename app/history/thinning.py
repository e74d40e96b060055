"""A track with fewer points that looks the same, in place and in time. Pure.

Points are left out one after the other, each time the one that would be missed least: the one nearest to where the line
between its neighbours is *at its time* (the synchronised distance of Meratnia and de By, "Spatiotemporal compression
techniques for moving point objects", EDBT 2004). So a stay keeps its end as well as its beginning, which a rule that
looks only at the shape would drop.
"""

import heapq
import math
from collections.abc import Sequence

from app.geo.measure import to_local_m
from app.history.model import TrackPoint

Moment = tuple[float, float, float]
"""Seconds since the first point, metres east and north of it."""


def thinned(points: Sequence[TrackPoint], most: int) -> list[TrackPoint]:
    """At most `most` of the points, in their order, the first and the last always among them. Takes n log n steps."""
    assert most >= 2, "a line has two ends"
    if len(points) <= most:
        return list(points)
    moments = _moments(points)
    last = len(points) - 1
    before = list(range(-1, last))
    after = list(range(1, last + 2))
    price_m: list[float | None] = [None, *(_off_line_m(*moments[i - 1 : i + 2]) for i in range(1, last)), None]
    heap = [(price, i) for i, price in enumerate(price_m) if price is not None]
    heapq.heapify(heap)
    surplus = len(points) - most
    while surplus > 0:
        price, i = heapq.heappop(heap)
        if price != price_m[i]:  # Not its price any more, or left out already.
            continue
        price_m[i] = None
        surplus -= 1
        left, right = before[i], after[i]
        after[left], before[right] = right, left
        for j in (left, right):
            if price_m[j] is not None:
                price_now = _off_line_m(moments[before[j]], moments[j], moments[after[j]])
                price_m[j] = price_now
                heapq.heappush(heap, (price_now, j))
    return [points[0], *(points[i] for i in range(1, last) if price_m[i] is not None), points[last]]


def _moments(points: Sequence[TrackPoint]) -> list[Moment]:
    first = points[0]
    moments: list[Moment] = []
    for point in points:
        east_m, north_m = to_local_m(first.lat_deg, first.lon_deg, point.lat_deg, point.lon_deg)
        moments.append(((point.at - first.at).total_seconds(), east_m, north_m))
    return moments


def _off_line_m(a: Moment, b: Moment, c: Moment) -> float:
    """Metres from `b` to where somebody would be at that time who goes evenly from `a` to `c`."""
    span_s = c[0] - a[0]
    share = (b[0] - a[0]) / span_s if span_s > 0 else 0.5
    return math.hypot(a[1] + share * (c[1] - a[1]) - b[1], a[2] + share * (c[2] - a[2]) - b[2])
