"""Many passages of one wearer as one line: how many, from when until when, where. Pure, and it never fails.

What was bundled can be bundled again: a line that could not be sent takes up what came meanwhile.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.push.render import moment_of

BUNDLE = "news.passages"
BUNDLE_MORE = "news.passages_more"
"""The kinds of such a line: where all places are named, and where they are too many."""
PLACES_MAX = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


def bundled(told: Sequence[tuple[str, Mapping[str, str]]]) -> tuple[str, dict[str, str]]:
    """The kind and the params of the message that says all of these (kinds and params, at least one)."""
    in_order = sorted((params for _, params in told), key=lambda params: _first(params) or _NEVER)
    places = list(dict.fromkeys(place for params in in_order for place in _places(params)))
    is_more = len(places) > PLACES_MAX or any(kind == BUNDLE_MORE for kind, _ in told)
    firsts = [at for params in in_order if (at := _first(params)) is not None]
    lasts = [at for params in in_order if (at := _last(params)) is not None]
    received = [at for params in in_order if (at := moment_of(params.get("received"))) is not None]
    said = {
        **{name: in_order[-1][name] for name in ("wearer", "zone") if name in in_order[-1]},
        "count": str(sum(_count(params) for params in in_order)),
        "detectors": "、".join(places[:PLACES_MAX]),
    }
    if firsts and lasts:
        said |= {"since": min(firsts).isoformat(), "until": max(lasts).isoformat(), "at": max(lasts).isoformat()}
    if received:
        said["received"] = max(received).isoformat()
    return BUNDLE_MORE if is_more else BUNDLE, said


def _first(params: Mapping[str, str]) -> datetime | None:
    return moment_of(params.get("since", params.get("at")))


def _last(params: Mapping[str, str]) -> datetime | None:
    return moment_of(params.get("until", params.get("at")))


def _places(params: Mapping[str, str]) -> list[str]:
    if "detectors" in params:
        return [place for place in params["detectors"].split("、") if place]
    return [params["detector"]] if params.get("detector") else []


def _count(params: Mapping[str, str]) -> int:
    count = params.get("count", "1")
    return int(count) if count.isdecimal() else 1
