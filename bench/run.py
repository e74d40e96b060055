"""Runs the measurements and prints them."""

import sys
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from bench import (
    billing,
    detectors,
    dispatch,
    escalation,
    fences,
    few,
    guesses,
    history,
    missing,
    nights,
    positions,
    scaled,
    sheets,
    start,
    states,
    watches,
)
from bench.detection import measured
from bench.measure import Measurement

BENCHES: dict[str, Callable[[], Iterator[Measurement]]] = {
    "watches": watches.measure,
    "start": start.measure,
    "positions": positions.measure,
    "detectors": detectors.measure,
    "fences": fences.measure,
    "nights": nights.measure,
    "states": states.measure,
    "escalation": escalation.measure,
    "dispatch": dispatch.measure,
    "history": history.measure,
    "few": few.measure,
    "detection": measured.measure,
    "missing": missing.measure,
    "billing": billing.measure,
    "stickers": guesses.measure,
    "scaled": scaled.measure,
    "stickers.sheets": sheets.measure,
}


def run(*, as_json: bool, only: str | None = None, rows: int = history.ROWS, database: str | None = None) -> int:
    """Measures; 0 when every budget is kept. `rows` is how large the history is, `database` the URL of an empty one to
    make it in.
    """
    found: list[Measurement] = []
    benches = dict(BENCHES)
    benches["history"] = partial(history.measure, rows, database)
    for name, bench in benches.items():
        if only is not None and not only.startswith(name) and not name.startswith(only):
            continue
        for one in bench():
            found.append(one)
            if not as_json:
                print(one.line(), flush=True)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    return 0 if all(one.ok for one in found) else 1
