"""What devices say, in the kinds that are measured apart."""

import itertools
import time
from collections.abc import Callable

from msgspec import Struct

from bench import detectors, positions, traffic

DEVICES = 4_000
FRESH_S = 7_000
"""Positions are less than two hours old: older ones are stored and not judged, which costs less."""

Requests = Callable[[int], list[bytes]]
"""The next so many requests."""


class Kind(Struct, frozen=True, kw_only=True):
    """What is sent: how many requests in a run, how many sightings each holds, and how many NATS servers there are."""

    name: str
    count: int
    present: int | None = None
    """Tags near each detector; None for positions."""
    replicas: int = 3


KINDS = (
    Kind(name="position.1_server", count=4_000, replicas=1),
    Kind(name="position", count=20_000),
    Kind(name="quiet_body", count=6_000, present=0),
    Kind(name="one_tag_body", count=6_000, present=1),
    Kind(name="18_tags_body", count=1_500, present=traffic.PRESENT),
)


def requests_of(kind: Kind, built: detectors.Town) -> Requests:
    """The requests of a kind, each made shortly before it is sent: nobody believes a body that is two minutes old."""
    if kind.present is None:
        endless = positions.requests(DEVICES, FRESH_S)
        return lambda count: list(itertools.islice(endless, count))
    bodies = traffic.bodies(detectors.SEED, detectors.DETECTORS, detectors.TAGS, kind.present)
    began_at = time.time() - detectors.BEHIND_S

    def chunk(count: int) -> list[bytes]:
        nonlocal began_at
        some = list(itertools.islice(bodies, count))
        began_at = max(began_at, time.time() - some[0].sent_s - detectors.BEHIND_S)
        return detectors.requests(built, some, began_at)

    return chunk
