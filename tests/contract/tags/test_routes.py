"""The routes of tags and detectors through the real application."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.config import Settings
from app.households import service as households
from app.households.model import Wearer
from app.tags.keys import detector_key
from tests.build import NOW
from tests.contract.tags.conftest import UUID_OF_TOWN
from tests.contract.web import HERE, Town, town

SECRET = b"0123456789abcdef0123456789abcdef"
TAG = {"vendor": "Aruku", "scheme": "ibeacon", "identity": f"{UUID_OF_TOWN.upper()}/1/2"}
GATE = {"kind": "fixed", "name": "東門", "lat_deg": 34.757, "lon_deg": 134.841}


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where, Settings(public_url="https://town.example/"), detector_secret=SECRET) as one:
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
    assert status == answer.status_code, answer.text
    return answer.json() if answer.content else None


def registered(here: Town, **changes: object) -> str:
    """The id of a tag that the clerk registered."""
    tag_id: str = ask(here, "Clerk", "POST", "/v1/tags", TAG | changes, 201)["id"]
    return tag_id


def at_the_gate(here: Town, **changes: object) -> str:
    """The id of a detector that the clerk registered."""
    detector_id: str = ask(here, "Clerk", "POST", "/v1/detectors", GATE | changes, 201)["detector"]["id"]
    return detector_id


def test_a_clerk_registers_a_tag_in_its_one_spelling(here: Town) -> None:
    made = ask(here, "Clerk", "POST", "/v1/tags", TAG | {"name": "赤い鈴"}, 201)

    assert (f"{UUID_OF_TOWN}/1/2", "赤い鈴", 2.0, None) == tuple(
        made[part] for part in ("identity", "name", "interval_s", "wearer")
    )
    assert made == ask(here, "Clerk", "GET", f"/v1/tags/{made['id']}")
    ask(here, "Farclerk", "POST", "/v1/tags", TAG, 409)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"scheme": "rpa", "identity": "00"}, "scheme"),
    ({"scheme": "smoke"}, "scheme"),
    ({"identity": "E2C56DB5-DFFB-48D2-B060-D0F5A71096E0/0/0"}, "identity"),
    ({"identity": "nobody"}, "identity"),
    ({"mac": "nobody"}, "mac"),
    ({"vendor": " "}, "vendor"),
    ({"interval_s": 0}, "interval_s"),
    ({"city_id": 10**30}, "city_id"),
]


def test_a_tag_that_cannot_be_meant_is_refused_with_its_place(here: Town) -> None:
    for change, where in REFUSED:
        assert where in str(ask(here, "Clerk", "POST", "/v1/tags", TAG | change, 400)["errors"])


def test_the_family_sees_the_tag_of_its_wearer_as_long_as_she_wears_it(here: Town, hana: Wearer) -> None:
    tag_id = registered(here)
    ask(here, "Hanako", "GET", f"/v1/tags/{tag_id}", status=404)

    given = ask(here, "Clerk", "PUT", f"/v1/tags/{tag_id}/wearer", {"wearer_id": str(hana.id)})

    assert {"wearer_id": str(hana.id), "from_at": "2026-04-01T03:00:00Z"} == given["wearer"]
    assert given == ask(here, "Hanako", "GET", f"/v1/tags/{tag_id}")
    assert [given] == ask(here, "Hanako", "GET", "/v1/tags")["items"]
    for stranger in ("Taro", "Faraway", "Operator"):
        assert [] == ask(here, stranger, "GET", "/v1/tags")["items"]
        ask(here, stranger, "GET", f"/v1/tags/{tag_id}", status=404)
    here.clock.pass_by(timedelta(hours=1))
    ask(here, "Clerk", "DELETE", f"/v1/tags/{tag_id}/wearer", status=204)
    assert [] == ask(here, "Hanako", "GET", "/v1/tags")["items"]


def test_a_tag_is_given_with_effect_from_before(here: Town, hana: Wearer) -> None:
    tag_id = registered(here)
    body = {"wearer_id": str(hana.id), "from_at": "2026-03-31T09:00:00+09:00"}

    given = ask(here, "Clerk", "PUT", f"/v1/tags/{tag_id}/wearer", body)

    assert "2026-03-31T00:00:00Z" == given["wearer"]["from_at"]
    late = body | {"from_at": "2027-01-01T00:00:00Z"}
    ask(here, "Clerk", "PUT", f"/v1/tags/{registered(here, identity=f'{UUID_OF_TOWN}/1/3')}/wearer", late, 400)
    ask(here, "Clerk", "PUT", f"/v1/tags/{tag_id}/wearer", {"wearer_id": str(uuid4())}, 404)


def test_tags_are_listed_by_wearer_and_vendor_and_in_pages(here: Town, hana: Wearer) -> None:
    first, second = registered(here), registered(here, identity=f"{UUID_OF_TOWN}/1/3", vendor="Minna")
    ask(here, "Clerk", "PUT", f"/v1/tags/{first}/wearer", {"wearer_id": str(hana.id)})

    def listed(query: str) -> list[str]:
        return [one["id"] for one in ask(here, "Clerk", "GET", f"/v1/tags?{query}")["items"]]

    assert [first] == listed(f"wearer_id={hana.id}")
    assert [second] == listed("vendor=Minna")
    assert [] == listed(f"vendor=Minna&wearer_id={hana.id}")
    page = ask(here, "Clerk", "GET", "/v1/tags?limit=1")
    assert [first] == [one["id"] for one in page["items"]]
    assert [second] == listed(f"limit=1&cursor={page['next']}")


def test_a_clerk_changes_and_ends_a_tag(here: Town, hana: Wearer) -> None:
    tag_id = registered(here)

    assert "Minna" == ask(here, "Clerk", "PATCH", f"/v1/tags/{tag_id}", {"vendor": "Minna"})["vendor"]
    ask(here, "Clerk", "DELETE", f"/v1/tags/{tag_id}", status=204)

    ask(here, "Clerk", "GET", f"/v1/tags/{tag_id}", status=404)
    registered(here)


def test_a_detector_is_registered_with_a_key_that_can_be_made_again(here: Town) -> None:
    made = ask(here, "Clerk", "POST", "/v1/detectors", GATE, 201)
    detector = made["detector"]

    assert detector_key(SECRET, UUID(detector["id"]), 1) == made["key"]
    assert (detector["id"], "gateway", 1) == tuple(
        detector[part] for part in ("external_id", "format", "key_generation")
    )
    assert detector == ask(here, "Operator", "GET", f"/v1/detectors/{detector['id']}")
    fresh = ask(here, "Clerk", "POST", f"/v1/detectors/{detector['id']}/key")
    assert {"key": detector_key(SECRET, UUID(detector["id"]), 2)} == fresh


def test_the_installer_is_given_all_that_is_set_in_a_detector(here: Town) -> None:
    detector_id = at_the_gate(here, interval_s=30)
    key = detector_key(SECRET, UUID(detector_id), 1)

    answer = here.client.get(f"/v1/detectors/{detector_id}/provisioning", headers=here.headers_of("Clerk"))

    sheet = answer.json()
    assert f'attachment; filename="detector-{detector_id}.json"' == answer.headers["content-disposition"]
    assert "no-store" == answer.headers["cache-control"]
    assert (detector_id, detector_id, "東門", "https://town.example/ingest/gateway", key, 30) == tuple(
        sheet[part] for part in ("detector_id", "external_id", "name", "url", "key", "interval_s")
    )
    assert f"Bearer {key}" == sheet["headers"]["Authorization"]
    assert {"Mimamori-Detector": detector_id, "Mimamori-Signature": "sha256=HEX"} == sheet["signed_headers"]
    assert key in sheet["example"]
    assert "https://town.example/ingest/gateway" in sheet["example"]
    ask(here, "Operator", "GET", f"/v1/detectors/{detector_id}/provisioning", status=403)


def test_a_detector_of_another_format_is_known_by_what_it_calls_itself(here: Town) -> None:
    ask(here, "Clerk", "POST", "/v1/detectors", GATE | {"format": "minew"}, 400)
    ask(here, "Clerk", "POST", "/v1/detectors", GATE | {"format": "theengs"}, 400)
    minew = at_the_gate(here, format="minew", external_id="AC:23:3F:C0:00:01")
    by_mac = at_the_gate(here, format="minew", mac="AC:23:3F:C0:00:02")

    assert "ac233fc00001" == ask(here, "Clerk", "GET", f"/v1/detectors/{minew}")["external_id"]
    assert "ac233fc00002" == ask(here, "Clerk", "GET", f"/v1/detectors/{by_mac}")["external_id"]
    sheet = ask(here, "Clerk", "GET", f"/v1/detectors/{minew}/provisioning")
    assert {} == sheet["signed_headers"]
    assert {"Authorization"} == sheet["headers"].keys()
    assert "application/octet-stream for BINARY-LONG" in sheet["notes"][0]["text"]


def test_without_a_public_address_the_sheet_names_the_one_that_was_asked(where: Path | str) -> None:
    with town(where, Settings(host="0.0.0.0", port=0), detector_secret=SECRET) as here:
        path = f"/v1/detectors/{at_the_gate(here)}/provisioning"

        def sheet(host: str) -> Any:
            return here.client.get(path, headers=here.headers_of("Clerk") | {"Host": host}).json()

        asked = sheet("mimamori.kakogawa.example:8443")
        assert ("https://mimamori.kakogawa.example:8443/ingest/gateway", None) == (asked["url"], asked["warning"])
        for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
            local = sheet(host)
            assert f"https://{host}/ingest/gateway" == local["url"]
            assert "MIMAMORI_PUBLIC_URL" in local["warning"]
            assert "MIMAMORI_PUBLIC_URL" in local["warning_ja"]
        forged = sheet("town.example';reboot;'")
        assert "reboot" not in str(forged)
        assert forged["warning"]


def test_only_what_moves_or_speaks_for_others_needs_no_place(here: Town) -> None:
    for kind in ("fixed", "facility", "home"):
        body = {"kind": kind, "name": "somewhere"}
        assert "lat_deg" in str(ask(here, "Clerk", "POST", "/v1/detectors", body, 400)["errors"])
    for kind in ("vehicle", "phone", "bridge"):
        ask(here, "Clerk", "POST", "/v1/detectors", {"kind": kind, "name": "anywhere"}, 201)
    for place in ({"lat_deg": 91}, {"lat_deg": 0, "lon_deg": 0}, {"lat_deg": None}):
        ask(here, "Clerk", "POST", "/v1/detectors", GATE | place, 400)


def test_a_place_that_was_written_the_other_way_round_is_refused_and_one_far_away_is_not(here: Town) -> None:
    swapped = {"lat_deg": 134.841, "lon_deg": 34.757}
    path = f"/v1/detectors/{at_the_gate(here)}"

    def refused(method: str, path: str, body: dict[str, object]) -> str:
        (error,) = ask(here, "Clerk", method, path, body, 400)["errors"]
        assert "lat_deg" == error["where"]
        return str(error["why"])

    assert refused("POST", "/v1/detectors", GATE | swapped).startswith("The other way round?")
    assert refused("PATCH", path, dict(swapped)).startswith("The other way round?")
    assert "from -90 to 90" in refused("PATCH", path, {"lat_deg": 95})
    for number in range(3):
        at_the_gate(here, name=f"門{number}", lat_deg=34.75 + number / 1_000)
    ask(here, "Clerk", "PATCH", path, {"lat_deg": 36.146, "lon_deg": 137.252})


def test_what_is_absent_stays_and_null_takes_away(here: Town) -> None:
    detector_id = at_the_gate(here, address="加古川町1", installed_on="2024-04-01", height_m=4.5)
    path = f"/v1/detectors/{detector_id}"

    changed = ask(here, "Clerk", "PATCH", path, {"address": None, "range_m": 20})

    assert (None, 20.0, "2024-04-01", 4.5, "東門") == tuple(
        changed[part] for part in ("address", "range_m", "installed_on", "height_m", "name")
    )
    assert changed == ask(here, "Clerk", "PATCH", path, {})
    for body in ({"name": None}, {"lat_deg": None}, {"lat_deg": None, "lon_deg": None}, {"iccid": "8.98E+18"}):
        ask(here, "Clerk", "PATCH", path, body, 400)


def test_detectors_are_listed_by_kind_and_of_ones_own_city(here: Town) -> None:
    gate = at_the_gate(here)
    bus = at_the_gate(here, kind="vehicle", name="bus")
    far = ask(here, "Farclerk", "POST", "/v1/detectors", GATE, 201)["detector"]["id"]

    def listed(name: str, query: str = "") -> list[str]:
        return [one["id"] for one in ask(here, name, "GET", f"/v1/detectors{query}")["items"]]

    assert [gate, bus] == listed("Clerk") == listed("Operator")
    assert [bus] == listed("Clerk", "?kind=vehicle")
    assert [gate, bus, far] == listed("Boss")
    ask(here, "Hanako", "GET", "/v1/detectors", status=403)


def test_another_citys_things_answer_like_what_never_was(here: Town, hana: Wearer) -> None:
    tag_id, detector_id = registered(here), at_the_gate(here)

    for method, path, body in (
        ("GET", "/v1/tags/{tag}", None),
        ("PATCH", "/v1/tags/{tag}", {"name": "mine"}),
        ("DELETE", "/v1/tags/{tag}", None),
        ("PUT", "/v1/tags/{tag}/wearer", {"wearer_id": str(hana.id)}),
        ("DELETE", "/v1/tags/{tag}/wearer", None),
        ("GET", "/v1/detectors/{detector}", None),
        ("PATCH", "/v1/detectors/{detector}", {"name": "mine"}),
        ("DELETE", "/v1/detectors/{detector}", None),
        ("POST", "/v1/detectors/{detector}/key", None),
        ("GET", "/v1/detectors/{detector}/provisioning", None),
    ):
        known = ask(here, "Farclerk", method, path.format(tag=tag_id, detector=detector_id), body, 404)

        assert known == ask(here, "Farclerk", method, path.format(tag=uuid4(), detector=uuid4()), body, 404)


def test_an_ended_detector_is_gone(here: Town) -> None:
    detector_id = at_the_gate(here)

    ask(here, "Clerk", "DELETE", f"/v1/detectors/{detector_id}", status=204)

    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/key"), ("GET", "/provisioning")):
        ask(here, "Clerk", method, f"/v1/detectors/{detector_id}{path}", status=404)
