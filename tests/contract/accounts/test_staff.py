"""Cities and accounts, as staff sees and changes them."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.accounts import service
from app.accounts.tables import account
from app.kit.ids import AccountId
from tests.contract.web import ELSEWHERE, HERE, Town

UNKNOWN = "01900000-0000-7000-8000-000000000000"
BODY = {"email": "new@example.jp", "name": "New", "role": "family", "password": "a good long one"}


def names_shown(here: Town, who: str, query: str = "") -> set[str]:
    items = here.client.get(f"/v1/accounts?limit=200{query}", headers=here.headers_of(who)).json()["items"]
    return {one["name"] for one in items}


def test_everybody_sees_the_own_city_and_an_administrator_all(here: Town) -> None:
    def cities(who: str) -> list[int]:
        return [one["id"] for one in here.client.get("/v1/cities", headers=here.headers_of(who)).json()["items"]]

    assert cities("Hanako") == [HERE]
    assert cities("Farclerk") == [ELSEWHERE]
    assert cities("Boss") == [ELSEWHERE, HERE]


def test_cities_come_in_pages(here: Town) -> None:
    headers = here.headers_of("Boss")
    first = here.client.get("/v1/cities?limit=1", headers=headers).json()

    second = here.client.get("/v1/cities", params={"limit": 1, "cursor": first["next"]}, headers=headers).json()

    assert [first["items"][0]["id"], second["items"][0]["id"]] == [ELSEWHERE, HERE]
    assert second["next"] is None


def test_an_administrator_adds_a_city_once(here: Town) -> None:
    headers = here.headers_of("Boss")
    body = {"id": 11002, "name": "札幌市"}

    assert here.client.post("/v1/cities", json=body, headers=headers).json()["zone"] == "Asia/Tokyo"
    assert here.client.post("/v1/cities", json=body, headers=headers).status_code == 409


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"id": 282104, "name": "x"}, "id"),
        ({"id": 0, "name": "x"}, "id"),
        ({"id": 10**30, "name": "x"}, "id"),
        ({"id": 11002, "name": "x", "zone": "Asia/Nowhere"}, "zone"),
        ({"id": 11002, "name": "x", "zone": "../../etc/passwd"}, "zone"),
        ({"id": 11002, "name": "x", "zone": "Asia"}, "zone"),
        ({"id": 11002, "name": "\t"}, "name"),
        ({"id": 11002, "name": "x", "phone": "110 (警察)"}, "phone"),
        ({"id": 11002, "name": "x", "phone": "   "}, "phone"),
    ],
)
def test_a_city_that_cannot_be_is_refused(here: Town, body: dict[str, Any], where: str) -> None:
    answer = here.client.post("/v1/cities", json=body, headers=here.headers_of("Boss"))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == where


def test_a_city_is_changed_field_by_field(here: Town) -> None:
    headers = here.headers_of("Boss")

    assert (
        here.client.patch(f"/v1/cities/{HERE}", json={"name": "新市"}, headers=headers).json()["zone"] == "Asia/Tokyo"
    )
    changed = here.client.patch(f"/v1/cities/{HERE}", json={"zone": "Asia/Seoul"}, headers=headers).json()
    assert (changed["name"], changed["zone"]) == ("新市", "Asia/Seoul")
    assert changed["phone"] is None
    changed = here.client.patch(f"/v1/cities/{HERE}", json={"phone": "079-427-9174"}, headers=headers).json()
    assert (changed["name"], changed["phone"]) == ("新市", "079-427-9174")
    assert here.client.patch(f"/v1/cities/{HERE}", json={}, headers=headers).json()["phone"] == "079-427-9174"
    assert here.client.patch(f"/v1/cities/{HERE}", json={"phone": None}, headers=headers).json()["phone"] is None
    assert here.client.patch("/v1/cities/11002", json={}, headers=headers).status_code == 404


@pytest.mark.parametrize("city_id", ["0", "1000000", "9" * 30, "-1"])
def test_a_number_that_is_no_city_code_never_reaches_the_store(here: Town, city_id: str) -> None:
    answer = here.client.patch(f"/v1/cities/{city_id}", json={}, headers=here.headers_of("Boss"))

    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("who", ["Hanako", "Clerk", "Operator"])
def test_only_an_administrator_changes_cities(here: Town, who: str) -> None:
    headers = here.headers_of(who)

    assert here.client.post("/v1/cities", json={"id": 11002, "name": "x"}, headers=headers).status_code == 403
    assert here.client.patch(f"/v1/cities/{HERE}", json={"name": "x"}, headers=headers).status_code == 403


def test_staff_sees_the_accounts_of_its_own_city_without_administrators(here: Town) -> None:
    assert names_shown(here, "Clerk") == {"Hanako", "Taro", "Clerk", "Operator"}
    assert names_shown(here, "Farclerk") == {"Faraway", "Farclerk"}
    assert names_shown(here, "Operator", "&role=family") == {"Hanako", "Taro"}
    assert len(names_shown(here, "Boss")) == 7
    assert names_shown(here, "Boss", f"&city_id={ELSEWHERE}") == {"Faraway", "Farclerk"}


def test_asking_for_another_city_is_like_asking_for_none_that_exists(here: Town) -> None:
    headers = here.headers_of("Clerk")

    other = here.client.get(f"/v1/accounts?city_id={ELSEWHERE}", headers=headers)
    unknown = here.client.get("/v1/accounts?city_id=11002", headers=headers)

    assert other.status_code == unknown.status_code == 404
    assert other.json() == unknown.json()


def test_accounts_come_newest_first_and_in_pages(here: Town) -> None:
    headers = here.headers_of("Boss")
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = here.client.get("/v1/accounts", params=query, headers=headers).json()
        seen += [one["name"] for one in answer["items"]]
        cursor = answer["next"]

    assert cursor is None
    assert seen == ["Farclerk", "Faraway", "Boss", "Operator", "Clerk", "Taro", "Hanako"]


@pytest.mark.parametrize("name", ["Faraway", "Farclerk", "Boss"])
def test_what_is_not_a_clerks_to_manage_answers_like_an_unknown_account(here: Town, name: str) -> None:
    headers = here.headers_of("Clerk")
    path = f"/v1/accounts/{here.people[name].id}"
    unknown = here.client.get(f"/v1/accounts/{UNKNOWN}", headers=headers)

    assert unknown.status_code == 404
    assert here.client.get(path, headers=headers).json() == unknown.json()
    assert here.client.patch(path, json={"name": "x"}, headers=headers).json() == unknown.json()
    assert here.client.patch(path, json={"disabled": True}, headers=headers).status_code == 404
    with here.database.transaction() as connection:
        stored = connection.execute(sa.select(account.c.name).where(account.c.id == here.people[name].id)).scalar_one()
    assert stored == name


def test_a_clerk_adds_accounts_of_the_own_city(here: Town) -> None:
    answer = here.client.post(
        "/v1/accounts", json={**BODY, "email": "NEW@example.jp"}, headers=here.headers_of("Clerk")
    )

    assert answer.status_code == 201
    assert answer.json()["city_id"] == HERE
    assert answer.json()["email"] == "new@example.jp"
    signed_in = here.client.post("/v1/sign-in", json={"email": "new@example.jp", "password": BODY["password"]})
    assert signed_in.status_code == 200


@pytest.mark.parametrize("email", ["HANAKO@example.jp", "ｈａｎａｋｏ@example.jp"])
def test_an_address_has_one_account(here: Town, email: str) -> None:
    answer = here.client.post("/v1/accounts", json={**BODY, "email": email}, headers=here.headers_of("Clerk"))

    assert answer.status_code == 409


@pytest.mark.parametrize("who", ["Clerk", "Farclerk"])
def test_a_clerk_makes_no_administrator(here: Town, who: str) -> None:
    headers = here.headers_of(who)

    made = here.client.post("/v1/accounts", json={**BODY, "role": "administrator"}, headers=headers)
    own = {"Clerk": "Hanako", "Farclerk": "Faraway"}[who]
    raised = here.client.patch(f"/v1/accounts/{here.people[own].id}", json={"role": "administrator"}, headers=headers)

    assert (made.status_code, raised.status_code) == (403, 403)


def test_a_clerk_adds_nobody_to_another_city(here: Town) -> None:
    headers = here.headers_of("Clerk")

    other = here.client.post("/v1/accounts", json={**BODY, "city_id": ELSEWHERE}, headers=headers)
    unknown = here.client.post("/v1/accounts", json={**BODY, "city_id": 11002}, headers=headers)

    assert other.status_code == unknown.status_code == 404
    assert other.json() == unknown.json()


def test_an_administrator_adds_to_any_city_that_exists(here: Town) -> None:
    headers = here.headers_of("Boss")
    body = {**BODY, "role": "administrator", "city_id": ELSEWHERE}

    assert here.client.post("/v1/accounts", json=body, headers=headers).json()["city_id"] == ELSEWHERE
    assert here.client.post("/v1/accounts", json={**BODY, "city_id": 11002}, headers=headers).status_code == 404


@pytest.mark.parametrize("who", ["Hanako", "Operator"])
def test_others_than_clerks_add_and_change_nobody(here: Town, who: str) -> None:
    headers = here.headers_of(who)

    assert here.client.post("/v1/accounts", json=BODY, headers=headers).status_code == 403
    path = f"/v1/accounts/{here.people['Taro'].id}"
    assert here.client.patch(path, json={"name": "x"}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a@b.c\r\nBcc: x@y.z"}, "email"),
        ({"email": "x" * 65 + "@example.jp"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "new@example.jp"}, "password"),
        ({"role": "king"}, "role"),
        ({"name": "line\nbreak"}, "name"),
        ({"city_id": 10**30}, "city_id"),
    ],
)
def test_an_account_that_cannot_be_is_refused(here: Town, body: dict[str, Any], where: str) -> None:
    answer = here.client.post("/v1/accounts", json={**BODY, **body}, headers=here.headers_of("Boss"))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == where


def test_a_disabled_account_is_signed_out_and_stays_out_until_it_is_revived(here: Town) -> None:
    clerk, hanako = here.headers_of("Clerk"), here.headers_of("Hanako")
    path = f"/v1/accounts/{here.people['Hanako'].id}"

    ended = here.client.patch(path, json={"disabled": True}, headers=clerk).json()
    assert ended["disabled_at"] is not None
    assert here.client.get("/v1/me", headers=hanako).status_code == 401
    assert here.client.get("/v1/me", headers=here.headers_of("Hanako")).status_code == 401

    assert here.client.patch(path, json={"disabled": False}, headers=clerk).json()["disabled_at"] is None
    assert here.client.get("/v1/me", headers=hanako).status_code == 401
    assert here.client.get("/v1/me", headers=here.headers_of("Hanako")).status_code == 200


def test_a_new_role_counts_at_once(here: Town) -> None:
    hanako = here.headers_of("Hanako")
    assert here.client.get("/v1/accounts", headers=hanako).status_code == 403

    path = f"/v1/accounts/{here.people['Hanako'].id}"
    here.client.patch(path, json={"role": "operator"}, headers=here.headers_of("Clerk"))

    assert here.client.get("/v1/accounts", headers=hanako).status_code == 200


@pytest.mark.parametrize("body", [{"role": "family"}, {"disabled": True}])
def test_nobody_changes_the_own_role_or_ends_the_own_account(here: Town, body: dict[str, Any]) -> None:
    headers = here.headers_of("Boss")
    path = f"/v1/accounts/{here.people['Boss'].id}"

    assert here.client.patch(path, json=body, headers=headers).status_code == 409
    assert here.client.patch(path, json={"name": "Chief"}, headers=headers).json()["role"] == "administrator"


VENDOR = BODY | {"email": "vendor@example.jp", "role": "vendor"}


def test_a_vendors_account_states_whose_tags_it_follows_and_no_other_does(here: Town) -> None:
    headers = here.headers_of("Clerk")

    for body in (VENDOR, BODY | {"vendor": "Aruku"}, VENDOR | {"vendor": " "}):
        refused = here.client.post("/v1/accounts", json=body, headers=headers)

        assert 400 == refused.status_code
        assert ["vendor"] == [one["where"] for one in refused.json()["errors"]]
    made = here.client.post("/v1/accounts", json=VENDOR | {"vendor": " Aruku "}, headers=headers)
    assert (201, "Aruku") == (made.status_code, made.json()["vendor"])


def test_the_vendor_goes_with_the_sign_in_and_with_the_role(here: Town) -> None:
    headers = here.headers_of("Clerk")
    made = here.client.post("/v1/accounts", json=VENDOR | {"vendor": "Aruku"}, headers=headers).json()
    path = f"/v1/accounts/{made['id']}"
    with here.database.transaction() as connection:
        token = service.start_sign_in(connection, AccountId(UUID(made["id"])), "phone", here.clock(), 1)
        viewer = service.viewer_of(connection, token, here.clock())
    assert viewer is not None
    assert "Aruku" == viewer.vendor

    assert "Minna" == here.client.patch(path, json={"vendor": "Minna"}, headers=headers).json()["vendor"]
    assert here.client.patch(path, json={"role": "guard"}, headers=headers).json()["vendor"] is None
    assert 400 == here.client.patch(path, json={"vendor": "Minna"}, headers=headers).status_code
    assert 400 == here.client.patch(path, json={"role": "vendor"}, headers=headers).status_code
    again = here.client.patch(path, json={"role": "vendor", "vendor": "Minna"}, headers=headers)
    assert ("vendor", "Minna") == (again.json()["role"], again.json()["vendor"])
