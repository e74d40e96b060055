"""Contracts, prices and usage over HTTP, through the real application."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.households import service as households
from app.households.model import Wearer
from app.kit.ids import ContractId
from app.programmes import catalogue
from app.programmes import service as programmes
from tests.build import NOW
from tests.contract.web import HERE, Town, town

HOUR = timedelta(hours=1)
REASON = {"reason": "the office was told"}


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running, with the schemes of the files."""
    with town(where) as one:
        with one.database.transaction() as connection:
            programmes.publish(connection, catalogue.packaged().values(), NOW)
        yield one


@pytest.fixture
def hana(here: Town) -> Wearer:
    """Hanako's mother. Hanako is of the household and a registered contact, Taro a contact of no household."""
    with here.database.transaction() as connection:
        hanako, taro = here.people["Hanako"].id, here.people["Taro"].id
        home = households.create_household(connection, HERE, "Tanaka", [hanako], NOW)
        hana = households.create_wearer(connection, home.id, "Hana", by=hanako, now=NOW)
        for account_id in (hanako, taro):
            households.add_contact(connection, hana.id, "kin", account_id=account_id, by=hanako, now=NOW)
        return hana


def ask(here: Town, name: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """The answer to what this person asks, which must have this status."""
    answer = here.client.request(method, path, json=body, headers=here.headers_of(name))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def enter(here: Town, hana: Wearer, status: int = 201, insured: bool = False, **terms: Any) -> Any:
    body = {"terms": {"scheme": "kobe"} | terms, "insured": insured}
    return ask(here, "Clerk", "POST", f"/v1/wearers/{hana.id}/contracts", body, status)


def quote(here: Town, hana: Wearer, name: str = "Hanako") -> Any:
    return ask(here, name, "GET", f"/v1/wearers/{hana.id}/quote")


def goes(here: Town, contract: str, number: int) -> None:
    """A turn-out is accepted and its unit departs."""
    with here.database.transaction() as connection:
        programmes.reserve(connection, ContractId(UUID(contract)), UUID(int=number), NOW)
        programmes.settle(connection, UUID(int=number), NOW, NOW)


def test_the_office_enters_a_contract_and_the_family_reads_it(here: Town, hana: Wearer) -> None:
    made = enter(here, hana, devices=1)

    assert ("kobe", "kobe-2024", "2026-04-01", None) == tuple(
        made[name] for name in ("scheme", "version", "began_on", "ended_on")
    )
    assert [made] == ask(here, "Hanako", "GET", f"/v1/wearers/{hana.id}/contracts")["items"]
    assert made == ask(here, "Hanako", "GET", f"/v1/contracts/{made['id']}")
    ask(here, "Hanako", "PATCH", f"/v1/contracts/{made['id']}", {"devices": 2, **REASON}, 403)
    ask(here, "Taro", "GET", f"/v1/contracts/{made['id']}", status=404)
    ask(here, "Farclerk", "GET", f"/v1/contracts/{made['id']}", status=404)


def test_a_price_is_known_before_it_is_owed(here: Town, hana: Wearer) -> None:
    """Kobe: "6,600 yen an hour, at most 3 hours; six a year by the city, from the seventh the user"."""
    made = enter(here, hana)
    for number in range(3):
        goes(here, made["id"], number)
    shown = quote(here, hana)

    said = shown["quote"]
    assert (6, 3, "FY2026", "city", "user", 6600, 60, 180, 0) == tuple(
        said[name]
        for name in (
            "free_turn_outs", "free_left", "year", "payer_now", "payer_after", "unit_yen", "unit_minutes",
            "cap_minutes", "user_yen",
        )
    )  # fmt: skip
    assert "3 of 6" in said["words"]["en"][0]
    assert {"ja", "easy", "en"} == said["words"].keys()
    for number in range(3, 7):
        goes(here, made["id"], number)
    assert (0, "user", 6600) == tuple(
        quote(here, hana)["quote"][name] for name in ("free_left", "payer_now", "user_yen")
    )


def test_the_id_of_a_price_stays_as_long_as_it_says_the_same(here: Town, hana: Wearer) -> None:
    made = enter(here, hana)
    first = quote(here, hana)["id"]
    here.clock.pass_by(HOUR)

    assert first == quote(here, hana)["id"] == quote(here, hana, "Taro")["id"]
    goes(here, made["id"], 1)
    assert first != quote(here, hana)["id"]


@pytest.mark.parametrize(
    ("name", "expected"), [("Hanako", (True, "let")), ("Taro", (True, "let")), ("Clerk", (False, "not_registered"))]
)
def test_only_a_registered_contact_may_ask_in_kobe(
    here: Town, hana: Wearer, name: str, expected: tuple[bool, str]
) -> None:
    enter(here, hana)
    shown = quote(here, hana, name)

    assert expected == (shown["you_may_ask"], shown["why"])


def test_a_member_of_the_household_who_is_no_contact_may_not_ask(here: Town, hana: Wearer) -> None:
    enter(here, hana)
    with here.database.transaction() as connection:
        from tests.build import viewer

        hanako = viewer(here.people["Hanako"])
        (kin, *_) = households.contacts_of(connection, hanako, hana.id, NOW)
        households.remove_contact(connection, hanako, hana.id, kin.id, NOW)

    assert "not_registered" == quote(here, hana)["why"]


def test_without_a_contract_there_is_no_price(here: Town, hana: Wearer) -> None:
    assert {"id": None, "contract": None, "quote": None, "you_may_ask": False, "why": "no_contract"} == quote(
        here, hana
    )


def test_what_somebody_agreed_to_is_what_they_were_shown(here: Town, hana: Wearer) -> None:
    from app.kit.errors import Conflict

    made = enter(here, hana)
    shown = quote(here, hana)
    hanako = here.people["Hanako"].id
    with here.database.transaction() as connection:
        agreed = programmes.accept(connection, hana.id, hanako, shown["id"], "request:1", NOW)
        again = programmes.accept(connection, hana.id, hanako, shown["id"], "request:1", NOW + HOUR)
    assert agreed == again
    assert made["id"] == str(agreed.contract_id)
    assert shown["quote"]["words"] == agreed.shown["words"]

    goes(here, made["id"], 1)
    with here.database.transaction() as connection, pytest.raises(Conflict):
        programmes.accept(connection, hana.id, hanako, shown["id"], "request:2", NOW)


REFUSED = [
    ({"scheme": "nowhere"}, "terms.scheme"),
    ({"scheme": "chuo"}, "terms.plan"),
    ({"issuer": "secom"}, "terms.issuer"),
    ({"options": ["gold"]}, "terms.options[0]"),
    ({"amounts": {"monthly": 1}}, "terms.amounts.monthly"),
    ({"contracted_on": "2026-04-01", "ended_on": "2026-03-31"}, "terms.ended_on"),
    ({"contracted_on": "0001-01-01"}, "terms.contracted_on"),
    ({"residence": [{"from": "2026-04-01", "ward": "中央区"}]}, "terms.residence"),
]


@pytest.mark.parametrize(("terms", "field"), REFUSED, ids=[field for _, field in REFUSED])
def test_what_a_scheme_cannot_mean_is_named(here: Town, hana: Wearer, terms: dict[str, Any], field: str) -> None:
    assert field == enter(here, hana, 400, **terms)["errors"][0]["where"]


def test_what_a_scheme_leaves_open_is_asked_for(here: Town, hana: Wearer) -> None:
    """Secom: "from 33,000" at the beginning, "from 4,620" a month."""
    made = enter(here, hana, scheme="secom_home", installed_on="2026-04-01")
    asked = {one["field"]: one["at_least_yen"] for one in made["asked"]}
    path = f"/v1/contracts/{made['id']}"
    answers = {field.removeprefix("terms.amounts."): yen for field, yen in asked.items() if "amounts" in field}
    known = ask(here, "Clerk", "PATCH", path, {"amounts": answers, **REASON})

    assert {33_000, 4_620} <= set(asked.values())
    assert not [one for one in known["asked"] if "amounts" in one["field"]]


def test_one_contract_of_a_scheme_at_a_time(here: Town, hana: Wearer) -> None:
    first = enter(here, hana)
    enter(here, hana, 409)
    ask(here, "Clerk", "PATCH", f"/v1/contracts/{first['id']}", {"ended_on": "2026-04-30", **REASON})
    second = enter(here, hana, contracted_on="2026-05-01")

    ask(here, "Clerk", "PATCH", f"/v1/contracts/{first['id']}", {"ended_on": None, **REASON}, 409)
    assert [second["id"], first["id"]] == [
        one["id"] for one in ask(here, "Hanako", "GET", f"/v1/wearers/{hana.id}/contracts")["items"]
    ]


def test_who_changed_what_and_why_is_kept(here: Town, hana: Wearer) -> None:
    path = f"/v1/contracts/{enter(here, hana)['id']}"
    ask(here, "Clerk", "PATCH", path, {"devices": 2, "reason": "a second tracker"})
    ask(here, "Boss", "PATCH", path, {"tax_classes": {"2025": "exempt"}, "insured": True, "reason": "papers came"})
    ask(here, "Clerk", "PATCH", path, {"tax_classes": {"2025": None}, "reason": "of another household"})
    ask(here, "Clerk", "PATCH", path, {"devices": 2, "reason": "nothing is different"})
    shown = ask(here, "Hanako", "GET", f"{path}/changes")["items"]

    assert [
        ("Clerk", "of another household", {"tax_classes": {"2025": "exempt"}}, {"tax_classes": {}}),
        (
            "Boss",
            "papers came",
            {"tax_classes": {}, "insured": False},
            {"tax_classes": {"2025": "exempt"}, "insured": True},
        ),
        ("Clerk", "a second tracker", {"devices": 1}, {"devices": 2}),
    ] == [(one["by"], one["reason"], one["before"], one["after"]) for one in shown[:-1]]
    assert ("Clerk", "", {}, "kobe") == tuple(
        (shown[-1] | shown[-1]["after"])[name] for name in ("by", "reason", "before", "scheme")
    )


def test_a_version_is_known_once_the_day_is_that_decides_it(here: Town, hana: Wearer) -> None:
    """Ino: the day of the installation says which table holds."""
    made = enter(here, hana, scheme="ino")
    path = f"/v1/contracts/{made['id']}"
    ask(here, "Clerk", "PATCH", path, {"installed_on": "2026-04-10", **REASON}, 400)
    known = ask(here, "Clerk", "PATCH", path, {"installed_on": "2026-04-10", "plan": "nec", **REASON})
    ask(here, "Clerk", "PATCH", path, {"plan": "phone", **REASON}, 409)

    assert None is made["version"]
    assert None is not known["version"]
    assert "terms.installed_on" in [one["field"] for one in made["asked"]]


def test_where_she_lived_and_when_she_was_away_counts_for_all_her_contracts(here: Town, hana: Wearer) -> None:
    first, second = enter(here, hana), enter(here, hana, scheme="kyowa")
    path = f"/v1/contracts/{first['id']}"
    for ward, day in (("中央区", "2026-01-01"), ("北区", "2026-03-15")):
        ask(here, "Clerk", "POST", f"{path}/residences", {"from": day, "ward": ward, **REASON})
    away = {"kind": "hospital", "from": "2026-03-01"}
    made = ask(here, "Clerk", "POST", f"{path}/absences", {"absence": away, **REASON}, 201)
    terms = ask(here, "Hanako", "GET", f"/v1/contracts/{second['id']}")["terms"]

    assert [("中央区", "2026-01-01"), ("北区", "2026-03-15")] == [
        (one["ward"], one["from"]) for one in terms["residence"]
    ]
    assert [away | {"until": None, "known_on": "2026-04-01"}] == terms["absences"]

    home = {"absence": away | {"until": "2026-03-20"}, **REASON}
    ask(here, "Clerk", "PUT", f"{path}/absences/{made['id']}", home)
    ask(here, "Clerk", "POST", f"{path}/residences", {"from": "2026-03-15", "ward": None, **REASON})
    terms = ask(here, "Hanako", "GET", path)["terms"]
    assert (["2026-03-20"], ["中央区"]) == (
        [one["until"] for one in terms["absences"]], [one["ward"] for one in terms["residence"]]
    )  # fmt: skip

    for status in (204, 404):
        ask(here, "Clerk", "POST", f"{path}/absences/{made['id']}/withdraw", REASON, status)
    assert [] == ask(here, "Hanako", "GET", f"{path}/absences")["items"]
    what = [one["what"] for one in ask(here, "Hanako", "GET", f"{path}/changes")["items"]]
    assert ["absence", "residence", "absence", "absence", "residence", "residence", "contract"] == what


def test_an_absence_that_cannot_be_is_refused(here: Town, hana: Wearer) -> None:
    path = f"/v1/contracts/{enter(here, hana)['id']}/absences"
    wrong = {"kind": "hospital", "from": "2026-03-10", "until": "2026-03-09"}

    assert "absence.until" == ask(here, "Clerk", "POST", path, {"absence": wrong, **REASON}, 400)["errors"][0]["where"]


def test_what_is_owed_outlives_the_watching(here: Town, hana: Wearer) -> None:
    """She died; the office finds out when, ends the contract, and the family sees nothing of her any more."""
    path = f"/v1/contracts/{enter(here, hana)['id']}"
    ask(here, "Hanako", "DELETE", f"/v1/wearers/{hana.id}", status=204)

    ask(here, "Hanako", "GET", path, status=404)
    ask(here, "Farclerk", "GET", path, status=404)
    ask(here, "Clerk", "POST", f"{path}/absences", {"absence": {"kind": "death", "from": "2026-03-30"}, **REASON}, 201)
    ended = ask(here, "Clerk", "PATCH", path, {"ended_on": "2026-04-01", **REASON})
    assert ("death", "2026-04-01") == (ended["terms"]["absences"][0]["kind"], ended["ended_on"])


def test_what_was_used_is_noted_once_and_corrected_by_a_new_row(here: Town, hana: Wearer) -> None:
    path = f"/v1/contracts/{enter(here, hana)['id']}/usage"
    strap = {"key": "slip-17", "item": {"code": "strap", "on": "2026-03-30"}}
    first = ask(here, "Clerk", "POST", path, strap, 201)

    assert first == ask(here, "Clerk", "POST", path, strap, 201)
    ask(here, "Clerk", "POST", path, strap | {"item": {"code": "charger", "on": "2026-03-30"}}, 409)
    two = {"item": {"code": "strap", "on": "2026-03-31", "quantity": 2}, "reason": "they were two"}
    second = ask(here, "Clerk", "POST", f"{path}/{first['id']}/correct", two, 201)
    ask(here, "Clerk", "POST", f"{path}/{first['id']}/correct", two, 409)
    third = ask(here, "Clerk", "POST", f"{path}/{second['id']}/correct", {"reason": "never bought"}, 201)

    assert [third, second, first] == ask(here, "Hanako", "GET", path)["items"]
    assert (None, second["id"], first["id"]) == (third["item"], third["corrects"], second["corrects"])
    assert first["item"]["id"] == second["item"]["id"] == first["id"], "it is the same thing all the time"


NOT_SOLD = [
    ({"item": {"code": "crown", "on": "2026-03-30"}}, 400),
    ({"item": {"code": "strap", "on": "2026-04-02"}}, 400),
    ({}, 400),
    ({"item": {"code": "strap", "on": "2026-03-30"}, "place_told": {"by": "phone", "on": "2026-03-30"}}, 400),
]


@pytest.mark.parametrize(("body", "status"), NOT_SOLD, ids=["unknown", "to come", "nothing", "both"])
def test_what_cannot_have_been_used_is_refused(here: Town, hana: Wearer, body: dict[str, Any], status: int) -> None:
    path = f"/v1/contracts/{enter(here, hana)['id']}/usage"

    ask(here, "Clerk", "POST", path, {"key": "a"} | body, status)
    assert [] == ask(here, "Hanako", "GET", path)["items"]


def test_a_turn_out_is_not_corrected_by_the_office(here: Town, hana: Wearer) -> None:
    path = f"/v1/contracts/{enter(here, hana)['id']}"
    goes(here, path.rsplit("/", 1)[1], 1)
    facts = programmes.TurnOutFacts(
        dispatch_id=UUID(int=1), contract_id=ContractId(UUID(path.rsplit("/", 1)[1])), departed_at=NOW,
        ended_at=NOW + HOUR,
    )  # fmt: skip
    with here.database.transaction() as connection:
        programmes.record_turn_out(connection, facts, NOW + HOUR)
        programmes.record_turn_out(connection, facts, NOW + 2 * HOUR)
    (row,) = ask(here, "Hanako", "GET", f"{path}/usage")["items"]

    assert ("turn_out", 1, row["id"]) == (row["kind"], row["turn_out"]["quota_number"], row["turn_out"]["id"])
    ask(here, "Clerk", "POST", f"{path}/usage/{row['id']}/correct", REASON, 409)
    ask(here, "Clerk", "POST", f"{path}/withdraw", REASON, 409)


def test_the_family_reads_the_ledger(here: Town, hana: Wearer) -> None:
    made = enter(here, hana)
    goes(here, made["id"], 1)
    shown = ask(here, "Hanako", "GET", f"/v1/contracts/{made['id']}/quota")

    year = {
        "name": "FY2026", "first_on": "2026-04-01", "last_on": "2027-03-31", "of": 6, "consumed": 1, "reserved": 0,
        "left": 5, "payer": "city",
    }  # fmt: skip
    assert year == shown["year"]
    assert [("consumed", 1, "departed"), ("reserved", 1, "accepted")] == [
        (one["what"], one["number"], one["why"]) for one in shown["entries"]["items"]
    ]


def test_a_contract_that_was_a_mistake_is_gone(here: Town, hana: Wearer) -> None:
    path = f"/v1/contracts/{enter(here, hana)['id']}"
    ask(here, "Clerk", "POST", f"{path}/withdraw", {"reason": "of another person"}, 204)

    ask(here, "Clerk", "GET", path, status=404)
    assert None is quote(here, hana)["quote"]
    enter(here, hana)


def test_schemes_are_explained(here: Town) -> None:
    listed = ask(here, "Hanako", "GET", "/v1/schemes?limit=5")
    rest = ask(here, "Hanako", "GET", f"/v1/schemes?cursor={listed['next']}")
    kobe = ask(here, "Hanako", "GET", "/v1/schemes/kobe")

    assert sorted(catalogue.packaged()) == [one["id"] for one in [*listed["items"], *rest["items"]]]
    assert "6,600" in kobe["words"]["ja"]
    ask(here, "Hanako", "GET", "/v1/schemes/nowhere", status=404)
