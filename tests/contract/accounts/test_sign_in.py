"""Signing in from an app, and how long it lasts."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from app.accounts import passwords
from app.accounts.tables import account, sign_in, sign_in_failure
from tests.contract.web import PASSWORD, PEER_HEADER, Town

HANAKO = "hanako@example.jp"


def sign_in_as(
    here: Town, email: str = HANAKO, password: str = PASSWORD, peer: str = "203.0.113.5"
) -> tuple[int, dict[str, Any]]:
    answer = here.client.post("/v1/sign-in", json={"email": email, "password": password}, headers={PEER_HEADER: peer})
    return answer.status_code, answer.json()


def test_the_right_password_gives_a_token_that_opens_ones_account(here: Town) -> None:
    status, body = sign_in_as(here)

    assert status == 200
    assert body["account"]["email"] == HANAKO
    assert "csrf" not in body
    me = here.client.get("/v1/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert me.status_code == 200
    assert me.json()["name"] == "Hanako"
    assert me.json()["city"]["name"] == "加古川市"


def test_no_answer_ever_holds_a_password_or_its_hash(here: Town) -> None:
    _, body = sign_in_as(here)

    assert "argon2" not in str(body)
    assert "password" not in str(body["account"])


@pytest.mark.parametrize(
    "spelling", ["HANAKO@Example.JP", "  hanako@example.jp ", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"]
)
def test_an_address_is_the_same_however_it_is_typed(here: Town, spelling: str) -> None:
    assert sign_in_as(here, spelling)[0] == 200


def test_unknown_wrong_disabled_and_malformed_answer_alike(here: Town) -> None:
    with here.database.transaction() as connection:
        disabled = sa.update(account).where(account.c.email == "taro@example.jp").values(disabled_at=here.clock())
        connection.execute(disabled)

    answers = [
        sign_in_as(here, "nobody@example.jp"),
        sign_in_as(here, HANAKO, "wrong"),
        sign_in_as(here, "taro@example.jp"),
        sign_in_as(here, "no address"),
        sign_in_as(here, "a@b\r\nSet-Cookie: x=y"),
    ]

    assert {status for status, _ in answers} == {401}
    problems = [{key: body[key] for key in ("type", "title", "status", "detail")} for _, body in answers]
    assert all(problem == problems[0] for problem in problems)
    assert problems[0]["type"] == "/problems/not-signed-in"


def test_an_unknown_address_costs_a_comparison_too(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(password_hash: str, password: str) -> tuple[bool, str | None]:
        compared.append(password_hash)
        return False, None

    monkeypatch.setattr(passwords, "compare", compare)
    sign_in_as(here, "nobody@example.jp")

    assert compared == [passwords.NOBODY]


def test_a_password_of_more_than_256_characters_is_refused_unread(here: Town) -> None:
    status, body = sign_in_as(here, password="x" * 257)

    assert status == 400
    assert body["errors"][0]["where"] == "password"
    with here.database.transaction() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(sign_in_failure)).scalar_one() == 0


def test_the_token_is_stored_only_hashed(here: Town) -> None:
    _, body = sign_in_as(here)

    with here.database.transaction() as connection:
        row = connection.execute(sa.select(sign_in)).one()
    assert body["token"].encode() not in bytes(row.token_hash)
    assert len(row.token_hash) == 32


def test_an_expired_token_opens_nothing(here: Town) -> None:
    _, body = sign_in_as(here)
    headers = {"Authorization": f"Bearer {body['token']}"}

    here.clock.pass_by(timedelta(days=90) - timedelta(seconds=1))
    assert here.client.get("/v1/me", headers=headers).status_code == 200
    here.clock.pass_by(timedelta(seconds=1))
    assert here.client.get("/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic aGFuYWtvOng=", "Bearer wrong", "Bearer " + "x" * 5000, "Bearer ü"],
)
def test_a_header_that_is_no_token_of_ours_answers_401_and_says_how(here: Town, header: str) -> None:
    answer = here.client.get("/v1/me", headers={"Authorization": header.encode("latin-1")})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_signing_out_ends_the_token_at_once(here: Town) -> None:
    headers = here.headers_of("Hanako")

    assert here.client.post("/v1/sign-out", headers=headers).status_code == 204
    assert here.client.get("/v1/me", headers=headers).status_code == 401


def test_the_phone_may_say_its_name_or_else_what_it_is(here: Town) -> None:
    body = {"email": HANAKO, "password": PASSWORD}
    here.client.post("/v1/sign-in", json=body, headers={"User-Agent": "Phone/1"})
    named = here.client.post("/v1/sign-in", json={**body, "label": " 台所の\u0000\u202eタブレット\n"}).json()

    shown = here.client.get("/v1/me/sign-ins", headers={"Authorization": f"Bearer {named['token']}"}).json()
    assert [one["label"] for one in shown["items"]] == ["台所のタブレット", "Phone/1"]


def test_last_use_is_written_once_in_ten_minutes(here: Town) -> None:
    headers = here.headers_of("Hanako")

    def last_used() -> str:
        shown = here.client.get("/v1/me/sign-ins", headers=headers).json()["items"][0]
        return str(shown["last_used_at"])

    signed_in = last_used()
    here.clock.pass_by(timedelta(minutes=9))
    assert last_used() == signed_in
    here.clock.pass_by(timedelta(minutes=1))
    assert last_used() > signed_in


def test_a_hash_of_another_cost_is_renewed_when_its_owner_signs_in(here: Town) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD.encode())
    with here.database.transaction() as connection:
        connection.execute(sa.update(account).where(account.c.email == HANAKO).values(password_hash=cheap))

    assert sign_in_as(here)[0] == 200
    with here.database.transaction() as connection:
        stored = connection.execute(sa.select(account.c.password_hash).where(account.c.email == HANAKO)).scalar_one()
    assert stored != cheap
    assert sign_in_as(here)[0] == 200
