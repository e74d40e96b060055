"""One's own account, password and sign-ins."""

import pytest

from tests.contract.web import PASSWORD, PEER_HEADER, Town

NEW = "an even better staple"


def test_an_absent_field_stays_as_it_is(here: Town) -> None:
    headers = here.headers_of("Hanako")

    assert here.client.patch("/v1/me", json={"language": "en"}, headers=headers).json()["name"] == "Hanako"
    assert here.client.patch("/v1/me", json={"name": " 花子 "}, headers=headers).json()["language"] == "en"
    assert here.client.patch("/v1/me", json={}, headers=headers).json()["name"] == "花子"


def test_null_is_not_absent(here: Town) -> None:
    answer = here.client.patch("/v1/me", json={"name": None}, headers=here.headers_of("Hanako"))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == "name"


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 101},
        {"name": "two\nlines"},
        {"name": "nul\u0000"},
        {"name": "\u202ereversed"},
        {"language": "fr"},
        {"role": "administrator"},
        {"city_id": 131016},
    ],
)
def test_what_cannot_be_a_name_or_is_not_ones_own_to_change_is_refused(here: Town, body: dict[str, str]) -> None:
    headers = here.headers_of("Hanako")

    answer = here.client.patch("/v1/me", json=body, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert here.client.get("/v1/me", headers=headers).json()["role"] == "family"


def test_a_new_password_signs_all_others_out_and_this_phone_not(here: Town) -> None:
    this, other = here.headers_of("Hanako"), here.headers_of("Hanako")

    answer = here.client.post("/v1/me/password", json={"current": PASSWORD, "new": NEW}, headers=this)

    assert answer.status_code == 204
    assert here.client.get("/v1/me", headers=this).status_code == 200
    assert here.client.get("/v1/me", headers=other).status_code == 401
    sign_in = {"email": "hanako@example.jp", "password": PASSWORD}
    assert here.client.post("/v1/sign-in", json=sign_in).status_code == 401
    assert here.client.post("/v1/sign-in", json={**sign_in, "password": NEW}).status_code == 200


def test_a_thief_of_a_phone_cannot_guess_the_password_there(here: Town) -> None:
    headers = {**here.headers_of("Hanako"), PEER_HEADER: "203.0.113.5"}

    statuses = [
        here.client.post("/v1/me/password", json={"current": "wrong", "new": NEW}, headers=headers).status_code
        for _ in range(6)
    ]

    assert statuses == [400] * 5 + [429]


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaa", "hanako@example.jp", "x" * 257])
def test_a_weak_password_is_refused_and_counts_as_no_failure(here: Town, weak: str) -> None:
    headers = here.headers_of("Hanako")

    for _ in range(7):
        answer = here.client.post("/v1/me/password", json={"current": "wrong", "new": weak}, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == "new"


def test_ones_sign_ins_are_listed_newest_first_and_in_pages(here: Town) -> None:
    for _ in range(4):
        headers = here.headers_of("Hanako")
    here.headers_of("Taro")

    first = here.client.get("/v1/me/sign-ins?limit=3", headers=headers).json()
    rest = here.client.get("/v1/me/sign-ins", params={"limit": 3, "cursor": first["next"]}, headers=headers).json()

    shown = [*first["items"], *rest["items"]]
    assert len(shown) == len({one["id"] for one in shown}) == 4
    assert [one["current"] for one in shown] == [True, False, False, False]
    assert rest["next"] is None
    assert "token" not in str(shown)


def test_one_sign_in_can_be_ended_from_another_phone(here: Town) -> None:
    lost, this = here.headers_of("Hanako"), here.headers_of("Hanako")
    shown = here.client.get("/v1/me/sign-ins", headers=this).json()["items"]
    lost_id = next(one["id"] for one in shown if not one["current"])

    assert here.client.delete(f"/v1/me/sign-ins/{lost_id}", headers=this).status_code == 204

    assert here.client.get("/v1/me", headers=lost).status_code == 401
    assert here.client.delete(f"/v1/me/sign-ins/{lost_id}", headers=this).status_code == 404


def test_somebody_elses_sign_in_is_like_an_unknown_one(here: Town) -> None:
    hanako, taro = here.headers_of("Hanako"), here.headers_of("Taro")
    taros = here.client.get("/v1/me/sign-ins", headers=taro).json()["items"][0]["id"]

    others = here.client.delete(f"/v1/me/sign-ins/{taros}", headers=hanako)
    unknown = here.client.delete("/v1/me/sign-ins/01900000-0000-7000-8000-000000000000", headers=hanako)

    assert others.status_code == unknown.status_code == 404
    assert others.json() == unknown.json()
    assert here.client.get("/v1/me", headers=taro).status_code == 200


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=-1", "limit=x", "cursor=nonsense", "cursor=%00", "cursor=" + "a" * 201]
)
def test_a_page_that_cannot_be_is_refused(here: Town, query: str) -> None:
    answer = here.client.get(f"/v1/me/sign-ins?{query}", headers=here.headers_of("Hanako"))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == query.partition("=")[0]
