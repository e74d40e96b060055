"""Position and event forwarding of a Traccar server: all its protocols through one door.

What it sends with `forward.type=json` and `event.forward.type=json`. Source: Traccar's PositionData, EventData and
model classes as JSON (Apache-2.0, read and not copied). Speed is in knots. Traccar writes 0 where it knows no accuracy,
altitude or course, and repeats the last known place where a message had none: `valid` false makes no fix here, and 0,0
never does. `fixTime` is when the place was measured, `deviceTime` when the device spoke.

An event speaks only when its type is `alarm`: then it gives the same alarm, at the same time, as the position that it
came with, and its fix, for those who forward events alone. Geofence events are the other server's judgement; ours come
from our own fences.
"""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, UnsetType

from beacon_ingest.decoders import reading
from beacon_ingest.decoders.alarm_names import alarm_kinds
from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Part, joined
from beacon_ingest.messages import AccessPoint, Alarm, Cell, Fix, FixSource, Survey

_SIGNAL_IN_PERCENT: Final = ("watch",)
"""Protocols whose `rssi` is known to be a percentage; elsewhere it may be a step of 31, 4 or 5, or dBm."""


def decode(request: HttpRequest, received_at: datetime | None = None) -> Decoded:
    """What one forwarded position or event says (or a list of them)."""
    document, trouble = reading.document(request.body)
    if trouble is not None:
        return joined([Part(troubles=(trouble,))])
    return joined([_element(element) for element in (document if isinstance(document, list) else [document])])


def _element(element: object) -> Part:
    if not isinstance(element, dict):
        return Part(troubles=("not a JSON object",))
    carrier = element.get("device")
    device = reading.name(carrier.get("uniqueId")) if isinstance(carrier, dict) else None
    if device is None:
        return Part(troubles=("no device.uniqueId: the body must name the device",))
    event, position = element.get("event"), element.get("position")
    if not isinstance(position, dict):
        position = None
    if isinstance(event, dict):
        return _event(device, event, position)
    if position is None:
        return Part(device=device, troubles=("neither position nor event in the body",))
    return _position(device, position)


def _position(device: str, position: dict[str, Any]) -> Part:
    troubles: list[str] = []
    attributes = _object(position.get("attributes"))
    measured = reading.utc(position.get("fixTime"), troubles)
    spoke = _spoke(position, measured, troubles)
    fixes = _fix(device, measured, position, attributes, troubles)
    heard = () if fixes else _survey(device, spoke, position)
    kinds = alarm_kinds(attributes.get("alarm"))
    alarms = (Alarm(device=device, kinds=kinds, at=spoke or UNSET),) if kinds else ()
    in_percent = position.get("protocol") in _SIGNAL_IN_PERCENT
    health = reading.health(
        device=device,
        at=spoke,
        battery_pct=reading.within(attributes.get("batteryLevel"), 0, 100),
        charging=reading.flag(attributes.get("charge")),
        signal_pct=reading.within(attributes.get("rssi"), 0, 100) if in_percent else UNSET,
        steps=reading.whole(attributes.get("steps"), 0, 10**9),
        firmware=reading.name(attributes.get("versionFw")) or UNSET,
    )
    return Part(
        device=device,
        messages=(*fixes, *alarms, *health, *heard),
        troubles=tuple(troubles),
        stamped=isinstance(spoke, datetime),
    )


def _event(device: str, event: dict[str, Any], position: dict[str, Any] | None) -> Part:
    if event.get("type") != "alarm":
        return Part(device=device)
    troubles: list[str] = []
    kinds = alarm_kinds(_object(event.get("attributes")).get("alarm")) or ("other",)
    at = reading.utc(event.get("eventTime"), troubles)
    fixes: tuple[Fix, ...] = ()
    if position is not None:
        measured = reading.utc(position.get("fixTime"), troubles)
        # The time of the position wins, so that both bodies name the same cause.
        at = _spoke(position, measured, troubles) or at
        fixes = _fix(device, measured, position, _object(position.get("attributes")), troubles)
    alarm = Alarm(device=device, kinds=kinds, at=at or UNSET)
    return Part(device=device, messages=(*fixes, alarm), troubles=tuple(troubles), stamped=isinstance(at, datetime))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _spoke(
    position: dict[str, Any], measured: datetime | UnsetType | None, troubles: list[str]
) -> datetime | UnsetType | None:
    """When the device spoke: `deviceTime`, else the time of its fix."""
    stated = reading.utc(position.get("deviceTime"), troubles)
    return stated if isinstance(stated, datetime) else measured


def _fix(
    device: str,
    measured: datetime | UnsetType | None,
    position: dict[str, Any],
    attributes: dict[str, Any],
    troubles: list[str],
) -> tuple[Fix, ...]:
    if reading.flag(position.get("valid", True)) is not True:
        return ()
    knots = reading.within(position.get("speed"), 0, 2000)
    satellites = reading.whole(attributes.get("sat"), 1, 200)
    return reading.fix(
        device=device,
        at=measured,
        where=reading.place(position.get("latitude"), position.get("longitude"), troubles),
        accuracy_m=reading.within(position.get("accuracy"), 0, 1e9),
        altitude_m=reading.within(position.get("altitude"), -1e9, 1e9) or UNSET,
        speed_mps=UNSET if knots is UNSET else knots * reading.MPS_PER_KNOT,
        heading_deg=reading.within(position.get("course"), 0, 360) or UNSET,
        source=_source(attributes, position, satellites),
        satellites=satellites,
        buffered=reading.flag(attributes.get("archive")) or UNSET,
    )


def _source(attributes: dict[str, Any], position: dict[str, Any], satellites: int | UnsetType) -> FixSource | UnsetType:
    """How the place was known: satellites were counted, or Traccar itself looked up what was heard; else unknown."""
    if reading.flag(attributes.get("approximate")) is True:
        return "wifi" if _object(position.get("network")).get("wifiAccessPoints") else "cell"
    return UNSET if satellites is UNSET else "gnss"


def _survey(device: str, at: datetime | UnsetType | None, position: dict[str, Any]) -> tuple[Survey, ...]:
    network = _object(position.get("network"))
    # The watch protocol's number for a cell is no dBm (see `watch_position`), and Traccar only turned its sign.
    dbm = position.get("protocol") not in _SIGNAL_IN_PERCENT
    return reading.survey(
        device=device,
        at=at,
        cells=tuple(_cells(network.get("cellTowers"), dbm)),
        access_points=tuple(_access_points(network.get("wifiAccessPoints"))),
    )


def _cells(towers: object, dbm: bool) -> list[Cell]:
    read = [
        reading.cell(
            tower.get("mobileCountryCode"),
            tower.get("mobileNetworkCode"),
            tower.get("locationAreaCode"),
            tower.get("cellId"),
            tower.get("signalStrength") if dbm else None,
        )
        for tower in (towers if isinstance(towers, list) else [])
        if isinstance(tower, dict)
    ]
    return [cell for cell in read if cell is not None]


def _access_points(heard: object) -> list[AccessPoint]:
    read = [
        reading.access_point(point.get("macAddress"), point.get("signalStrength"))
        for point in (heard if isinstance(heard, list) else [])
        if isinstance(point, dict)
    ]
    return [point for point in read if point is not None]
