"""Signing in from a browser: cookies, forged requests, and what is left behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from httpx import Response

from app.accounts.auth import CSRF_COOKIE, CSRF_HEADER, SIGN_IN_COOKIE
from app.accounts.tables import sign_in
from app.config import Settings
from tests.contract.web import PASSWORD, Town, town

BODY = {"email": "hanako@example.jp", "password": PASSWORD, "browser": True}


def cookie_of(answer: Response, name: str) -> str:
    return next(line for line in answer.headers.get_list("set-cookie") if line.startswith(name + "="))


@pytest.fixture
def by_https(data_folder: Path) -> Iterator[Town]:
    with town(data_folder, Settings(public_url="https://town.example")) as one:
        yield one


def test_the_token_is_in_a_cookie_that_no_script_can_read_and_nowhere_else(by_https: Town) -> None:
    answer = by_https.client.post("/v1/sign-in", json=BODY)

    token = by_https.client.cookies[SIGN_IN_COOKIE]
    assert answer.status_code == 200
    assert "token" not in answer.json()
    assert token not in answer.text
    written = cookie_of(answer, SIGN_IN_COOKIE).lower()
    assert "httponly" in written
    assert "secure" in written
    assert "samesite=lax" in written
    assert "path=/" in written
    assert "domain" not in written


def test_the_csrf_value_is_told_and_is_a_cookie_that_our_page_can_read(by_https: Town) -> None:
    answer = by_https.client.post("/v1/sign-in", json=BODY)

    assert answer.json()["csrf"] == by_https.client.cookies[CSRF_COOKIE]
    assert "httponly" not in cookie_of(answer, CSRF_COOKIE).lower()
    assert by_https.client.cookies[SIGN_IN_COOKIE] not in answer.json()["csrf"]


def test_without_https_the_cookie_is_not_secure_so_that_a_demo_works(here: Town) -> None:
    answer = here.client.post("/v1/sign-in", json=BODY)

    assert "secure" not in cookie_of(answer, SIGN_IN_COOKIE).lower()


def test_looking_needs_only_the_cookie(here: Town) -> None:
    here.client.post("/v1/sign-in", json=BODY)

    assert here.client.get("/v1/me").status_code == 200


@pytest.mark.parametrize("shown", [None, "", "wrong", "ü", "0" * 64])
def test_changing_something_without_the_csrf_value_is_refused(here: Town, shown: str | None) -> None:
    here.client.post("/v1/sign-in", json=BODY)
    headers = {} if shown is None else {CSRF_HEADER: shown.encode()}

    answer = here.client.patch("/v1/me", json={"name": "Mallory"}, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/not-allowed"
    assert here.client.get("/v1/me").json()["name"] == "Hanako"


def test_changing_something_with_the_csrf_value_works(here: Town) -> None:
    csrf = here.client.post("/v1/sign-in", json=BODY).json()["csrf"]

    answer = here.client.patch("/v1/me", json={"name": "花子"}, headers={CSRF_HEADER: csrf})

    assert answer.status_code == 200
    assert answer.json()["name"] == "花子"


def test_the_csrf_value_of_another_sign_in_does_not_help(here: Town) -> None:
    other = here.client.post("/v1/sign-in", json={**BODY, "email": "taro@example.jp"}).json()["csrf"]
    here.client.post("/v1/sign-in", json=BODY)

    assert here.client.patch("/v1/me", json={"name": "x"}, headers={CSRF_HEADER: other}).status_code == 403


def test_a_wrong_bearer_token_is_not_rescued_by_the_cookie(here: Town) -> None:
    here.client.post("/v1/sign-in", json=BODY)

    assert here.client.get("/v1/me", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_an_app_with_a_bearer_token_needs_no_csrf_value_though_a_cookie_lies_around(here: Town) -> None:
    here.client.post("/v1/sign-in", json=BODY)

    assert here.client.patch("/v1/me", json={"name": "T"}, headers=here.headers_of("Taro")).json()["name"] == "T"
    assert here.client.get("/v1/me").json()["name"] == "Hanako"


def test_a_token_put_into_a_browser_beforehand_is_not_taken_over(here: Town) -> None:
    here.client.cookies.set(SIGN_IN_COOKIE, "chosen-by-somebody-else", domain="town.example")
    here.client.post("/v1/sign-in", json=BODY)
    tokens = [cookie.value for cookie in here.client.cookies.jar if cookie.name == SIGN_IN_COOKIE]

    assert "chosen-by-somebody-else" not in tokens[-1:]
    chosen = here.client.get("/v1/me", headers={"Authorization": "Bearer chosen-by-somebody-else"})
    assert chosen.status_code == 401


def test_signing_in_again_leaves_no_old_sign_in_alive(here: Town) -> None:
    here.client.post("/v1/sign-in", json=BODY)
    old = here.client.cookies[SIGN_IN_COOKIE]
    here.client.post("/v1/sign-in", json=BODY)

    assert here.client.get("/v1/me", headers={"Authorization": f"Bearer {old}"}).status_code == 401
    assert here.client.get("/v1/me").status_code == 200
    with here.database.transaction() as connection:
        alive = sa.select(sa.func.count()).select_from(sign_in).where(sign_in.c.revoked_at.is_(None))
        assert connection.execute(alive).scalar_one() == 1


def test_signing_out_takes_the_cookies_away(here: Town) -> None:
    csrf = here.client.post("/v1/sign-in", json=BODY).json()["csrf"]
    token = here.client.cookies[SIGN_IN_COOKIE]

    answer = here.client.post("/v1/sign-out", headers={CSRF_HEADER: csrf})

    assert answer.status_code == 204
    assert SIGN_IN_COOKIE not in here.client.cookies
    assert CSRF_COOKIE not in here.client.cookies
    assert here.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_sign_a_browser_in(here: Town, site: str) -> None:
    answer = here.client.post("/v1/sign-in", json=BODY, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_a_form_of_another_site_could_send_is_not_read(here: Town, content_type: str) -> None:
    body = f'{{"email": "hanako@example.jp", "password": "{PASSWORD}", "browser": true}}'

    answer = here.client.post("/v1/sign-in", content=body, headers={"Content-Type": content_type})

    assert answer.status_code == 415
    assert answer.json()["type"] == "/problems/unsupported-media-type"
