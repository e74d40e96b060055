"""The register of an SOS network over HTTP, through the real application."""

from typing import Any

import pytest

from app.households import service as households
from app.households.model import Wearer
from app.programmes import service as programmes
from app.programmes.register import Applicant
from tests.build import NOW, viewer
from tests.contract.programmes.test_routes import REASON, ask, hana, here
from tests.contract.web import HERE, Town

__all__ = ["hana", "here"]

BY_CARE_MANAGER = {
    "applied_by": "care_manager",
    "applicant": "Sato",
    "consent_by": "family",
    "consent_on": "2026-03-30",
}


def put(here: Town, hana: Wearer, status: int = 201, **more: Any) -> Any:
    body = {"applied_by": "relative"} | more
    return ask(here, "Clerk", "POST", f"/v1/wearers/{hana.id}/network", body, status)


def listed(here: Town, query: str = "", name: str = "Clerk") -> list[str]:
    return [one["number"] for one in ask(here, name, "GET", f"/v1/network-entries{query}")["items"]]


def a_wearer(here: Town, name: str) -> Wearer:
    """Another wearer of the town."""
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, name, [], NOW)
        return households.create_wearer(connection, home.id, name, now=NOW)


def test_the_office_enters_her_and_her_family_reads_it(here: Town, hana: Wearer) -> None:
    made = put(here, hana, features="a red hat\nlikes the river", police_since="2026-04-01")

    assert ("kakogawa", "1", "2026-04-01", "relative", None, "2026-04-01", "a red hat\nlikes the river", None) == tuple(
        made[name]
        for name in (
            "network", "number", "entered_on", "applied_by", "consent_by", "police_since", "features", "left_on"
        )
    )  # fmt: skip
    for name in ("Hanako", "Clerk", "Boss"):
        assert [made] == ask(here, name, "GET", f"/v1/wearers/{hana.id}/network")["items"]
        assert made == ask(here, name, "GET", f"/v1/network-entries/{made['id']}")
    assert (
        "加古川市認知症高齢者等の見守り・SOSネットワーク"
        == ask(here, "Hanako", "GET", "/v1/networks")["items"][0]["name"]["ja"]
    )
    assert ["general"] == [one["id"] for one in ask(here, "Faraway", "GET", "/v1/networks")["items"]]


def test_only_the_office_writes_and_others_find_nothing(here: Town, hana: Wearer) -> None:
    path = f"/v1/network-entries/{put(here, hana)['id']}"

    ask(here, "Hanako", "POST", f"/v1/wearers/{hana.id}/network", {"applied_by": "self"}, 403)
    ask(here, "Hanako", "PATCH", path, {"features": "tall", **REASON}, 403)
    ask(here, "Operator", "PATCH", path, {"features": "tall", **REASON}, 403)
    for name in ("Faraway", "Farclerk", "Operator"):
        ask(here, name, "GET", path, status=404)
        ask(here, name, "GET", f"{path}/changes", status=404)
    ask(here, "Farclerk", "PATCH", path, {"features": "tall", **REASON}, 404)
    assert [] == listed(here, name="Farclerk")


def test_she_is_in_a_network_once_at_a_time(here: Town, hana: Wearer) -> None:
    first = put(here, hana, entered_on="2025-04-01")
    put(here, hana, 409)
    ask(here, "Clerk", "POST", f"/v1/network-entries/{first['id']}/leave", {"left_on": "2026-03-01", **REASON})
    put(here, hana, 409, entered_on="2026-02-28")
    second = put(here, hana, entered_on="2026-03-01")

    assert "2" == second["number"]
    # The first one goes on no more, whatever the office says of it.
    ask(here, "Clerk", "PATCH", f"/v1/network-entries/{first['id']}", {"left_on": None, **REASON}, 409)
    ask(here, "Clerk", "POST", f"/v1/network-entries/{first['id']}/leave", REASON, 409)
    assert ["2"] == listed(here, "?running=true")
    assert ["1"] == listed(here, "?running=false")


def test_who_left_by_mistake_is_in_it_again(here: Town, hana: Wearer) -> None:
    path = f"/v1/network-entries/{put(here, hana)['id']}"
    assert "2026-04-01" == ask(here, "Clerk", "POST", f"{path}/leave", REASON)["left_on"]
    assert ask(here, "Clerk", "PATCH", path, {"left_on": None, **REASON})["left_on"] is None

    changes = ask(here, "Hanako", "GET", f"{path}/changes")["items"]
    assert [("2026-04-01", None), (None, "2026-04-01")] == [
        (one["before"]["left_on"], one["after"]["left_on"]) for one in changes[:2]
    ]
    assert [REASON["reason"], REASON["reason"], ""] == [one["reason"] for one in changes]
    assert {"Clerk"} == {one["by"] for one in changes}


def test_a_care_manager_applies_only_with_consent(here: Town, hana: Wearer) -> None:
    """A register that is shared with the police is not entered behind anybody's back."""
    refused = put(here, hana, 400, applied_by="care_manager")
    assert "consent_by" == refused["errors"][0]["where"]
    put(here, hana, 400, **(BY_CARE_MANAGER | {"consent_on": None}))
    put(here, hana, 400, **(BY_CARE_MANAGER | {"consent_on": "2026-04-02"}))
    made = put(here, hana, **BY_CARE_MANAGER)

    assert ("care_manager", "Sato", "family", "2026-03-30") == tuple(
        made[name] for name in ("applied_by", "applicant", "consent_by", "consent_on")
    )
    ask(here, "Clerk", "PATCH", f"/v1/network-entries/{made['id']}", {"consent_by": None, **REASON}, 400)


@pytest.mark.parametrize(
    ("values", "blamed"),
    [
        ({"entered_on": "2026-04-02"}, "entered_on"),
        ({"entered_on": "0001-01-01"}, "entered_on"),
        ({"left_on": "2026-04-02"}, "left_on"),
        ({"entered_on": "2026-03-01", "left_on": "2026-02-28"}, "left_on"),
        ({"police_since": "9999-12-31"}, "police_since"),
        ({"number": " "}, "number"),
        ({"applicant": "a\nb"}, "applicant"),
        ({"network": "oita"}, "network"),
    ],
    ids=["entered later", "too long ago", "leaves later", "left before", "too late", "no number", "lines", "of others"],
)
def test_what_an_entry_cannot_mean_is_refused_where_it_is_said(
    here: Town, hana: Wearer, values: dict[str, Any], blamed: str
) -> None:
    assert blamed == put(here, hana, 400, **values)["errors"][0]["where"]
    assert [] == listed(here)


def test_a_number_is_one_entrys(here: Town, hana: Wearer) -> None:
    fumi = a_wearer(here, "Fumi")
    first = put(here, hana, number="2")
    put(here, fumi, 409, number="2")
    other = put(here, fumi)  # There is one entry, and the second number is taken.
    assert "3" == other["number"]
    ask(here, "Clerk", "PATCH", f"/v1/network-entries/{other['id']}", {"number": "2", **REASON}, 409)

    ask(here, "Clerk", "POST", f"/v1/network-entries/{first['id']}/withdraw", REASON, 204)
    ask(here, "Clerk", "PATCH", f"/v1/network-entries/{other['id']}", {"number": "2", **REASON})


def test_who_was_entered_by_mistake_was_never_in_it(here: Town, hana: Wearer) -> None:
    made = put(here, hana, number="7")
    path = f"/v1/network-entries/{made['id']}"
    ask(here, "Clerk", "POST", f"{path}/withdraw", REASON, 204)

    for name in ("Clerk", "Hanako"):
        ask(here, name, "GET", path, status=404)
        assert [] == ask(here, name, "GET", f"/v1/wearers/{hana.id}/network")["items"]
    ask(here, "Clerk", "POST", f"{path}/withdraw", REASON, 404)
    assert [] == listed(here)
    assert "7" == put(here, hana, number="7")["number"]


def test_the_office_turns_the_pages_of_its_register(here: Town, hana: Wearer) -> None:
    for name in ("Aki", "Fumi", "Kiku", "Masa"):
        put(here, a_wearer(here, name))
    put(here, hana)
    seen, cursor = [], ""
    while True:
        found = ask(here, "Clerk", "GET", f"/v1/network-entries?limit=2{cursor}")
        seen += [one["number"] for one in found["items"]]
        if found["next"] is None:
            break
        cursor = f"&cursor={found['next']}"

    assert ["1", "2", "3", "4", "5"] == seen


def test_who_is_hidden_from_a_clerk_is_not_in_the_clerks_list(here: Town, hana: Wearer) -> None:
    """She may have fled from him; pages are as long as for others."""
    aki = a_wearer(here, "Aki")
    for one in (hana, aki, a_wearer(here, "Kiku")):
        put(here, one)
    clerk, boss = here.people["Clerk"].id, here.people["Boss"].id
    with here.database.transaction() as connection:
        households.protect(connection, aki.id, "uncle", account_id=clerk, by=boss, now=NOW)

    assert ["1", "3"] == listed(here, "?limit=2")
    assert ["1", "2", "3"] == listed(here, name="Boss")


def test_who_is_no_longer_watched_over_is_read_by_the_office_alone(here: Town, hana: Wearer) -> None:
    path = f"/v1/network-entries/{put(here, hana)['id']}"
    with here.database.transaction() as connection:
        households.end_wearer(connection, viewer(here.people["Clerk"]), hana.id, NOW)

    ask(here, "Hanako", "GET", path, status=404)
    assert "1" == ask(here, "Clerk", "GET", path)["number"]
    assert [] == listed(here)


def test_other_rooms_ask_who_is_in_a_network_on_a_day(here: Town, hana: Wearer) -> None:
    put(here, hana, entered_on="2026-03-01", left_on="2026-03-20")
    with here.database.transaction() as connection:
        made = programmes.enter_network(
            connection, viewer(here.people["Clerk"]), hana.id, None, None, {"applied_by": Applicant.HERSELF}, NOW
        )
        found = {
            day: [one.number for one in programmes.in_network(connection, [hana.id], day).get(hana.id, [])]
            for day in (
                made.entered_on.replace(month=2), made.entered_on.replace(month=3),
                made.entered_on.replace(month=3, day=20), made.entered_on,
            )
        }  # fmt: skip

    assert [[], ["1"], [], ["2"]] == list(found.values())
