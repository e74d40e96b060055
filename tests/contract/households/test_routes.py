"""The routes of households over the real application."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import Account, Viewer
from app.households import service
from app.households.model import CONTACTS_MAX, Purpose, Scope
from app.kit.errors import NotFound
from app.kit.ids import SignInId, WearerId
from app.push.model import AddressKind, Channel
from app.push.tables import address
from tests.build import NOW
from tests.contract.web import ELSEWHERE, HERE, Town, town

NOBODY = UUID(int=7)
BODIES: dict[str, dict[str, object]] = {
    "POST /v1/households": {"name": "Sato"},
    "PATCH /v1/households/{household}": {"name": "Sato"},
    "POST /v1/wearers": {"household_id": "{household}", "name": "Jiro"},
    "PATCH /v1/wearers/{wearer}": {"name": "Jiro"},
    "POST /v1/wearers/{wearer}/contacts": {"name": "Jiro"},
    "PATCH /v1/wearers/{wearer}/contacts/{contact}": {"name": "Jiro"},
    "PUT /v1/wearers/{wearer}/contacts/order": {"contacts": ["{contact}"]},
    "PUT /v1/contacts/{contact}/shares-place": {"shares_place": True},
    "POST /v1/wearers/{wearer}/consents": {"role": "operator", "scopes": ["alerts"]},
    "POST /v1/wearers/{wearer}/protections": {"name": "Jiro"},
}
OF_ONE = [
    "GET /v1/households/{household}",
    "PATCH /v1/households/{household}",
    "PUT /v1/households/{household}/members/{account}",
    "DELETE /v1/households/{household}/members/{account}",
    "POST /v1/wearers",
    "GET /v1/wearers/{wearer}",
    "PATCH /v1/wearers/{wearer}",
    "DELETE /v1/wearers/{wearer}",
    "GET /v1/wearers/{wearer}/contacts",
    "POST /v1/wearers/{wearer}/contacts",
    "GET /v1/wearers/{wearer}/contacts/{contact}",
    "PATCH /v1/wearers/{wearer}/contacts/{contact}",
    "DELETE /v1/wearers/{wearer}/contacts/{contact}",
    "PUT /v1/wearers/{wearer}/contacts/order",
    "PUT /v1/contacts/{contact}/shares-place",
    "GET /v1/wearers/{wearer}/consents",
    "POST /v1/wearers/{wearer}/consents",
    "DELETE /v1/wearers/{wearer}/consents/{consent}",
    "GET /v1/wearers/{wearer}/protections",
    "POST /v1/wearers/{wearer}/protections",
    "DELETE /v1/wearers/{wearer}/protections/{protection}",
    "GET /v1/wearers/{wearer}/looks",
]
LISTS = ["GET /v1/households", "GET /v1/wearers", "GET /v1/contacts"]


class Home(Struct):
    """Hanako's household with her mother in it, and what belongs to them; Taro is no member."""

    town: Town
    ids: dict[str, UUID]

    def ask(self, who: str | None, route: str, body: object = None, **query: object) -> Any:
        """The answer to `who`; `{names}` in the route are filled with our ids."""
        method, path = route.split(" ")
        headers = {} if who is None else self.town.headers_of(who)
        params = {name: str(value) for name, value in query.items()}
        return self.town.client.request(method, path.format(**self.ids), json=body, params=params, headers=headers)

    def body_of(self, route: str) -> object:
        """A body that would do, with our ids."""

        def filled(value: object) -> object:
            if isinstance(value, str):
                return value.format(**self.ids)
            return [filled(item) for item in value] if isinstance(value, list) else value

        body = BODIES.get(route)
        return None if body is None else {name: filled(value) for name, value in body.items()}


@pytest.fixture(scope="module")
def home(shared_where: Path | str) -> Iterator[Home]:
    """One running town for all tests of this file; what a test changes is its own."""
    with town(shared_where) as here:
        people = {name: account.id for name, account in here.people.items()}
        with here.database.transaction() as c:
            household = service.create_household(c, HERE, "Tanaka", [people["Hanako"]], NOW)
            wearer = service.create_wearer(c, household.id, "Mother", note="likes the river", now=NOW)
            contact = service.add_contact(c, wearer.id, "Hanako", account_id=people["Hanako"], now=NOW)
            consent = service.give_consent(
                c, wearer.id, scopes=[Scope.HEALTH], account_id=people["Hanako"], by=people["Clerk"], now=NOW
            )
            protection = service.protect(c, wearer.id, "an uncle", by=people["Clerk"], now=NOW)
        ids: dict[str, UUID] = {
            "household": household.id,
            "wearer": wearer.id,
            "contact": contact.id,
            "consent": consent.id,
            "protection": protection.id,
            "account": people["Hanako"],
        }
        yield Home(town=here, ids=ids)


@pytest.fixture
def other(home: Home) -> dict[str, UUID]:
    """A household and a wearer of their own for a test that changes them."""
    hanako = home.town.people["Hanako"].id
    with home.town.database.transaction() as c:
        household = service.create_household(c, HERE, "Suzuki", [hanako], NOW)
        wearer = service.create_wearer(c, household.id, "Father", now=NOW)
    return {"household": household.id, "wearer": wearer.id}


def not_found(answer: Any) -> bool:
    """A 404 with the default text, which says nothing."""
    return bool(answer.status_code == 404 and answer.json()["detail"] == NotFound().detail)


@pytest.mark.parametrize("route", OF_ONE + LISTS + ["POST /v1/households"])
def test_nobody_gets_anything_without_signing_in(home: Home, route: str) -> None:
    assert home.ask(None, route, home.body_of(route)).status_code == 401


@pytest.mark.parametrize("route", OF_ONE)
@pytest.mark.parametrize("who", ["Taro", "Faraway", "Farclerk", "Operator"])
def test_what_is_not_theirs_answers_like_what_is_not_there(home: Home, who: str, route: str) -> None:
    """A role that may never do this hears 403 whatever it names; everybody else 404, with one and the same text."""
    theirs = home.ask(who, route, home.body_of(route))
    unknown_ids = {name: uuid4() for name in home.ids}
    unknown_home = Home(town=home.town, ids=unknown_ids)
    unknown = unknown_home.ask(who, route, unknown_home.body_of(route))

    assert theirs.status_code in (403, 404)
    assert theirs.json() == unknown.json()
    assert theirs.status_code == 403 or not_found(theirs)


@pytest.mark.parametrize("route", OF_ONE)
@pytest.mark.parametrize("who", ["Hanako", "Clerk", "Boss"])
def test_unknown_ids_are_not_found_by_anybody(home: Home, who: str, route: str) -> None:
    unknown = Home(town=home.town, ids={name: uuid4() for name in home.ids})
    answer = unknown.ask(who, route, unknown.body_of(route))

    assert answer.status_code == 403 or not_found(answer)


def test_only_the_office_is_let_near_protections_and_memberships(home: Home) -> None:
    office = [
        "GET /v1/wearers/{wearer}/protections",
        "POST /v1/wearers/{wearer}/protections",
        "DELETE /v1/wearers/{wearer}/protections/{protection}",
        "POST /v1/households",
        "PATCH /v1/households/{household}",
        "PUT /v1/households/{household}/members/{account}",
        "DELETE /v1/households/{household}/members/{account}",
    ]
    for route in office:
        for who in ("Hanako", "Operator"):
            assert home.ask(who, route, home.body_of(route)).status_code == 403


def test_lists_hold_only_what_one_may_know_of(home: Home) -> None:
    def ids(who: str, route: str) -> set[str]:
        return {one["id"] for one in home.ask(who, route, limit=200).json()["items"]}

    household, wearer = str(home.ids["household"]), str(home.ids["wearer"])
    for who in ("Hanako", "Clerk", "Boss"):
        assert household in ids(who, "GET /v1/households")
        assert wearer in ids(who, "GET /v1/wearers")
    for who in ("Taro", "Faraway", "Farclerk", "Operator"):
        assert household not in ids(who, "GET /v1/households")
        assert wearer not in ids(who, "GET /v1/wearers")


def test_the_office_enters_a_family_and_the_family_goes_on(home: Home) -> None:
    taro, hanako = (str(home.town.people[name].id) for name in ("Taro", "Hanako"))
    household = home.ask("Clerk", "POST /v1/households", {"name": " 佐藤 ", "members": [taro]})

    assert household.status_code == 201
    assert household.json() == {
        "id": household.json()["id"],
        "city_id": HERE,
        "name": "佐藤",
        "members": [{"account_id": taro, "name": "Taro"}],
        "created_at": "2026-04-01T03:00:00Z",
    }

    path = f"/v1/households/{household.json()['id']}"

    assert household.json() == home.ask("Taro", f"GET {path}").json()
    assert home.ask("Clerk", f"PATCH {path}", {"name": "佐藤家"}).json()["name"] == "佐藤家"
    assert home.ask("Clerk", f"PATCH {path}", {}).json()["name"] == "佐藤家"
    added = home.ask("Clerk", f"PUT {path}/members/{hanako}")
    assert (added.status_code, [one["name"] for one in added.json()["members"]]) == (200, ["Hanako", "Taro"])
    assert home.ask("Clerk", f"DELETE {path}/members/{hanako}").status_code == 204
    assert not_found(home.ask("Clerk", f"DELETE {path}/members/{hanako}"))

    body = {"household_id": household.json()["id"], "name": "Grandmother", "born_on": "1940-05-03"}
    wearer = home.ask("Taro", "POST /v1/wearers", body)

    assert wearer.status_code == 201
    assert wearer.json() == {
        "id": wearer.json()["id"],
        "city_id": HERE,
        "household_id": household.json()["id"],
        "name": "Grandmother",
        "born_on": "1940-05-03",
        "note": "",
        "manages": True,
        "sees": ["place", "track", "alerts", "health"],
        "created_at": "2026-04-01T03:00:00Z",
    }
    listed = home.ask("Taro", "GET /v1/wearers", household_id=household.json()["id"]).json()
    assert {"items": [wearer.json()], "next": None} == listed

    path = f"/v1/wearers/{wearer.json()['id']}"

    assert home.ask("Taro", f"DELETE {path}").status_code == 204
    assert not_found(home.ask("Taro", f"GET {path}"))
    assert not_found(home.ask("Boss", f"GET {path}"))


def test_administrators_enter_households_of_any_city_and_clerks_of_their_own(home: Home) -> None:
    body = {"name": "Kato", "members": [str(home.town.people["Faraway"].id)], "city_id": ELSEWHERE}

    assert home.ask("Boss", "POST /v1/households", body).json()["city_id"] == ELSEWHERE
    assert not_found(home.ask("Clerk", "POST /v1/households", body))
    assert not_found(home.ask("Boss", "POST /v1/households", {"name": "x", "city_id": 11002}))


def test_a_change_tells_absent_from_null(home: Home, other: dict[str, UUID]) -> None:
    path = f"PATCH /v1/wearers/{other['wearer']}"

    def values(body: object) -> tuple[object, ...]:
        changed = home.ask("Hanako", path, body).json()
        return changed["name"], changed["born_on"], changed["note"]

    assert values({"born_on": "1938-01-02", "note": "hard of hearing"}) == ("Father", "1938-01-02", "hard of hearing")
    assert values({}) == ("Father", "1938-01-02", "hard of hearing")
    assert values({"born_on": None}) == ("Father", None, "hard of hearing")
    assert values({"note": ""}) == ("Father", None, "")
    assert home.ask("Hanako", path, {"name": None}).status_code == 400


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("POST /v1/households", {"name": ""}),
        ("POST /v1/households", {"name": " "}),
        ("POST /v1/households", {"name": "x", "city": 282103}),
        ("POST /v1/wearers", {"household_id": "{household}", "name": "x" * 101}),
        ("POST /v1/wearers", {"household_id": "{household}", "name": "a\x00b"}),
        ("POST /v1/wearers", {"household_id": "{household}", "name": "x", "note": "x" * 2001}),
        ("POST /v1/wearers", {"household_id": "{household}", "name": "x", "born_on": "2026-04-02"}),
        ("PATCH /v1/wearers/{wearer}", {"note": "a\u202eb"}),
        ("POST /v1/wearers/{wearer}/contacts", {"name": "x", "phone": "call me"}),
        ("POST /v1/wearers/{wearer}/contacts", {"name": "x", "relation": "a\nb"}),
        ("POST /v1/wearers/{wearer}/contacts", {"name": "x", "rank": 0}),
        ("POST /v1/wearers/{wearer}/contacts", {"name": "x", "scopes": ["everything"]}),
        ("PATCH /v1/wearers/{wearer}/contacts/{contact}", {"shares_place": True}),
        ("PUT /v1/wearers/{wearer}/contacts/order", {"contacts": ["{contact}", "{contact}"]}),
        ("POST /v1/wearers/{wearer}/consents", {"scopes": ["place"]}),
        ("POST /v1/wearers/{wearer}/consents", {"role": "operator", "scopes": []}),
        ("POST /v1/wearers/{wearer}/consents", {"role": "family", "scopes": ["place"]}),
        ("POST /v1/wearers/{wearer}/consents", {"role": "guard", "scopes": ["place"], "until_at": "2026-04-01T04:00"}),
        (
            "POST /v1/wearers/{wearer}/consents",
            {"role": "guard", "scopes": ["place"], "until_at": "2026-04-01T02:59:59Z"},
        ),
        (
            "POST /v1/wearers/{wearer}/consents",
            {"role": "guard", "scopes": ["place"], "until_at": "9999-12-31T23:59:59-12:00"},
        ),
        (
            "POST /v1/wearers/{wearer}/consents",
            {"role": "guard", "scopes": ["place"], "from_at": "0001-01-01T00:00:00+12:00"},
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(home: Home, route: str, body: dict[str, object]) -> None:
    def filled(value: object) -> object:
        if isinstance(value, str) and value.startswith("{"):
            return value.format(**home.ids)
        return [filled(item) for item in value] if isinstance(value, list) else value

    answer = home.ask("Clerk", route, {name: filled(value) for name, value in body.items()})

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"][0]["why"]


def test_contacts_stand_in_order(home: Home, other: dict[str, UUID]) -> None:
    path = f"/v1/wearers/{other['wearer']}/contacts"
    taro = str(home.town.people["Taro"].id)

    def add(body: dict[str, object]) -> Any:
        answer = home.ask("Hanako", f"POST {path}", body)
        assert answer.status_code == 201
        return answer.json()

    first = add({"name": "Taro", "relation": "neighbour", "phone": "+81 (78) 000-0000", "account_id": taro})
    second = add({"name": "by phone"})
    third = add({"name": "doctor", "rank": 1})

    assert first == {
        "id": first["id"],
        "wearer_id": str(other["wearer"]),
        "rank": 1,
        "name": "Taro",
        "relation": "neighbour",
        "phone": "+81 (78) 000-0000",
        "account_id": taro,
        "shares_place": False,
        "created_at": "2026-04-01T03:00:00Z",
        "reachable": "no",
        "channels": [],
    }
    assert (second["rank"], third["rank"]) == (2, 1)

    wanted = [second["id"], first["id"], third["id"]]
    ordered = home.ask("Hanako", f"PUT {path}/order", {"contacts": wanted})

    assert ordered.status_code == 200
    assert wanted == [one["id"] for one in ordered.json()["items"]]
    assert ordered.json() == home.ask("Taro", f"GET {path}").json()
    assert home.ask("Hanako", f"PUT {path}/order", {"contacts": wanted[:2]}).status_code == 409
    assert home.ask("Hanako", f"POST {path}", {"name": "x", "account_id": taro}).status_code == 409
    assert home.ask("Taro", f"POST {path}", {"name": "x"}).status_code == 404
    assert home.ask("Hanako", f"PATCH {path}/{first['id']}", {"relation": ""}).json()["relation"] == ""
    assert home.ask("Hanako", f"PATCH {path}/{first['id']}", {"account_id": None}).json()["account_id"] is None
    assert not_found(home.ask("Taro", f"GET {path}"))
    assert home.ask("Hanako", f"DELETE {path}/{second['id']}").status_code == 204
    assert [one["rank"] for one in home.ask("Hanako", f"GET {path}").json()["items"]] == [1, 2]
    assert not_found(home.ask("Hanako", f"GET {path}/{second['id']}"))
    for number in range(CONTACTS_MAX - 2):
        add({"name": str(number)})
    assert home.ask("Hanako", f"POST {path}", {"name": "one too many"}).status_code == 409


def test_one_reads_of_each_contact_whether_it_can_be_reached(home: Home, other: dict[str, UUID]) -> None:
    path, taro = f"/v1/wearers/{other['wearer']}/contacts", home.town.people["Taro"]
    for body in ({"name": "by phone"}, {"name": "Taro", "account_id": str(taro.id)}):
        assert home.ask("Hanako", f"POST {path}", body).status_code == 201

    def reachable() -> list[str | None]:
        return [one["reachable"] for one in home.ask("Hanako", f"GET {path}").json()["items"]]

    assert reachable() == [None, "no"]
    phones = []
    with home.town.database.transaction() as c:
        for value in ("phone of Taro", "tablet of Taro"):
            saved = accounts.add_address(c, taro.id, Channel.FCM, AddressKind.TOKEN, value, "ja", NOW)
            phones.append(saved.id)
    assert reachable() == [None, "yes"]

    for phone, then in zip(phones, ("yes", "unanswered"), strict=True):
        with home.town.database.transaction() as c:
            c.execute(sa.update(address).where(address.c.id == phone).values(unanswered_since=NOW))
        assert reachable() == [None, then]
    silent = {"channel": "fcm", "reachable": "unanswered", "unanswered_since": "2026-04-01T03:00:00Z"}
    by_phone, taro_shown = home.ask("Hanako", f"GET {path}").json()["items"]
    assert (by_phone["channels"], taro_shown["channels"]) == ([], [silent])


def test_a_contact_alone_agrees_that_the_place_of_its_phone_is_taken(home: Home, other: dict[str, UUID]) -> None:
    taro = str(home.town.people["Taro"].id)
    body = {"name": "Taro", "account_id": taro, "scopes": []}
    contact = home.ask("Hanako", f"POST /v1/wearers/{other['wearer']}/contacts", body).json()
    agree = f"PUT /v1/contacts/{contact['id']}/shares-place"
    mine = {
        "id": contact["id"],
        "wearer_id": str(other["wearer"]),
        "relation": "",
        "shares_place": True,
    }

    for who in ("Hanako", "Clerk", "Boss", "Faraway"):
        assert not_found(home.ask(who, agree, {"shares_place": True}))
    assert home.ask("Taro", agree, {"shares_place": True}).json() == mine
    assert mine in home.ask("Taro", "GET /v1/contacts").json()["items"]
    read = home.ask("Hanako", f"GET /v1/wearers/{other['wearer']}/contacts/{contact['id']}").json()
    assert read["shares_place"]
    assert not home.ask("Taro", agree, {"shares_place": False}).json()["shares_place"]


def test_a_consent_is_given_listed_and_revoked(home: Home, other: dict[str, UUID]) -> None:
    path = f"/v1/wearers/{other['wearer']}/consents"
    taro = str(home.town.people["Taro"].id)
    body = {"account_id": taro, "scopes": ["place", "track", "place"], "until_at": "2026-04-02T09:00:00+09:00"}
    given = home.ask("Hanako", f"POST {path}", body)

    assert given.status_code == 201
    assert given.json() == {
        "id": given.json()["id"],
        "wearer_id": str(other["wearer"]),
        "account_id": taro,
        "account_name": "Taro",
        "role": None,
        "scopes": ["place", "track"],
        "given_as": "named",
        "from_at": "2026-04-01T03:00:00Z",
        "until_at": given.json()["until_at"],
        "given_by": str(home.town.people["Hanako"].id),
        "given_by_name": "Hanako",
        "given_at": "2026-04-01T03:00:00Z",
    }

    wearer = home.ask("Taro", f"GET /v1/wearers/{other['wearer']}").json()
    first = home.ask("Clerk", f"GET {path}", limit=1).json()
    rest = home.ask("Clerk", f"GET {path}", limit=1, cursor=first["next"]).json()

    assert (wearer["manages"], wearer["sees"]) == (False, ["place", "track"])
    assert first["items"][0]["id"] == given.json()["id"]
    assert first["items"][0]["until_at"] == "2026-04-02T00:00:00Z"
    assert ([one["account_name"] for one in rest["items"]], rest["next"]) == (["Hanako"], None)
    assert home.ask("Hanako", f"DELETE {path}/{given.json()['id']}").status_code == 204
    assert not_found(home.ask("Hanako", f"DELETE {path}/{given.json()['id']}"))
    assert not_found(home.ask("Taro", f"GET /v1/wearers/{other['wearer']}"))
    assert home.ask("Clerk", f"POST {path}", {"role": "clerk", "scopes": ["place"]}).status_code == 403
    faraway = {"account_id": str(home.town.people["Faraway"].id), "scopes": ["place"]}
    assert not_found(home.ask("Hanako", f"POST {path}", faraway))


def test_a_protection_hides_her_from_her_own_household_and_tells_nobody_why(home: Home, other: dict[str, UUID]) -> None:
    path = f"/v1/wearers/{other['wearer']}"
    hanako, taro = (str(home.town.people[name].id) for name in ("Hanako", "Taro"))
    body = {"name": "Hanako", "account_id": hanako, "reason": "court order"}
    home.ask("Clerk", f"PUT /v1/households/{other['household']}/members/{taro}")
    protection = home.ask("Clerk", f"POST {path}/protections", body)

    assert protection.status_code == 201
    assert protection.json() == {
        "id": protection.json()["id"],
        "wearer_id": str(other["wearer"]),
        "name": "Hanako",
        "account_id": hanako,
        "reason": "court order",
        "set_by": str(home.town.people["Clerk"].id),
        "set_at": "2026-04-01T03:00:00Z",
    }
    assert [protection.json()] == home.ask("Clerk", f"GET {path}/protections").json()["items"]
    for hidden in (path, f"{path}/contacts", f"{path}/consents", f"{path}/looks"):
        assert not_found(home.ask("Hanako", f"GET {hidden}"))
    assert not_found(home.ask("Hanako", f"GET /v1/households/{other['household']}"))
    listed = [one["id"] for one in home.ask("Hanako", "GET /v1/wearers", limit=200).json()["items"]]
    assert str(other["wearer"]) not in listed
    refused = home.ask("Taro", f"POST {path}/consents", {"account_id": hanako, "scopes": ["place"]})
    assert (refused.status_code, "protect" in refused.text.lower()) == (409, False)
    assert home.ask("Clerk", f"POST {path}/protections", body).status_code == 409
    ending = f"DELETE {path}/protections/{protection.json()['id']}"
    assert home.ask("Clerk", ending).status_code == 204
    assert not_found(home.ask("Clerk", ending))
    assert home.ask("Hanako", f"GET {path}").json()["sees"] == ["place", "track", "alerts", "health"]


def test_looks_are_listed_newest_first_page_by_page(home: Home, other: dict[str, UUID]) -> None:
    people = home.town.people
    with home.town.database.transaction() as c:
        for name, minutes, purpose in (
            ("Hanako", 0, Purpose.PLACE),
            ("Hanako", 5, Purpose.PLACE),
            ("Hanako", 10, Purpose.PLACE),
            ("Operator", 10, Purpose.ALERT),
        ):
            viewer = viewer_of(people[name])
            service.look(c, viewer, WearerId(other["wearer"]), purpose, NOW + timedelta(minutes=minutes))
    path = f"GET /v1/wearers/{other['wearer']}/looks"
    shown: list[tuple[str, str, str, str]] = []
    query: dict[str, object] = {"limit": 1}
    while True:
        page = home.ask("Hanako", path, **query).json()
        shown += [(one["viewer_name"], one["viewer_role"], one["purpose"], one["at"]) for one in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]

    assert sorted(shown[:2]) == [
        ("Hanako", "family", "place", "2026-04-01T03:10:00Z"),
        ("Operator", "operator", "alert", "2026-04-01T03:10:00Z"),
    ]
    assert shown[2:] == [("Hanako", "family", "place", "2026-04-01T03:00:00Z")]


@pytest.mark.parametrize(
    "route",
    [
        "GET /v1/households",
        "GET /v1/wearers",
        "GET /v1/wearers/{wearer}/consents",
        "GET /v1/wearers/{wearer}/protections",
        "GET /v1/wearers/{wearer}/looks",
    ],
)
@pytest.mark.parametrize("query", [{"cursor": "no cursor"}, {"cursor": "oQ"}, {"limit": 0}, {"limit": 201}])
def test_a_page_that_cannot_be_is_refused(home: Home, route: str, query: dict[str, object]) -> None:
    assert home.ask("Clerk", route, **query).status_code == 400


def test_households_and_wearers_come_page_by_page(home: Home, other: dict[str, UUID]) -> None:
    for route, key in (("GET /v1/households", "household"), ("GET /v1/wearers", "wearer")):
        whole = [one["id"] for one in home.ask("Boss", route, limit=200).json()["items"]]
        parts: list[str] = []
        query: dict[str, object] = {"limit": 2}
        while True:
            page = home.ask("Boss", route, **query).json()
            parts += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]

        assert whole == parts
        assert str(other[key]) in whole


def viewer_of(account: Account) -> Viewer:
    """The person of an account, as the services know them."""
    return Viewer(
        account_id=account.id,
        city_id=account.city_id,
        role=account.role,
        name=account.name,
        sign_in_id=SignInId(NOBODY),
    )
