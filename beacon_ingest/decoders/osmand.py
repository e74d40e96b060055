"""OsmAnd and Traccar Client: positions of phones in a query string, a form or JSON.

Source: www.traccar.org/osmand and Traccar's OsmAndProtocolDecoder (Apache-2.0), read and not copied. Differences on
purpose: no fix is ever made of 0,0 or of what is marked `valid=false`; accuracies below 10 m stand; radio cells and
access points become a survey when there is no place. `yyyy-MM-dd HH:mm:ss` carries no zone and is read as UTC, as all
times without one. Places that an Android phone marks as mocked come through: the format has no field for it, and
testers need them.
"""

from datetime import datetime
from typing import Final
from urllib.parse import parse_qs

from msgspec import UNSET, UnsetType

from beacon_ingest.decoders import reading
from beacon_ingest.decoders.alarm_names import alarm_kinds, in_order
from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Part, joined
from beacon_ingest.messages import AccessPoint, Alarm, Cell

_PARAMETERS_MAX: Final = 200

Parameters = dict[str, list[str]]


def decode(request: HttpRequest, received_at: datetime | None = None) -> Decoded:
    """What one request says. A request without a time speaks of now: `received_at`, where it is given."""
    query, trouble = _parameters(request.uri.partition("?")[2])
    body = request.body.strip()
    if body[:1] in (b"{", b"[") or (body and request.headers.get("content-type", "").startswith("application/json")):
        document, trouble = reading.document(body)
        if trouble is not None:
            return joined([Part(troubles=(trouble,))])
        elements = _elements(document)
        return joined([_element(element, _named(query), received_at) for element in elements])
    if body and trouble is None:
        form, trouble = _parameters(body.decode("utf-8", "replace"))
        query = {**form, **query}
    if trouble is not None:
        return joined([Part(troubles=(trouble,))])
    return joined([_form(query, received_at)])


def _parameters(text: str) -> tuple[Parameters, str | None]:
    try:
        return parse_qs(text, max_num_fields=_PARAMETERS_MAX), None
    except ValueError:
        return {}, f"more than {_PARAMETERS_MAX} parameters"


def _named(parameters: Parameters) -> str | None:
    return next((parameters[name][0] for name in ("id", "deviceid") if name in parameters), None)


def _form(parameters: Parameters, received_at: datetime | None) -> Part:
    """One query or form. Speed is in knots."""
    device = reading.name(_named(parameters))
    if device is None:
        return Part(troubles=("no id: the query or form must name the device",))
    troubles: list[str] = []
    said = {name: values[0] for name, values in parameters.items()}
    stated = reading.utc(said.get("timestamp"), troubles)
    at = _moment(stated, received_at)
    knots = reading.within(said.get("speed"), 0, 2000)
    fixes = reading.fix(
        device=device,
        at=at,
        where=_place(said, troubles),
        accuracy_m=reading.within(said.get("accuracy"), 0, 1e9),
        altitude_m=reading.within(said.get("altitude"), -1e9, 1e9),
        speed_mps=UNSET if knots is UNSET else knots * reading.MPS_PER_KNOT,
        heading_deg=reading.within(said.get("bearing", said.get("heading")), 0, 360),
        satellites=reading.whole(said.get("sat"), 1, 200),
    )
    cells, access_points = _heard(parameters, troubles)
    heard = () if fixes else reading.survey(device=device, at=at, cells=cells, access_points=access_points)
    health = reading.health(
        device=device,
        at=at,
        battery_pct=reading.within(said.get("batt"), 0, 100),
        charging=reading.flag(said.get("charge")),
        steps=reading.whole(said.get("steps"), 0, 10**9),
    )
    return Part(
        device=device,
        messages=(*fixes, *_alarms(device, at, parameters.get("alarm")), *health, *heard),
        troubles=tuple(troubles),
        stamped=isinstance(stated, datetime),
    )


def _moment(stated: datetime | UnsetType | None, received_at: datetime | None) -> datetime | UnsetType | None:
    return received_at if stated is UNSET and received_at is not None else stated


def _alarms(device: str, at: datetime | UnsetType | None, *values: object) -> tuple[Alarm, ...]:
    kinds = in_order(kind for value in values for kind in alarm_kinds(value))
    return (Alarm(device=device, kinds=kinds, at=UNSET if at is None else at),) if kinds else ()


def _place(said: dict[str, str], troubles: list[str]) -> tuple[float, float] | None:
    lat, lon = said.get("lat"), said.get("lon")
    if lat is None and lon is None and "location" in said:
        lat, _, lon = said["location"].partition(",")
    return None if reading.flag(said.get("valid")) is False else reading.place(lat, lon, troubles)


def _heard(parameters: Parameters, troubles: list[str]) -> tuple[tuple[Cell, ...], tuple[AccessPoint, ...]]:
    """Cells from `cell=mcc,mnc,lac,cid[,dBm]` and access points from `wifi=mac,dBm`, each any number of times."""
    cells, access_points = [], []
    for text in parameters.get("cell", ()):
        numbers = text.split(",")
        cell = reading.cell(*numbers) if len(numbers) in (4, 5) else None
        if cell is None:
            troubles.append(f"{reading.shown(text)} is no radio cell")
        else:
            cells.append(cell)
    for text in parameters.get("wifi", ()):
        mac, _, rssi_dbm = text.partition(",")
        access_point = reading.access_point(mac, rssi_dbm)
        if access_point is None:
            troubles.append(f"{reading.shown(text)} is no access point")
        else:
            access_points.append(access_point)
    return tuple(cells), tuple(access_points)


def _elements(document: object) -> list[object]:
    """One JSON object a position: clients that batch send a list of them, or a list under `location`."""
    elements: list[object] = []
    for element in document if isinstance(document, list) else [document]:
        locations = element.get("location") if isinstance(element, dict) else None
        if isinstance(element, dict) and isinstance(locations, list):
            elements += [{**element, "location": location} for location in locations]
        else:
            elements.append(element)
    return elements


def _element(element: object, named: str | None, received_at: datetime | None) -> Part:
    """One position of Traccar Client in JSON. Speed is in m/s; speed, heading and battery below 0 are unknown."""
    if not isinstance(element, dict):
        return Part(troubles=("not a JSON object",))
    device = reading.name(element.get("device_id", named))
    if device is None:
        return Part(troubles=("no device_id: the body must name the device",))
    location = element.get("location")
    if not isinstance(location, dict):
        return Part(device=device, troubles=("no location in the body",))
    troubles: list[str] = []
    stated = reading.utc(location.get("timestamp"), troubles)
    at = _moment(stated, received_at)
    coords = location.get("coords")
    coords = coords if isinstance(coords, dict) else {}
    battery = location.get("battery")
    battery = battery if isinstance(battery, dict) else {}
    extras = location.get("extras")
    extras = extras if isinstance(extras, dict) else {}
    level = reading.within(battery.get("level"), 0, 1)
    fixes = reading.fix(
        device=device,
        at=at,
        where=reading.place(coords.get("latitude"), coords.get("longitude"), troubles),
        accuracy_m=reading.within(coords.get("accuracy"), 0, 1e9),
        altitude_m=reading.within(coords.get("altitude"), -1e9, 1e9),
        speed_mps=reading.within(coords.get("speed"), 0, 1e9),
        heading_deg=reading.within(coords.get("heading"), 0, 360),
    )
    # The SOS button of Traccar Client writes among the extras; other clients into the location itself.
    alarms = _alarms(device, at, location.get("alarm"), extras.get("alarm"))
    health = reading.health(
        device=device,
        at=at,
        battery_pct=UNSET if level is UNSET else round(level * 100, 2),
        charging=reading.flag(battery.get("is_charging")),
    )
    return Part(
        device=device,
        messages=(*fixes, *alarms, *health),
        troubles=tuple(troubles),
        stamped=isinstance(stated, datetime),
    )
