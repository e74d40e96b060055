"""The routes of geofences through the real application."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.households import service as households
from tests.build import NOW
from tests.contract.web import HERE, Town, town

CIRCLE = {"type": "circle", "lat_deg": 34.757, "lon_deg": 134.841, "radius_m": 120.0}
SQUARE = {
    "type": "polygon",
    "corners": [
        {"lat_deg": 34.75 + lat, "lon_deg": 134.84 + lon} for lat, lon in ((0, 0), (0, 0.01), (0.01, 0.01), (0.01, 0))
    ],
}
NIGHT = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from_time": "18:00", "until_time": "06:30", "holidays": "also"}


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one


@pytest.fixture
def path(here: Town) -> str:
    """Where the geofences of Hanako's mother are."""
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, "Tanaka", [here.people["Hanako"].id], NOW)
        wearer = households.create_wearer(connection, home.id, "Hana", by=here.people["Hanako"].id, now=NOW)
    return f"/v1/wearers/{wearer.id}/geofences"


def ask(here: Town, name: str, method: str, path: str, body: object = None, status: int = 200) -> Any:
    """The answer to what this person asks, which must have this status."""
    answer = here.client.request(method, path, headers=here.headers_of(name), json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def added(here: Town, path: str, shape: object = CIRCLE) -> Any:
    return ask(here, "Hanako", "POST", path, {"name": "庭", "shape": shape, "purpose": "home"}, 201)


@pytest.mark.parametrize("shape", [CIRCLE, SQUARE])
def test_a_geofence_goes_in_and_comes_out_the_same(here: Town, path: str, shape: object) -> None:
    fence = added(here, path, shape)

    assert shape == fence["shape"]
    assert {
        "name": "庭",
        "purpose": "home",
        "tell_exit": True,
        "tell_enter": False,
        "wearer": path.split("/")[3],
        "created_at": "2026-04-01T03:00:00Z",
    }.items() <= fence.items()
    assert fence == ask(here, "Hanako", "GET", f"{path}/{fence['id']}")
    assert {"items": [fence], "next": None} == ask(here, "Clerk", "GET", path)


def test_a_patch_changes_what_it_names_and_nothing_else(here: Town, path: str) -> None:
    fence = added(here, path)
    one = f"{path}/{fence['id']}"

    assert fence == ask(here, "Hanako", "PATCH", one, {})
    assert fence | {"name": "畑"} == ask(here, "Hanako", "PATCH", one, {"name": "畑"})
    assert fence | {"name": "畑", "shape": SQUARE} == ask(here, "Clerk", "PATCH", one, {"shape": SQUARE})
    ask(here, "Hanako", "PATCH", one, {"name": None}, 400)
    ask(here, "Hanako", "PATCH", one, {"colour": "red"}, 400)


def test_hours_go_in_and_come_out_the_same_and_are_taken_away(here: Town, path: str) -> None:
    body = {
        "name": "庭",
        "shape": CIRCLE,
        "schedule": [NIGHT, {**NIGHT, "weekdays": [6, 7], "holidays": "like_others"}],
    }
    fence = ask(here, "Hanako", "POST", path, body, 201)
    one = f"{path}/{fence['id']}"

    assert body["schedule"] == fence["schedule"]
    assert fence == ask(here, "Hanako", "PATCH", one, {})
    assert [NIGHT] == ask(here, "Hanako", "PATCH", one, {"schedule": [NIGHT]})["schedule"]
    assert ask(here, "Hanako", "PATCH", one, {"schedule": None})["schedule"] is None
    assert added(here, path)["schedule"] is None


def test_access_points_go_in_as_they_stand_on_the_box_and_come_out_as_digits(here: Town, path: str) -> None:
    body = {"name": "庭", "shape": CIRCLE, "access_points": ["AA:BB:CC:DD:EE:01"]}
    fence = ask(here, "Hanako", "POST", path, body, 201)
    one = f"{path}/{fence['id']}"

    assert ["aabbccddee01"] == fence["access_points"]
    assert fence == ask(here, "Hanako", "PATCH", one, {"name": "庭"})
    assert [] == ask(here, "Hanako", "PATCH", one, {"access_points": []})["access_points"]
    problem = ask(here, "Hanako", "PATCH", one, {"access_points": ["aabbccddee01", "x"]}, 400)
    assert ["access_points[1]"] == [one["where"] for one in problem["errors"]]
    ask(here, "Hanako", "PATCH", one, {"access_points": [f"aabbccddee{n:02x}" for n in range(21)]}, 400)


@pytest.mark.parametrize(
    ("schedule", "named"),
    [
        ([], "schedule"),
        ([NIGHT] * 15, "schedule"),
        ([NIGHT, NIGHT], "schedule[1]"),
        ([{**NIGHT, "weekdays": []}], "schedule[0].weekdays"),
        ([NIGHT, {**NIGHT, "weekdays": [0]}], "schedule[1].weekdays[0]"),
        ([{**NIGHT, "from_time": "24:00"}], "schedule[0].from_time"),
        ([{**NIGHT, "until_time": "6:30"}], "schedule[0].until_time"),
        ([{**NIGHT, "holidays": "never"}], "schedule[0].holidays"),
        ([{**NIGHT, "colour": "red"}], "schedule[0]"),
    ],
)
def test_hours_that_are_none_are_a_problem_that_names_the_field(
    here: Town, path: str, schedule: object, named: str
) -> None:
    fence = added(here, path)
    body = {"name": "x", "shape": CIRCLE, "schedule": schedule}
    problems = [
        ask(here, "Hanako", "POST", path, body, 400),
        ask(here, "Hanako", "PATCH", f"{path}/{fence['id']}", {"schedule": schedule}, 400),
    ]

    assert [[named]] * 2 == [[one["where"] for one in problem["errors"]] for problem in problems]


def test_an_ended_geofence_answers_like_an_unknown_one(here: Town, path: str) -> None:
    fence = added(here, path)
    ask(here, "Hanako", "DELETE", f"{path}/{fence['id']}", status=204)
    ended = ask(here, "Hanako", "GET", f"{path}/{fence['id']}", status=404)

    assert ended == ask(here, "Hanako", "GET", f"{path}/{uuid4()}", status=404)
    assert [] == ask(here, "Hanako", "GET", path)["items"]


@pytest.mark.parametrize("name", ["Taro", "Faraway", "Farclerk"])
def test_other_households_and_cities_get_the_same_404(here: Town, path: str, name: str) -> None:
    fence = added(here, path)
    nobody = f"/v1/wearers/{uuid4()}/geofences"
    unknown = ask(here, name, "GET", nobody, status=404)
    body = {"name": "x", "shape": CIRCLE}

    assert unknown == ask(here, name, "GET", path, status=404)
    assert unknown == ask(here, name, "GET", f"{path}/{fence['id']}", status=404)
    assert unknown == ask(here, name, "POST", path, body, 404)
    assert unknown == ask(here, name, "PATCH", f"{path}/{fence['id']}", {"name": "x"}, 404)
    assert unknown == ask(here, name, "DELETE", f"{path}/{fence['id']}", status=404)


def test_an_operator_may_never_change_a_geofence(here: Town, path: str) -> None:
    ask(here, "Operator", "POST", path, {"name": "x", "shape": CIRCLE}, 403)


def test_nobody_signed_in_gets_nothing(here: Town, path: str) -> None:
    assert here.client.get(path).status_code == 401


def test_a_corner_at_fault_is_named(here: Town, path: str) -> None:
    corners: Any = SQUARE["corners"]
    bow = {"type": "polygon", "corners": [corners[0], corners[2], corners[1], corners[3]]}
    problem = ask(here, "Hanako", "POST", path, {"name": "x", "shape": bow}, 400)

    assert ["shape.corners[0]"] == [one["where"] for one in problem["errors"]]


@pytest.mark.parametrize(
    "shape",
    [
        None,
        {},
        {"type": "star"},
        CIRCLE | {"radius_m": 19.9},
        CIRCLE | {"radius_m": 1e9},
        CIRCLE | {"lat_deg": 91},
        CIRCLE | {"lon_deg": "nan"},
        CIRCLE | {"radius_m": "nan"},
        CIRCLE | {"radius_m": "inf"},
        CIRCLE | {"corners": []},
        {"type": "polygon", "corners": []},
        {"type": "polygon", "corners": [{"lat_deg": 34.0, "lon_deg": 134.0}] * 4},
        {"type": "polygon", "corners": [{"lat_deg": 34.0 + one / 1e4, "lon_deg": 134.0} for one in range(102)]},
    ],
)
def test_what_is_no_shape_is_a_problem(here: Town, path: str, shape: object) -> None:
    answer = here.client.post(path, headers=here.headers_of("Hanako"), json={"name": "x", "shape": shape})

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_pages_go_on_where_the_one_before_ended(here: Town, path: str) -> None:
    ids = [added(here, path)["id"] for _ in range(3)]
    first = ask(here, "Hanako", "GET", f"{path}?limit=2")
    second = ask(here, "Hanako", "GET", f"{path}?limit=2&cursor={first['next']}")

    assert ids == [one["id"] for one in first["items"] + second["items"]]
    assert second["next"] is None
    ask(here, "Hanako", "GET", f"{path}?cursor=xyz", status=400)
    ask(here, "Hanako", "GET", f"{path}?limit=201", status=400)
