"""The routes of devices through the real application."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.devices import service
from app.devices.health import HealthRow
from app.households import service as households
from app.households.model import Wearer
from app.kit.ids import secret_hash
from tests.build import NOW
from tests.contract.web import HERE, Town, town

WATCH = {"format": "watch", "external_id": "8800000015", "name": "Hana's watch", "interval_s": 600}


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one


@pytest.fixture
def hana(here: Town) -> Wearer:
    """Hanako's mother."""
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, "Tanaka", [here.people["Hanako"].id], NOW)
        return households.create_wearer(connection, home.id, "Hana", now=NOW)


def ask(here: Town, name: str, method: str, path: str, body: object = None, status: int = 200) -> Any:
    """The answer to what this person asks, which must have this status."""
    answer = here.client.request(method, path, headers=here.headers_of(name), json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def enrol(here: Town, **changes: object) -> str:
    """The id of a watch that the clerk enrolled."""
    device_id: str = ask(here, "Clerk", "POST", "/v1/devices", WATCH | changes, 201)["device"]["id"]
    return device_id


def carried(here: Town, wearer: Wearer) -> str:
    """The id of a watch that this wearer carries."""
    device_id = enrol(here)
    ask(here, "Clerk", "PUT", f"/v1/devices/{device_id}/carrier", {"wearer_id": str(wearer.id)})
    return device_id


def test_a_clerk_enrols_a_device_and_is_shown_its_key_once(here: Town) -> None:
    made = ask(here, "Clerk", "POST", "/v1/devices", {"format": "owntracks", "external_id": "a", "name": "電話"}, 201)

    with here.database.transaction() as connection:
        (entry,) = service.registry_entries(connection)
    assert secret_hash(made["key"]) == entry.key_hash
    again = ask(here, "Clerk", "GET", f"/v1/devices/{made['device']['id']}")
    assert made["device"] == again
    assert "key" not in again
    assert (again["name"], again["interval_s"], again["spoofable"], again["carrier"], again["health"]) == (
        "電話", 300, False, None, None,
    )  # fmt: skip


def test_a_watch_is_shown_as_spoofable_with_what_it_can_be_asked(here: Town) -> None:
    device = ask(here, "Clerk", "GET", f"/v1/devices/{enrol(here)}")

    assert (device["spoofable"], device["can"]) == (True, ["locate", "live_on", "live_off"])


def test_a_device_is_enrolled_once(here: Town) -> None:
    enrol(here)

    answer = ask(here, "Clerk", "POST", "/v1/devices", WATCH, 409)

    assert answer["status"] == 409


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"format": "smoke-signal"}, "format"),
    ({"key_required": True}, "key_required"),
    ({"interval_s": 1}, "interval_s"),
    ({"name": ""}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"external_id": " "}, "external_id"),
    ({"city_id": 10**30}, "city_id"),
    ({"colour": "red"}, "colour"),
]


def test_what_cannot_be_meant_is_refused_with_its_place(here: Town) -> None:
    for change, where in REFUSED:
        answer = ask(here, "Clerk", "POST", "/v1/devices", WATCH | change, 400)

        assert where in str(answer["errors"])


def test_a_device_changes_its_name_and_keeps_what_is_not_named(here: Town) -> None:
    device_id = enrol(here)

    changed = ask(here, "Clerk", "PATCH", f"/v1/devices/{device_id}", {"name": "spare"})

    assert (changed["name"], changed["interval_s"]) == ("spare", 600)
    assert ask(here, "Clerk", "PATCH", f"/v1/devices/{device_id}", {"interval_s": 900})["name"] == "spare"
    ask(here, "Clerk", "PATCH", f"/v1/devices/{device_id}", {"name": None}, 400)


def test_a_new_key_is_shown_once_and_is_the_one_that_counts(here: Town) -> None:
    device_id = enrol(here, format="owntracks")

    key = ask(here, "Clerk", "POST", f"/v1/devices/{device_id}/key")["key"]

    with here.database.transaction() as connection:
        assert [secret_hash(key)] == [entry.key_hash for entry in service.registry_entries(connection)]


def test_a_device_is_handed_over_and_taken_back(here: Town, hana: Wearer) -> None:
    device_id = enrol(here)

    handed = ask(here, "Clerk", "PUT", f"/v1/devices/{device_id}/carrier", {"wearer_id": str(hana.id)})
    assert handed["carrier"] == {"wearer_id": str(hana.id), "contact_id": None, "from_at": "2026-04-01T03:00:00Z"}

    here.clock.pass_by(timedelta(hours=1))
    ask(here, "Clerk", "DELETE", f"/v1/devices/{device_id}/carrier", status=204)
    ask(here, "Clerk", "DELETE", f"/v1/devices/{device_id}/carrier", status=204)
    assert ask(here, "Clerk", "GET", f"/v1/devices/{device_id}")["carrier"] is None


def test_a_device_is_carried_by_one(here: Town, hana: Wearer) -> None:
    device_id = enrol(here)

    for body in ({}, {"wearer_id": str(hana.id), "contact_id": str(uuid4())}, {"wearer_id": "Hana"}):
        ask(here, "Clerk", "PUT", f"/v1/devices/{device_id}/carrier", body, 400)
    for body in ({"wearer_id": str(uuid4())}, {"contact_id": str(uuid4())}):
        ask(here, "Clerk", "PUT", f"/v1/devices/{device_id}/carrier", body, 404)


def test_a_contact_carries_a_device_only_after_agreeing(here: Town, hana: Wearer) -> None:
    device_id = enrol(here, format="owntracks")
    with here.database.transaction() as connection:
        taro = households.add_contact(connection, hana.id, "Taro", account_id=here.people["Taro"].id, now=NOW)
    carrier = {"contact_id": str(taro.id)}
    ask(here, "Clerk", "PUT", f"/v1/devices/{device_id}/carrier", carrier, 409)

    ask(here, "Taro", "PUT", f"/v1/contacts/{taro.id}/shares-place", {"shares_place": True})
    ask(here, "Clerk", "PUT", f"/v1/devices/{device_id}/carrier", carrier)

    assert [device_id] == [one["id"] for one in ask(here, "Taro", "GET", "/v1/devices")["items"]]


def test_an_ended_device_is_gone(here: Town, hana: Wearer) -> None:
    device_id = carried(here, hana)
    here.clock.pass_by(timedelta(hours=1))

    ask(here, "Clerk", "DELETE", f"/v1/devices/{device_id}", status=204)

    ask(here, "Clerk", "GET", f"/v1/devices/{device_id}", status=404)
    ask(here, "Clerk", "DELETE", f"/v1/devices/{device_id}", status=404)
    assert ask(here, "Hanako", "GET", f"/v1/wearers/{hana.id}/devices")["items"] == []


def test_the_family_sees_what_its_wearer_carries_with_the_age_of_each_value(here: Town, hana: Wearer) -> None:
    device_id = carried(here, hana)
    with here.database.transaction() as connection:
        row = HealthRow(device_id=UUID(device_id), heard_at=NOW, said_at=NOW, battery_pct=80.0, steps=900)
        service.save_health(connection, [row])

    (device,) = ask(here, "Hanako", "GET", f"/v1/wearers/{hana.id}/devices")["items"]
    (listed,) = ask(here, "Clerk", "GET", "/v1/devices")["items"]

    assert (device["health"]["battery_pct"], device["health"]["battery_pct_at"]) == (80.0, "2026-04-01T03:00:00Z")
    assert (device["health"]["steps"], device["health"]["wearing"]) == (900, None)
    assert (listed["health"]["battery_pct"], listed["health"]["steps"]) == (80.0, None)


def test_a_list_is_read_page_by_page(here: Town) -> None:
    made = [enrol(here, external_id=str(number)) for number in range(3)]

    first = ask(here, "Clerk", "GET", "/v1/devices?limit=2")
    rest = ask(here, "Clerk", "GET", f"/v1/devices?limit=2&cursor={first['next']}")

    assert made == [one["id"] for one in first["items"] + rest["items"]]
    assert rest["next"] is None
    ask(here, "Clerk", "GET", "/v1/devices?cursor=nonsense", status=400)
    ask(here, "Clerk", "GET", "/v1/devices?limit=1000", status=400)


def test_live_mode_is_asked_for_and_its_end_can_be_read(here: Town, hana: Wearer) -> None:
    device_id = carried(here, hana)

    on = ask(here, "Hanako", "POST", f"/v1/devices/{device_id}/commands", {"kind": "live_on"})
    again = ask(here, "Hanako", "POST", f"/v1/devices/{device_id}/commands", {"kind": "live_on"})
    off, first = ask(here, "Hanako", "GET", f"/v1/devices/{device_id}/commands")["items"]

    assert on["id"] == again["id"] == first["id"]
    assert (on["state"], on["interval_s"]) == ("queued", 20)
    assert (off["kind"], off["due_at"], off["interval_s"]) == ("live_off", "2026-04-01T03:20:00Z", 600)
    looks = ask(here, "Hanako", "GET", f"/v1/wearers/{hana.id}/looks")["items"]
    assert [one["purpose"] for one in looks] == ["live"]


def test_a_device_that_only_reports_says_so(here: Town, hana: Wearer) -> None:
    device_id = enrol(here, format="osmand")
    ask(here, "Clerk", "PUT", f"/v1/devices/{device_id}/carrier", {"wearer_id": str(hana.id)})

    answer = ask(here, "Hanako", "POST", f"/v1/devices/{device_id}/commands", {"kind": "locate"}, 400)

    assert "only reports" in str(answer)
    ask(here, "Hanako", "POST", f"/v1/devices/{device_id}/commands", {"kind": "explode"}, 400)


def test_a_wearer_is_asked_for_without_knowing_what_she_carries(here: Town, hana: Wearer) -> None:
    ask(here, "Hanako", "POST", f"/v1/wearers/{hana.id}/commands", {"kind": "locate"}, 400)
    carried(here, hana)
    only_reports = enrol(here, format="osmand", external_id="a-phone")
    ask(here, "Clerk", "PUT", f"/v1/devices/{only_reports}/carrier", {"wearer_id": str(hana.id)})

    asked = ask(here, "Hanako", "POST", f"/v1/wearers/{hana.id}/commands", {"kind": "locate"})

    assert ("locate", 1) == (asked["kind"], asked["devices"])


PATHS: list[tuple[str, str, dict[str, str] | None]] = [
    ("GET", "/v1/devices/{device}", None),
    ("PATCH", "/v1/devices/{device}", {"name": "mine"}),
    ("DELETE", "/v1/devices/{device}", None),
    ("POST", "/v1/devices/{device}/key", None),
    ("PUT", "/v1/devices/{device}/carrier", {"wearer_id": "{wearer}"}),
    ("DELETE", "/v1/devices/{device}/carrier", None),
    ("GET", "/v1/devices/{device}/commands", None),
    ("POST", "/v1/devices/{device}/commands", {"kind": "locate"}),
    ("GET", "/v1/wearers/{wearer}/devices", None),
]
OFFICE_ONLY = {"PATCH", "DELETE", "PUT"}


def test_what_is_somebody_elses_answers_like_what_never_was(here: Town, hana: Wearer) -> None:
    device_id = carried(here, hana)

    for method, path, body in PATHS:
        known, unknown = path.format(device=device_id, wearer=hana.id), path.format(device=uuid4(), wearer=uuid4())
        told = {key: value.format(wearer=hana.id) for key, value in body.items()} if body else None
        for name in ("Taro", "Faraway", "Farclerk", "Operator"):
            answer = ask_any(here, name, method, known, told)

            assert ask_any(here, name, method, unknown, told) == answer
            never = {"Farclerk": path.endswith("commands") and method == "POST"}.get(
                name, method in OFFICE_ONLY or path.endswith("key")
            )
            assert answer[0] == (403 if never else 404), (name, method, path)
    assert ask(here, "Hanako", "GET", f"/v1/devices/{device_id}")["carrier"]["wearer_id"] == str(hana.id)


def ask_any(here: Town, name: str, method: str, path: str, body: object) -> tuple[int, str]:
    """Status and text of the answer."""
    answer = here.client.request(method, path, headers=here.headers_of(name), json=body)
    return answer.status_code, answer.text


def test_nobody_is_told_anything_without_signing_in(here: Town) -> None:
    for method, path, body in [*PATHS, ("GET", "/v1/devices", None), ("POST", "/v1/devices", {})]:
        answer = here.client.request(method, path.format(device=uuid4(), wearer=uuid4()), json=body)

        assert answer.status_code == 401
