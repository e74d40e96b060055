"""The ready file says everything that a script needs."""

from typing import Any

from app.kit.clock import FastClock
from app.simulator.detectors import detectors_of
from app.simulator.people import RELATIVES, STAFF
from app.simulator.ready import ready
from app.simulator.setup import Settled, SignIn, Tracker
from app.simulator.setup_guards import BY_CAR, ON_FOOT, Guarded, Stationed
from app.simulator.setup_stickers import Stuck
from app.simulator.setup_tags import Expected, Fitted, Mounted, WornTag, school_time
from app.simulator.tags import tags_of
from app.simulator.town import town_of
from tests.build import NOW

TOWN = town_of(1)
GUARDED = Guarded(
    id="firm",
    code="harima",
    name="はりま警備保障",
    units=(
        Stationed(id="u-1", name="機動一号", kind="guard", on_duty=True, spot=ON_FOOT),
        Stationed(id="u-2", name="車両二号", kind="car", on_duty=False, spot=BY_CAR),
    ),
)
STICKERS = [Stuck(url="HTTP://X/S/1", number="AA0000", wearer_id="w-haru")]


def a_settled_town() -> Settled:
    def sign_in(key: str, role: str) -> SignIn:
        return SignIn(role=role, name=key, id=f"id-{key}", email=f"{key}@x", password=f"p-{key}", token=f"t-{key}")

    families = {one.key: sign_in(one.key, "family") for one in RELATIVES}
    staff = {one.key: sign_in(one.key, role) for role, one in STAFF.items()}
    trackers = tuple(
        Tracker(resident=one, wearer_id=f"w-{one.person.key}", device_id=f"d-{one.person.key}", key=f"k-{number}")
        for number, one in enumerate(TOWN.residents)
    )
    return Settled(town=TOWN, accounts=families | staff, trackers=trackers)


def a_fitted_town() -> Fitted:
    detectors = tuple(
        Mounted(detector=one, id=f"id-{one.key}", own_name=one.external_id or f"id-{one.key}", key=f"key-{one.key}")
        for one in detectors_of(TOWN)
    )
    lives = {one.person.key: one.life for one in TOWN.residents} | {one.child.key: one.life for one in TOWN.pupils}
    tags = tuple(
        WornTag(tag=one, id=f"tag-{one.wearer}", wearer_id=f"w-{one.wearer}", name=one.wearer, life=lives[one.wearer])
        for one in tags_of(TOWN)
    )
    from_at, by_at = school_time(TOWN, NOW)
    expected = tuple(
        Expected(pupil=one, wearer_id=f"w-{one.child.key}", id="", from_at=from_at, by_at=by_at) for one in TOWN.pupils
    )
    return Fitted(town=TOWN, detectors=detectors, bridge_key="bridge-key", tags=tags, expected=expected)


def content() -> dict[str, Any]:
    clock = FastClock(NOW, 30)
    return ready(
        a_settled_town(), a_fitted_town(), GUARDED, STICKERS, "http://127.0.0.1:8000", 5093, "admin-token", clock
    )


def test_addresses_and_accounts_are_where_scripts_look_for_them() -> None:
    found = content()

    assert ("http://127.0.0.1:8000", {"watch": 5093}) == (found["base_url"], found["tcp"])
    assert {"family", "guard", "control_room", "clerk", "operator"} == found["accounts"].keys()
    for role in ("family", "guard", "control_room", "clerk", "operator"):
        assert {"email", "password", "token"} <= found["accounts"][role].keys()
    assert "p-family" == found["accounts"]["family"]["password"]
    assert len(RELATIVES) - 1 == len(found["families"])
    assert [{"url": "HTTP://X/S/1", "number": "AA0000", "wearer": "w-haru"}] == found["stickers"]


def test_a_detector_is_named_as_its_body_must_name_it_with_its_key_and_place() -> None:
    found = {one["name"]: one for one in content()["detectors"]}
    lat_deg, lon_deg = TOWN.origin.degrees(TOWN.school)

    assert 40 == len(found)
    assert ("id-gate", "key-gate", "gateway", "fixed") == tuple(
        found["校門"][name] for name in ("id", "key", "format", "kind")
    )
    assert (round(lat_deg, 6), round(lon_deg, 6)) == (found["校門"]["lat_deg"], found["校門"]["lon_deg"])
    assert ("OMG_library", "theengs") == (found["図書館"]["id"], found["図書館"]["format"])
    assert 12 == len(found["診療所"]["id"])
    assert all({"id", "key", "format", "lat_deg", "lon_deg"} <= one.keys() for one in found.values())


def test_a_tag_has_its_identity_and_its_wearer() -> None:
    found = content()["tags"]

    assert 30 == len(found)
    assert {"id", "scheme", "identity", "mac", "wearer"} == found[0].keys()
    assert "w-yoshi" == found[0]["wearer"]
    assert {"ibeacon", "eddystone-uid", "altbeacon", "mac"} == {one["scheme"] for one in found}


def test_one_child_will_not_be_heard_and_of_one_nobody_can_say() -> None:
    late = [one for one in content()["expectations"] if not one["arrives"]]

    assert [("w-hiroto", "小学校", 2), ("w-minato", "児童館", 1)] == [
        (one["wearer"], one["name"], len(one["detectors"])) for one in late
    ]


def test_every_tracker_has_what_it_calls_itself_its_key_format_and_wearer() -> None:
    found = content()["trackers"]
    first = TOWN.residents[0]

    assert 12 == len(found)
    assert (first.external_id, "k-0", "watch", "w-yoshi", "d-yoshi") == tuple(
        found[0][name] for name in ("id", "key", "format", "wearer", "device")
    )
    assert {"watch", "owntracks", "osmand"} == {one["format"] for one in found}


def test_a_script_finds_the_units_and_who_is_on_duty() -> None:
    found = content()
    lat_deg, lon_deg = TOWN.origin.degrees(ON_FOOT)

    assert [{"id": "firm", "code": "harima", "name": "はりま警備保障"}] == found["companies"]
    assert {
        "id": "u-1", "company": "firm", "name": "機動一号", "kind": "guard", "on_duty": True,
        "lat_deg": round(lat_deg, 6), "lon_deg": round(lon_deg, 6),
    } == found["units"][0]  # fmt: skip
    assert [True, False] == [one["on_duty"] for one in found["units"]]
