"""Fences of many people from one GeoJSON file (RFC 7946), for a replay. Pure: text in, fences and faults out.

A Feature has the properties `user` and `name`, and is a Polygon without holes, or a Point with `radius_m`. `purpose` is
`home`, `school` or `place` (as for a fence of the service, the default): leaving home is urgent.
"""

from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from app.geo.fences import RADIUS_M_MAX, RADIUS_M_MIN, corner_fault
from app.geo.model import FencePurpose, Geofence, Point
from app.kit.ids import GeofenceId
from app.watch.replaying import wearer_of

_NAMES: Final = UUID("2f6f3d53-52a4-4f0e-9d5f-5f0d9c1a7e02")
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Drawn(Struct, frozen=True):
    """Fences by user, and what could not be read: which feature, counted from 1 (0: the file itself), and why."""

    by_user: Mapping[str, Sequence[Geofence]]
    faults: Sequence[tuple[int, str]] = ()


class _Fault(Exception):
    """Why a feature is no fence."""


def fences_of(text: bytes) -> Drawn:
    """The fences in a GeoJSON file; a feature that is none costs only itself."""
    try:
        whole = msgspec.json.decode(text.removeprefix(BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Drawn({}, [(0, f"this is no JSON: {error}")])
    features = _features(whole)
    if features is None:
        return Drawn({}, [(0, "this is no FeatureCollection of GeoJSON")])
    by_user: dict[str, list[Geofence]] = {}
    faults: list[tuple[int, str]] = []
    for number, feature in enumerate(features, start=1):
        try:
            user, fence = _fence(feature, number)
        except _Fault as error:
            faults.append((number, str(error)))
            continue
        by_user.setdefault(user, []).append(fence)
    return Drawn(by_user, faults)


def _features(whole: Any) -> list[Any] | None:
    if not isinstance(whole, dict):
        return None
    if whole.get("type") == "Feature":
        return [whole]
    features = whole.get("features")
    return features if isinstance(features, list) else None


def _fence(feature: Any, number: int) -> tuple[str, Geofence]:
    """Whose fence it is, and the fence."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise _Fault("it has no properties")
    user, name = properties.get("user"), properties.get("name")
    if not isinstance(user, str | int) or isinstance(user, bool):
        raise _Fault("the property `user` must say whose it is")
    try:
        purpose = FencePurpose(properties.get("purpose") or "place")
    except ValueError:
        raise _Fault(f"the purpose is one of {', '.join(FencePurpose)}") from None
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    centre: Point | None = None
    radius_m: float | None = None
    corners: tuple[Point, ...] = ()
    if kind == "Point":
        centre, radius_m = _point(geometry.get("coordinates")), _radius_m(properties.get("radius_m"))
    elif kind == "Polygon":
        corners = _corners(geometry.get("coordinates"))
    else:
        raise _Fault("it is neither a Polygon nor a Point")
    fence = Geofence(
        id=GeofenceId(uuid5(_NAMES, f"{number}:{user}:{name}")),
        wearer_id=wearer_of(str(user)),
        name=str(name) if name not in (None, "") else str(number),
        purpose=purpose,
        centre=centre,
        radius_m=radius_m,
        corners=corners,
        created_at=_LONG_AGO,
    )
    return str(user), fence


def _radius_m(value: Any) -> float:
    if not _is_number(value) or not RADIUS_M_MIN <= value <= RADIUS_M_MAX:
        raise _Fault(f"a Point needs `radius_m`, {RADIUS_M_MIN:.0f} to {RADIUS_M_MAX:.0f}")
    return float(value)


def _corners(rings: Any) -> tuple[Point, ...]:
    if not isinstance(rings, list) or len(rings) != 1 or not isinstance(rings[0], list):
        raise _Fault("a Polygon has one ring, and no holes")
    corners = [_point(one) for one in rings[0]]
    if len(corners) > 1 and corners[0] == corners[-1]:
        del corners[-1]  # GeoJSON repeats the first one.
    fault = corner_fault(corners)
    if fault is not None:
        raise _Fault(fault.why if fault.corner is None else f"corner {fault.corner + 1}: {fault.why}")
    return tuple(corners)


def _point(value: Any) -> Point:
    if not isinstance(value, list) or len(value) < 2 or not (_is_number(value[0]) and _is_number(value[1])):
        raise _Fault(f"{str(value)[:40]} is no position: longitude, latitude")
    lon_deg, lat_deg = float(value[0]), float(value[1])
    if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0):
        raise _Fault(f"{lon_deg}, {lat_deg} is no place on Earth (longitude first)")
    return Point(lat_deg, lon_deg)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
