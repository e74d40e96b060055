"""The ready file says everything that a script needs."""

from typing import Any

from app.kit.clock import FastClock
from app.simulator.people import RELATIVES, STAFF
from app.simulator.ready import ready
from app.simulator.setup import Settled, SignIn, Tracker
from app.simulator.town import town_of
from tests.build import NOW

TOWN = town_of(1)


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


def content() -> dict[str, Any]:
    return ready(a_settled_town(), "http://127.0.0.1:8000", 5093, "admin-token", FastClock(NOW, 30))


def test_addresses_and_accounts_are_where_scripts_look_for_them() -> None:
    found = content()

    assert ("http://127.0.0.1:8000", {"watch": 5093}) == (found["base_url"], found["tcp"])
    assert {"family", "guard", "clerk", "operator"} == found["accounts"].keys()
    for role in ("family", "guard", "clerk", "operator"):
        assert {"email", "password", "token"} <= found["accounts"][role].keys()
    assert "p-family" == found["accounts"]["family"]["password"]
    assert len(RELATIVES) - 1 == len(found["families"])
    assert [] == found["detectors"] == found["tags"] == found["stickers"]


def test_every_tracker_has_what_it_calls_itself_its_key_format_and_wearer() -> None:
    found = content()["trackers"]
    first = TOWN.residents[0]

    assert 12 == len(found)
    assert (first.external_id, "k-0", "watch", "w-yoshi", "d-yoshi") == tuple(
        found[0][name] for name in ("id", "key", "format", "wearer", "device")
    )
    assert {"watch", "owntracks", "osmand"} == {one["format"] for one in found}
