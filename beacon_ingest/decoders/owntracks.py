"""OwnTracks over HTTP: one JSON object a request (or a list of them), from phones and trackers.

Source: the OwnTracks booklet (owntracks/booklet, tech/json and tech/http). Speeds are km/h, `tst` is the time of the
fix in seconds (milliseconds by mistake are understood), numbers may come as text, as GPSLogger sends them. `device` is
the whole `topic` where the body has one, else the two characters of `tid`, else empty: then only the credential says
who spoke.
"""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, UnsetType

from beacon_ingest.decoders import reading
from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Part, joined
from beacon_ingest.messages import Alarm, Answer, Fix

_IGNORED: Final = frozenset(
    {"beacon", "card", "cmd", "configuration", "dump", "lwt", "request", "status", "waypoint", "waypoints"}
)
"""What the apps also send, which says nothing of where or how a person is."""

_TRANSITIONS: Final = {"enter": "fence_enter", "leave": "fence_exit"}

_CHARGING: Final = {1: False, 2: True, 3: True}
"""`bs`: 1 unplugged, 2 charging, 3 full (and still plugged in); 0 unknown."""

_LAST_KNOWN: Final = ("l", "L")
"""Triggers of trackers that repeat an old place: the fix was lost, or the device shuts down."""

_BATTERY_LOW: Final = "9"
"""A trigger of trackers too (tech/json, "Queclink")."""


def decode(request: HttpRequest, received_at: datetime | None = None) -> Decoded:
    """What one request says. An empty body is part of the protocol and says nothing."""
    body = request.body.strip()
    if not body:
        return Decoded()
    document, trouble = reading.document(body)
    if trouble is not None:
        return joined([Part(troubles=(trouble,))])
    return joined([_element(element) for element in (document if isinstance(document, list) else [document])])


def _element(element: object) -> Part:
    if not isinstance(element, dict):
        return Part(troubles=("not a JSON object",))
    match element.get("_type"):
        case "location":
            return _location(element)
        case "transition":
            return _transition(element)
        case "steps":
            return _steps(element)
        case "encrypted":
            return Part(troubles=("encrypted: this service holds no key; clear the encryption key in the app",))
        case str(kind) if kind in _IGNORED:
            return Part(device=_device(element))
        case kind:
            return Part(troubles=(f"the _type {reading.shown(kind)} is not known",))


def _device(element: dict[str, Any]) -> str | None:
    return reading.name(element.get("topic")) or reading.name(element.get("tid"))


def _location(element: dict[str, Any]) -> Part:
    named = _device(element)
    device = named or ""
    troubles: list[str] = []
    at = reading.utc(element.get("tst"), troubles)
    messages = (
        *(() if element.get("t") in _LAST_KNOWN else _fix(element, device, at, troubles)),
        *reading.health(
            device=device,
            at=at,
            battery_pct=reading.within(element.get("batt"), 0, 100),
            charging=_charging(element.get("bs")),
        ),
        *((Alarm(device=device, kinds=("low_battery",), at=at or UNSET),) if element.get("t") == _BATTERY_LOW else ()),
        *((Answer(device=device, command="reportLocation", at=at or UNSET),) if element.get("t") == "r" else ()),
    )
    return Part(device=named, messages=messages, troubles=tuple(troubles), stamped=isinstance(at, datetime))


def _fix(element: dict[str, Any], device: str, at: datetime | UnsetType | None, troubles: list[str]) -> tuple[Fix, ...]:
    if "lat" not in element or "lon" not in element:
        troubles.append("a location or transition needs lat and lon")
        return ()
    kmh = reading.within(element.get("vel"), 0, 4000)
    return reading.fix(
        device=device,
        at=at,
        where=reading.place(element["lat"], element["lon"], troubles),
        accuracy_m=reading.within(element.get("acc"), 0, 1e9),
        altitude_m=reading.within(element.get("alt"), -1e9, 1e9),
        speed_mps=UNSET if kmh is UNSET else kmh * reading.MPS_PER_KMH,
        heading_deg=reading.within(element.get("cog"), 0, 360),
    )


def _charging(state: object) -> bool | UnsetType:
    known = reading.whole(state, 1, 3)
    return UNSET if known is UNSET else _CHARGING[known]


def _transition(element: dict[str, Any]) -> Part:
    """A fence that the phone itself watches was crossed: its place and an alarm."""
    named = _device(element)
    device = named or ""
    troubles: list[str] = []
    at = reading.utc(element.get("tst"), troubles)
    event = element.get("event")
    kind = _TRANSITIONS.get(event) if isinstance(event, str) else None
    if kind is None:
        troubles.append(f"the event {reading.shown(event)} is neither enter nor leave")
    # The place is optional here: a fence around a BLE beacon has none.
    fixes = _fix(element, device, at, troubles) if "lat" in element or "lon" in element else ()
    alarms = () if kind is None else (Alarm(device=device, kinds=(kind,), at=at or UNSET),)
    return Part(device=named, messages=(*fixes, *alarms), troubles=tuple(troubles), stamped=isinstance(at, datetime))


def _steps(element: dict[str, Any]) -> Part:
    """The answer to reportSteps. The count is of a stated span, not of the day, so it is no `health`."""
    named = _device(element)
    troubles: list[str] = []
    at = reading.utc(element.get("tst"), troubles)
    count = reading.whole(element.get("steps"), 0, 10**9)
    answer = Answer(
        device=named or "", command="reportSteps", at=at or UNSET, result=UNSET if count is UNSET else str(count)
    )
    return Part(device=named, messages=(answer,), troubles=tuple(troubles), stamped=isinstance(at, datetime))
