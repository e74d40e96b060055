"""Companies, units and guards over HTTP, through the real application."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from msgspec import Struct

from app.accounts.model import Role
from app.dispatch.nearest import Candidate
from app.dispatch.service import choosing
from app.dispatch.tables import unit_place, unit_trail
from app.kit.ids import IncidentId, UnitId
from app.pictures import FILE_BYTES_MAX
from tests.build import HOME
from tests.contract.web import HERE, Town, make_account, town
from tests.photos import NOTES, a_photo, shown

PHOTO = b64encode(a_photo()).decode()
FIRM = {
    "code": "harima", "name": "はりま警備保障", "phone": "079-000-0000",
    "licence": "兵庫県公安委員会 第63000001号",
}  # fmt: skip


class Firm(Struct):
    """Two companies of the town: the own one with two guards and a control room, and a rival with one of each."""

    here: Town
    company: str
    rival: str
    unit: str
    """A guard's, of the own company."""

    def ask(self, name: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The answer to what this person asks, which must have this status."""
        answer = self.here.client.request(method, path, json=body, headers=self.here.headers_of(name))
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content and answer.headers["content-type"] != "image/jpeg" else answer.content

    def id_of(self, name: str) -> str:
        return str(self.here.people[name].id)

    def tell(self, name: str, *metres: tuple[float, float], status: int = 200) -> Any:
        """His phone tells that he was so many metres north so many minutes ago."""
        places = [
            {
                "at": (self.here.clock() - timedelta(minutes=ago)).isoformat(),
                "lat_deg": HOME.lat_deg + north_m / 111_195,
                "lon_deg": HOME.lon_deg,
                "accuracy_m": 12.5,
            }
            for north_m, ago in metres
        ]
        return self.ask(name, "POST", "/v1/me/places", {"places": places}, status)

    def free(self) -> list[Candidate]:
        """The units that can be asked."""
        with self.here.database.transaction() as connection:
            return choosing.available(connection, HERE, HOME.lat_deg, HOME.lon_deg, now=self.here.clock())

    def sent(self, unit_id: str) -> IncidentId:
        """The unit goes out for something."""
        incident = IncidentId(uuid4())
        with self.here.database.transaction() as connection:
            assert choosing.take(connection, UnitId(_uuid(unit_id)), incident, self.here.clock())
        return incident

    def back(self, unit_id: str, incident: IncidentId) -> None:
        with self.here.database.transaction() as connection:
            assert choosing.free(connection, UnitId(_uuid(unit_id)), incident, self.here.clock())

    def count(self, table: sa.Table) -> int:
        with self.here.database.transaction() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


@pytest.fixture
def firm(where: Path | str) -> Iterator[Firm]:
    with town(where) as here:
        with here.database.transaction() as connection:
            for name, role in (
                ("Taro G", Role.GUARD), ("Jiro G", Role.GUARD), ("Control", Role.CONTROL_ROOM),
                ("Rival G", Role.GUARD), ("Rival C", Role.CONTROL_ROOM), ("Lone G", Role.GUARD),
            ):  # fmt: skip
                here.people[name] = make_account(connection, role, name.replace(" ", "-"))  # type: ignore[index]
        one = Firm(here=here, company="", rival="", unit="")
        one.company = one.ask("Clerk", "POST", "/v1/companies", FIRM, 201)["id"]
        one.rival = one.ask("Clerk", "POST", "/v1/companies", FIRM | {"code": "rival", "name": "Rival"}, 201)["id"]
        for name in ("Taro G", "Jiro G", "Control"):
            one.ask("Clerk", "PUT", f"/v1/companies/{one.company}/crew/{one.id_of(name)}", {"badge": name})
        for name in ("Rival G", "Rival C"):
            one.ask("Clerk", "PUT", f"/v1/companies/{one.rival}/crew/{one.id_of(name)}", {})
        one.unit = one.ask("Control", "POST", "/v1/units", {"name": "機動一号", "kind": "guard"}, 201)["id"]
        yield one


def test_a_guard_goes_on_duty_tells_where_he_is_and_can_be_sent(firm: Firm) -> None:
    before = firm.free()
    shown = firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    told = firm.tell("Taro G", (400, 0))
    (one,) = firm.free()

    assert ([], firm.unit, "2026-04-01T03:00:00Z") == (before, shown["unit"], shown["since"])
    assert {"kept": 1, "refused": []} == told
    assert ("機動一号", "はりま警備保障", 400) == (one.name, one.company_name, round(one.distance_m or 0))


def test_off_duty_no_place_is_kept(firm: Firm) -> None:
    firm.tell("Taro G", (400, 0), status=409)
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    firm.tell("Taro G", (400, 0))
    firm.ask("Taro G", "DELETE", "/v1/me/duty", status=204)

    assert (0, 0, []) == (firm.count(unit_place), firm.count(unit_trail), firm.free())
    firm.here.clock.pass_by(timedelta(minutes=5))
    refused = firm.tell("Taro G", (400, 0), status=409)
    assert "You are off duty: your place is not kept." == refused["detail"]
    assert 0 == firm.count(unit_place)
    firm.ask("Taro G", "DELETE", "/v1/me/duty", status=204)


def test_each_place_that_is_not_kept_is_named(firm: Firm) -> None:
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    firm.here.clock.pass_by(timedelta(minutes=10))
    told = firm.tell("Taro G", (100, 11), (200, 5), (300, -3), (400, 1), (500, 60 * 25))

    assert 2 == told["kept"]
    assert [(0, "off_duty"), (2, "ahead"), (4, "old")] == [(one["number"], one["why"]) for one in told["refused"]]
    (one,) = firm.free()
    assert (400, 60) == (round(one.distance_m or 0), one.age_s)


def test_the_way_is_kept_while_the_unit_is_out_and_what_comes_late_too(firm: Firm) -> None:
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    firm.here.clock.pass_by(timedelta(minutes=10))
    incident = firm.sent(firm.unit)
    firm.here.clock.pass_by(timedelta(minutes=10))
    firm.back(firm.unit, incident)
    firm.ask("Taro G", "DELETE", "/v1/me/duty", status=204)
    firm.here.clock.pass_by(timedelta(minutes=30))
    told = firm.tell("Taro G", (100, 45), (200, 35), (300, 32), (400, 10))

    assert (3, [(3, "off_duty")]) == (told["kept"], [(one["number"], one["why"]) for one in told["refused"]])
    assert 3 == firm.tell("Taro G", (100, 45), (200, 35), (300, 32))["kept"]
    assert (2, 0) == (firm.count(unit_trail), firm.count(unit_place))


def test_nobody_leaves_while_the_unit_is_out(firm: Firm) -> None:
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    incident = firm.sent(firm.unit)
    taro = firm.id_of("Taro G")
    for name, path in (
        ("Taro G", "/v1/me/duty"),
        ("Control", f"/v1/units/{firm.unit}/duty/{taro}"),
        ("Control", f"/v1/units/{firm.unit}"),
        ("Clerk", f"/v1/companies/{firm.company}/crew/{taro}"),
        ("Clerk", f"/v1/companies/{firm.company}"),
    ):
        firm.ask(name, "DELETE", path, status=409)

    assert "2026-04-01T03:00:00Z" == firm.ask("Control", "GET", f"/v1/units/{firm.unit}")["out_since"]
    firm.back(firm.unit, incident)
    firm.ask("Clerk", "DELETE", f"/v1/companies/{firm.company}", status=204)
    assert None is firm.ask("Taro G", "GET", "/v1/me/duty")["unit"]


def test_a_company_sees_only_its_own(firm: Firm) -> None:
    """Whatever a rival asks for, it is told what it is told of what there never was."""
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    firm.tell("Taro G", (400, 0))
    firm.ask("Control", "PUT", f"/v1/crew/{firm.id_of('Taro G')}/photo", {"jpeg": PHOTO}, 204)
    hours = {"from_minute": 0, "until_minute": 600}
    plan = {"unit": firm.unit, "account": firm.id_of("Taro G"), "hours": hours, "from_on": "2026-04-01"}
    rota = firm.ask("Control", "POST", "/v1/rota", plan, 201)["id"]
    taro, rival = firm.id_of("Taro G"), firm.id_of("Rival G")
    unknown = firm.ask("Rival C", "GET", f"/v1/units/{uuid4()}", status=404)
    for method, path, body in (
        ("GET", f"/v1/companies/{firm.company}", None), ("GET", f"/v1/companies/{firm.company}/crew", None),
        ("GET", f"/v1/units/{firm.unit}", None), ("PATCH", f"/v1/units/{firm.unit}", {"name": "mine"}),
        ("DELETE", f"/v1/units/{firm.unit}", None), ("GET", f"/v1/units/{firm.unit}/place", None),
        ("PUT", f"/v1/units/{firm.unit}/duty/{rival}", None), ("DELETE", f"/v1/units/{firm.unit}/duty/{taro}", None),
        ("GET", f"/v1/crew/{taro}/photo", None), ("DELETE", f"/v1/rota/{rota}", None), ("POST", "/v1/rota", plan),
        ("POST", "/v1/units", {"name": "mine", "kind": "car", "company": firm.company}),
    ):  # fmt: skip
        assert unknown == firm.ask("Rival C", method, path, body, 404), path
    assert unknown == firm.ask("Rival G", "PUT", "/v1/me/duty", {"unit": firm.unit}, 404)
    assert unknown == firm.ask("Lone G", "PUT", "/v1/me/duty", {"unit": firm.unit}, 404)
    # A guard of others cannot be put into one's own unit either.
    own = firm.ask("Rival C", "POST", "/v1/units", {"name": "車", "kind": "car"}, 201)["id"]
    assert unknown == firm.ask("Rival C", "PUT", f"/v1/units/{own}/duty/{taro}", status=404)

    listed = {name: firm.ask(name, "GET", "/v1/units")["items"] for name in ("Rival C", "Control", "Clerk", "Lone G")}
    assert ([own], [firm.unit], [firm.unit, own], []) == tuple([one["id"] for one in each] for each in listed.values())
    assert [] == firm.ask("Rival C", "GET", "/v1/rota")["items"]
    assert ["Rival"] == [one["name"] for one in firm.ask("Rival G", "GET", "/v1/companies")["items"]]


def test_the_control_room_puts_its_guards_on_duty_and_takes_them_off(firm: Firm) -> None:
    pair = firm.ask("Control", "POST", "/v1/units", {"name": "二人組", "kind": "pair"}, 201)["id"]
    alone = firm.ask("Control", "PUT", f"/v1/units/{pair}/duty/{firm.id_of('Taro G')}")
    both = firm.ask("Control", "PUT", f"/v1/units/{pair}/duty/{firm.id_of('Jiro G')}")
    again = firm.ask("Control", "PUT", f"/v1/units/{pair}/duty/{firm.id_of('Jiro G')}")

    assert (False, True) == (alone["is_complete"], both["is_complete"])
    assert ["Taro-G", "Jiro-G"] == [one["name"] for one in both["on_duty"]] == [one["name"] for one in again["on_duty"]]
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit}, 409)
    firm.ask("Control", "PUT", f"/v1/units/{pair}/duty/{firm.id_of('Control')}", status=404)
    firm.ask("Control", "DELETE", f"/v1/units/{pair}/duty/{firm.id_of('Taro G')}", status=204)
    firm.ask("Control", "DELETE", f"/v1/units/{pair}/duty/{firm.id_of('Taro G')}", status=404)
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    assert ["機動一号"] == [one.name for one in firm.free()]


def test_a_guard_proves_who_he_is_and_the_word_does_not_change_while_he_is_out(firm: Firm) -> None:
    firm.ask("Control", "PATCH", f"/v1/units/{firm.unit}", {"vehicle": "白い軽自動車"})
    firm.ask("Control", "PUT", f"/v1/crew/{firm.id_of('Taro G')}/photo", {"jpeg": PHOTO}, 204)
    proof = firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})["proof"]
    incident = firm.sent(firm.unit)
    firm.here.clock.pass_by(timedelta(hours=13))
    out = firm.ask("Taro G", "GET", "/v1/me/duty")["proof"]
    firm.back(firm.unit, incident)
    next_day = firm.ask("Taro G", "GET", "/v1/me/duty")["proof"]

    assert ("機動一号", "白い軽自動車", "はりま警備保障", "079-000-0000") == tuple(
        proof[name] for name in ("unit_name", "vehicle", "company_name", "company_phone")
    )
    assert [("Taro-G", "Taro G", True)] == [(one["name"], one["badge"], one["has_photo"]) for one in proof["people"]]
    assert proof["word"] == out["word"] != next_day["word"]
    assert (427, 640) == shown(firm.ask("Taro G", "GET", f"/v1/crew/{firm.id_of('Taro G')}/photo")).size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "MPO"])
def test_a_photo_of_a_guard_is_taken_as_telephones_send_it(firm: Firm, kind: str) -> None:
    path, sent = f"/v1/crew/{firm.id_of('Taro G')}/photo", a_photo(4_000, 3_000, kind)
    firm.ask("Control", "PUT", path, {"jpeg": b64encode(sent).decode()}, 204)

    kept = firm.ask("Control", "GET", path)

    assert (480, 640) == shown(kept).size
    assert 150_000 > len(kept)
    assert not any(note in kept for note in NOTES)


def test_what_is_no_photo_is_refused_and_the_one_before_stays(firm: Firm) -> None:
    path = f"/v1/crew/{firm.id_of('Taro G')}/photo"
    firm.ask("Control", "PUT", path, {"jpeg": PHOTO}, 204)
    before = firm.ask("Control", "GET", path)
    for file in (b"<svg/>", b64decode(PHOTO)[:5_000], b64decode(PHOTO).ljust(FILE_BYTES_MAX + 1)):
        refused = firm.ask("Control", "PUT", path, {"jpeg": b64encode(file).decode()}, 400)

        assert ["jpeg"] == [one["where"] for one in refused["errors"]]
    firm.ask("Control", "PUT", path, {"jpeg": "A" * (2 * FILE_BYTES_MAX)}, 413)
    firm.ask("Rival C", "PUT", path, {"jpeg": b64encode(b"<svg/>").decode()}, 404)

    assert before == firm.ask("Control", "GET", path)


def test_who_looks_where_a_guard_is_is_told_to_him(firm: Firm) -> None:
    place = f"/v1/units/{firm.unit}/place"
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    nothing = firm.ask("Control", "GET", place)
    firm.here.clock.pass_by(timedelta(minutes=3))
    firm.tell("Taro G", (400, 2))
    firm.here.clock.pass_by(timedelta(minutes=1))
    shown = firm.ask("Control", "GET", place)["place"]
    firm.ask("Control", "GET", place)
    firm.ask("Operator", "GET", place)
    looks = firm.ask("Taro G", "GET", "/v1/me/unit-looks")["items"]
    first = firm.ask("Taro G", "GET", "/v1/me/unit-looks?limit=1")
    second = firm.ask("Taro G", "GET", f"/v1/me/unit-looks?limit=1&cursor={first['next']}")

    assert None is nothing["place"]
    assert ("2026-04-01T03:01:00Z", "2026-04-01T03:03:00Z", 12.5) == (
        shown["at"], shown["received_at"], shown["accuracy_m"]
    )  # fmt: skip
    assert {"Control", "Operator"} == {one["name"] for one in looks}
    assert looks == first["items"] + second["items"]
    assert [] == firm.ask("Jiro G", "GET", "/v1/me/unit-looks")["items"]
    firm.ask("Clerk", "GET", place, status=403)
    firm.ask("Jiro G", "GET", place, status=403)


def test_the_rota_is_beside_what_is(firm: Firm) -> None:
    """Noon in Japan."""
    hours = {"from_minute": 540, "until_minute": 1080, "weekdays": [1, 2, 3, 4, 5]}
    plan = {"unit": firm.unit, "account": firm.id_of("Taro G"), "hours": hours, "from_on": "2026-04-01"}
    planned = firm.ask("Control", "POST", "/v1/rota", plan, 201)
    later = firm.ask("Control", "POST", "/v1/rota", plan | {"from_on": "2026-04-02"}, 201)

    assert (True, False, False) == (planned["is_planned"], planned["is_on"], later["is_planned"])
    assert [firm.unit] == firm.ask("Taro G", "GET", "/v1/me/duty")["planned"]
    assert [] == firm.free()
    firm.ask("Taro G", "PUT", "/v1/me/duty", {"unit": firm.unit})
    assert [True, True] == [one["is_on"] for one in firm.ask("Clerk", "GET", "/v1/rota")["items"]]
    firm.ask("Control", "DELETE", f"/v1/rota/{planned['id']}", status=204)
    firm.ask("Control", "DELETE", f"/v1/rota/{planned['id']}", status=404)
    assert [later["id"]] == [one["id"] for one in firm.ask("Control", "GET", "/v1/rota")["items"]]
    refused = firm.ask("Control", "POST", "/v1/rota", plan | {"until_on": "2026-03-01"}, 400)
    assert ["until_on"] == [one["where"] for one in refused["errors"]]


def test_guard_work_needs_a_licence_and_visits_need_none(firm: Firm) -> None:
    visitors = firm.ask(
        "Clerk", "POST", "/v1/companies", FIRM | {"code": "visits", "licence": None}, 201
    )["id"]  # fmt: skip
    unit = {"name": "訪問員", "kind": "guard", "company": visitors}
    refused = firm.ask("Clerk", "POST", "/v1/units", unit, 400)

    assert ["work"] == [one["where"] for one in refused["errors"]]
    assert "visit" == firm.ask("Clerk", "POST", "/v1/units", unit | {"work": "visit"}, 201)["work"]
    firm.ask("Clerk", "PATCH", f"/v1/companies/{visitors}", {"name": "Visits"})
    kept = firm.ask("Clerk", "PATCH", f"/v1/companies/{firm.company}", {"licence": None}, 409)
    assert "It has units for guard work, which needs a licence." == kept["detail"]
    firm.ask("Control", "PATCH", f"/v1/units/{firm.unit}", {"work": "visit"}, 400)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"code": "harima"}, 409),
        ({"code": "New"}, 400),
        ({"code": "new", "phone": "call us"}, 400),
        ({"code": "new", "city_id": 131016}, 404),
    ],
    ids=["taken", "capital", "no number", "another city"],
)
def test_a_company_that_cannot_be_meant_is_refused(firm: Firm, change: dict[str, Any], status: int) -> None:
    firm.ask("Clerk", "POST", "/v1/companies", FIRM | change, status)


@pytest.mark.parametrize(
    ("areas", "fault"),
    [
        ({"cells": ["872e6396effffff"], "wards": ["北区"]}, None),
        ({"cells": ["8fffffffffffffff"]}, "areas.cells"),
        ({"cells": ["8ffffffffffffff"]}, "areas.cells[0]"),
        ({"polygons": [[[34.7, 134.8], [34.8, 134.8], [34.75, 134.9]]]}, None),
        ({"polygons": [[[34.7, 134.8], [34.8, 134.9], [34.8, 134.8], [34.7, 134.9]]]}, "areas.polygons[0]"),
    ],
    ids=["cells", "too long", "no cell", "a polygon", "one that crosses itself"],
)
def test_areas_are_looked_at_before_they_are_kept(firm: Firm, areas: Any, fault: str | None) -> None:
    body = {"areas": areas}
    answer = firm.ask("Control", "PATCH", f"/v1/units/{firm.unit}", body, 200 if fault is None else 400)

    if fault is None:
        assert areas == {name: value for name, value in answer["areas"].items() if value}
    else:
        assert all(one["where"].startswith(fault) for one in answer["errors"])


def test_who_is_no_guard_is_of_no_company(firm: Firm) -> None:
    path = f"/v1/companies/{firm.company}/crew"
    refused = firm.ask("Clerk", "PUT", f"{path}/{firm.id_of('Hanako')}", {}, 400)

    assert ["guard_id"] == [one["where"] for one in refused["errors"]]
    assert ["Control", "Jiro-G", "Taro-G"] == [one["name"] for one in firm.ask("Control", "GET", path)["items"]]
    firm.ask("Rival G", "PUT", "/v1/me/duty", {"unit": firm.ask(
        "Rival C", "POST", "/v1/units", {"name": "車", "kind": "car"}, 201)["id"]})  # fmt: skip
    firm.ask("Clerk", "PUT", f"{path}/{firm.id_of('Rival G')}", {}, 409)
    firm.ask("Rival G", "DELETE", "/v1/me/duty", status=204)
    firm.ask("Clerk", "PUT", f"{path}/{firm.id_of('Rival G')}", {})
    assert [firm.unit] == [one["id"] for one in firm.ask("Rival G", "GET", "/v1/units")["items"]]
    firm.ask("Clerk", "DELETE", f"{path}/{firm.id_of('Rival G')}", status=204)
    firm.ask("Clerk", "DELETE", f"{path}/{firm.id_of('Rival G')}", status=404)
