"""Expectations over HTTP, through the real application."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from msgspec import Struct

from app.households import service as households
from app.kit.ids import CityId
from app.tags import service as tags
from app.tags.model import DetectorKind
from app.tags.registration import DetectorDraft
from app.watch.movement.habits import Habits, encode
from app.watch.tables import habit_map
from tests.build import NOW
from tests.contract.web import ELSEWHERE, HERE, Town, town

SCHOOL = {"name": "学校の正門", "weekdays": [1, 2, 3, 4, 5], "from_time": "07:45", "by_time": "08:30"}


class Place(Struct, kw_only=True):
    """The town, where expectations of Hanako's son are, and detectors here, taken down and in another city."""

    here: Town
    path: str
    gate: str
    ended: str
    faraway: str

    def ask(self, name: str, method: str, body: object = None, status: int = 200, of: str = "") -> Any:
        """The answer to what this person asks, which must have this status."""
        answer = self.here.client.request(method, self.path + of, headers=self.here.headers_of(name), json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def added(self, **different: object) -> Any:
        return self.ask("Hanako", "POST", SCHOOL | {"detectors": [self.gate]} | different, 201)


@pytest.fixture
def place(where: Path | str) -> Iterator[Place]:
    with town(where) as here:
        with here.database.transaction() as c:
            home = households.create_household(c, HERE, "Tanaka", [here.people["Hanako"].id], NOW)
            wearer = households.create_wearer(c, home.id, "Ken", by=here.people["Hanako"].id, now=NOW)
            gate, ended, faraway = (_detector(c, city) for city in (HERE, HERE, ELSEWHERE))
            tags.end_detector(c, ended.id, NOW)
        path = f"/v1/wearers/{wearer.id}/expectations"
        yield Place(here=here, path=path, gate=str(gate.id), ended=str(ended.id), faraway=str(faraway.id))


def _detector(connection: Any, city: CityId) -> Any:
    draft = DetectorDraft(kind=DetectorKind.FIXED, name="東門", lat_deg=34.757, lon_deg=134.841)
    return tags.register_detector(connection, city, draft, NOW)


def test_an_expectation_goes_in_and_comes_out_the_same(place: Place) -> None:
    one = place.added()

    assert (
        SCHOOL
        | {
            "detectors": [place.gate],
            "tell_arrival": True,
            "wearer": place.path.split("/")[3],
            "created_at": "2026-04-01T03:00:00Z",
            "id": one["id"],
        }
        == one
    )
    assert {"items": [one], "next": None} == place.ask("Clerk", "GET")


@pytest.mark.parametrize("weekdays", [[1], [7], [1, 3, 7], [1, 2, 3, 4, 5, 6, 7]])
def test_days_of_the_week_are_kept(place: Place, weekdays: list[int]) -> None:
    assert weekdays == place.added(weekdays=weekdays)["weekdays"]


def test_a_day_or_a_detector_named_twice_is_named_once(place: Place) -> None:
    one = place.added(weekdays=[5, 5, 1], detectors=[place.gate, place.gate])

    assert ([1, 5], [place.gate]) == (one["weekdays"], one["detectors"])


@pytest.mark.parametrize(
    ("different", "part"),
    [
        ({"by_time": "07:45"}, "by_time"),
        ({"by_time": "07:00"}, "by_time"),
        ({"by_time": "24:00"}, "by_time"),
        ({"from_time": "7:45"}, "from_time"),
        ({"from_time": "07:45:30"}, "from_time"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [0]}, "weekdays"),
        ({"weekdays": [8]}, "weekdays"),
        ({"detectors": []}, "detectors"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
    ],
)
def test_what_cannot_be_meant_is_refused(place: Place, different: dict[str, object], part: str) -> None:
    refused = place.ask("Hanako", "POST", SCHOOL | {"detectors": [place.gate]} | different, 400)

    assert part in str(refused)
    assert [] == place.ask("Hanako", "GET")["items"]


def test_a_detector_that_is_not_one_of_the_city_is_named(place: Place) -> None:
    for stranger in (place.faraway, place.ended, str(uuid4())):
        refused = place.ask("Hanako", "POST", SCHOOL | {"detectors": [place.gate, stranger]}, 400)

        assert "detectors[1]" in str(refused)


def test_there_are_twenty_at_most(place: Place) -> None:
    for _ in range(20):
        one = place.added()
    place.ask("Hanako", "POST", SCHOOL | {"detectors": [place.gate]}, 409)
    place.ask("Hanako", "DELETE", status=204, of=f"/{one['id']}")
    place.added()

    first = place.ask("Hanako", "GET", of="?limit=15")
    rest = place.ask("Hanako", "GET", of=f"?limit=15&cursor={first['next']}")
    assert (15, 5, None) == (len(first["items"]), len(rest["items"]), rest["next"])


def test_one_that_has_ended_answers_like_an_unknown_one(place: Place) -> None:
    one = place.added()
    place.ask("Clerk", "DELETE", status=204, of=f"/{one['id']}")
    ended = place.ask("Hanako", "DELETE", status=404, of=f"/{one['id']}")

    assert ended == place.ask("Hanako", "DELETE", status=404, of=f"/{uuid4()}")
    assert [] == place.ask("Hanako", "GET")["items"]


@pytest.mark.parametrize("name", ["Taro", "Faraway", "Farclerk"])
def test_other_households_and_cities_get_the_same_404(place: Place, name: str) -> None:
    one = place.added()
    answers = [
        place.ask(name, "GET", status=404),
        place.ask(name, "POST", SCHOOL | {"detectors": [place.gate]}, 404),
        place.ask(name, "DELETE", status=404, of=f"/{one['id']}"),
    ]

    assert answers[:1] * 3 == answers
    assert 1 == len(place.ask("Hanako", "GET")["items"])


def test_the_settings_know_of_passages_and_tags(place: Place) -> None:
    path = place.path.removesuffix("/expectations") + "/watches"
    client, headers = place.here.client, place.here.headers_of("Hanako")
    changed = client.patch(path, headers=headers, json={"passages": False, "tag_silence_h": 6})

    assert {"passages": False, "tag_silence_h": 6}.items() <= changed.json().items()
    assert changed.json() == client.get(path, headers=headers).json()
    for wrong in (5, 337):
        assert 400 == client.patch(path, headers=headers, json={"tag_silence_h": wrong}).status_code


def test_how_far_learning_is_is_told_to_those_who_may_know_of_her(place: Place) -> None:
    path = "/learning"
    wearer = place.path.removesuffix("/expectations")
    assert {"days": 0, "of": 28, "code": "nothing"} == _progress(place, wearer + path)

    for days, code in ((9, "running"), (28, "known"), (40, "known")):
        with place.here.database.transaction() as c:
            c.execute(sa.delete(habit_map))
            values = {"map": encode(Habits(days=days)), "version": days, "learnt_until": NOW, "due_at": NOW}
            c.execute(sa.insert(habit_map).values(wearer_id=UUID(wearer.split("/")[3]), city_id=HERE, **values))
        assert {"days": min(days, 28), "of": 28, "code": code} == _progress(place, wearer + path)

    shown = place.here.client.get(wearer + path, headers=place.here.headers_of("Hanako")).json()
    assert {"days", "of", "words"} == set(shown)
    assert {"code", "ja", "easy", "en"} == set(shown["words"])
    assert 404 == place.here.client.get(wearer + path, headers=place.here.headers_of("Taro")).status_code


def _progress(place: Place, path: str) -> dict[str, Any]:
    shown = place.here.client.get(path, headers=place.here.headers_of("Hanako")).json()
    return {"days": shown["days"], "of": shown["of"], "code": shown["words"]["code"]}
