"""Fences from GeoJSON: what is one, and what costs only itself."""

import json
from typing import Any

import pytest

from app.geo.model import FencePurpose, Point
from app.watch.drawn import Drawn, fences_of

SQUARE = [[134.84, 34.75], [134.85, 34.75], [134.85, 34.76], [134.84, 34.76], [134.84, 34.75]]


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"user": "hana", "name": "自宅", **properties}, "geometry": geometry}


def point(*at: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(at or (134.84, 34.75))}


def drawn(*features: Any) -> Drawn:
    return fences_of(json.dumps({"type": "FeatureCollection", "features": features}).encode())


def test_points_and_polygons_are_fences_of_their_users() -> None:
    found = drawn(
        feature(point(), radius_m=200, purpose="home"),
        feature({"type": "Polygon", "coordinates": [SQUARE]}, name="公園"),
        feature(point(), radius_m=50.5, user=17),
    )
    home, park = found.by_user["hana"]

    assert () == tuple(found.faults)
    assert (Point(34.75, 134.84), 200.0, FencePurpose.HOME, "自宅") == (
        home.centre, home.radius_m, home.purpose, home.name,
    )  # fmt: skip
    assert (4, FencePurpose.PLACE, "公園") == (len(park.corners), park.purpose, park.name)
    assert [50.5] == [one.radius_m for one in found.by_user["17"]]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        7,
        {"type": "Feature", "geometry": point()},
        feature(None),
        feature(point()),
        feature(point(), radius_m="wide"),
        feature(point(), radius_m=0),
        feature(point(), radius_m=True),
        feature(point(34.75, 134.84), radius_m=100),
        feature(point("x", 1), radius_m=100),
        feature(point(), radius_m=100, user=None),
        feature(point(), radius_m=100, purpose="castle"),
        feature({"type": "LineString", "coordinates": SQUARE}),
        feature({"type": "Polygon", "coordinates": [SQUARE, SQUARE]}),
        feature({"type": "Polygon", "coordinates": [SQUARE[:2]]}),
        feature({"type": "Polygon", "coordinates": []}),
        feature({"type": "Polygon", "coordinates": [[1, 2]]}),
    ],
    ids=range(17),
)
def test_what_is_no_fence_costs_only_itself(wrong: Any) -> None:
    found = drawn(feature(point(), radius_m=200), wrong, feature(point(), radius_m=300))

    assert [2] == [number for number, _ in found.faults]
    assert [200.0, 300.0] == [one.radius_m for one in found.by_user["hana"]]


@pytest.mark.parametrize("text", [b"", b"[", b"[]", b"{}", b"7", b'{"features": 7}', b"\xff\xfe"], ids=repr)
def test_a_file_without_features_says_so(text: bytes) -> None:
    found = fences_of(text)

    assert [0] == [number for number, _ in found.faults]
    assert {} == found.by_user


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=repr)
def test_a_single_feature_is_a_file(mark: bytes) -> None:
    assert ["hana"] == list(fences_of(mark + json.dumps(feature(point(), radius_m=100)).encode()).by_user)
