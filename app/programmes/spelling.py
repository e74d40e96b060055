"""What people write in a usage file where `Usage` is strict, and nothing else can be meant by it."""

from datetime import datetime
from typing import Any

from app.kit.calendar import local_date

_MOMENTS = ("departed_at", "arrived_at", "ended_at")


def spelled_out(usage: Any) -> Any:
    """The usage of a file as `Usage` wants it; what cannot be understood stays as it is, so that it is named.

    A month alone is a span of one. Turn-outs without an id get one by their place; `cancelled: true` is before the
    departure where there is none, else after it. Moments may be any ISO 8601 (without seconds, for example), and where
    a day is wanted a moment stands for its day in Japan.
    """
    if not isinstance(usage, dict):
        return usage
    found = dict(usage)
    if isinstance(found.get("months"), str):
        found["months"] = {"from": found["months"], "until": found["months"]}
    for name, spell in (("turn_outs", _turn_out), ("places_told", _use), ("items", _use)):
        if isinstance(found.get(name), list):
            taken = {str(one.get("id")) for one in found[name] if isinstance(one, dict)}
            some = enumerate(found[name], start=1)
            found[name] = [spell(place, one, taken) if isinstance(one, dict) else one for place, one in some]
    return found


def _turn_out(place: int, one: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    name = f"turn_out_{place}"
    while name in taken:
        name += "_"
    found = {"id": name, **one}
    for name in _MOMENTS:
        moment = _moment(found.get(name))
        if moment is not None:
            found[name] = moment.isoformat()
    if isinstance(found.get("cancelled"), bool):
        when = "before_departure" if found.get("departed_at") is None else "after_departure"
        found["cancelled"] = when if found["cancelled"] else None
    return found


def _use(_: int, one: dict[str, Any], __: set[str]) -> dict[str, Any]:
    moment = _moment(one.get("on"))
    if moment is None or moment.tzinfo is None or not 1950 <= moment.year <= 2150:
        return one
    return {**one, "on": local_date(moment).isoformat()}


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
