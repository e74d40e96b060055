"""A browser subscribes to our key and registers where it is reached."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.push.channels.webpush.vapid import public_key_of
from app.push.tables import address
from tests.contract.web import Town, town
from tests.webpush import Browser

SECRET = b"s" * 32
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc:def"
BROWSER = Browser()
BODY: dict[str, Any] = {"channel": "webpush", "kind": "subscription", "value": ENDPOINT, "keys": BROWSER.keys}


@pytest.fixture
def here(data_folder: Path) -> Iterator[Town]:
    with town(data_folder, Settings(webpush_contact="mailto:office@example.jp"), detector_secret=SECRET) as one:
        yield one


def test_a_browser_that_registered_is_where_one_is_reached_and_its_keys_are_not_shown(here: Town) -> None:
    headers = here.headers_of("Hanako")

    answer = here.client.post("/v1/me/addresses", json=BODY, headers=headers)

    assert 201 == answer.status_code
    assert ("webpush", "subscription") == (answer.json()["channel"], answer.json()["kind"])
    for text in (answer.text, here.client.get("/v1/me/addresses", headers=headers).text):
        assert not any(secret in text for secret in (ENDPOINT, *BROWSER.keys.values()))
    with here.database.transaction() as connection:
        assert BROWSER.keys == connection.execute(sa.select(address.c["keys"])).scalar_one()


def test_a_browser_that_registers_again_with_new_keys_is_sealed_for_with_those(here: Town) -> None:
    headers, fresh = here.headers_of("Hanako"), Browser()
    here.client.post("/v1/me/addresses", json=BODY, headers=headers)

    here.client.post("/v1/me/addresses", json={**BODY, "keys": fresh.keys}, headers=headers)

    with here.database.transaction() as connection:
        assert fresh.keys == connection.execute(sa.select(address.c["keys"])).scalar_one()


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("value", {"value": "https://evil.example/fcm.googleapis.com"}),
    ("value", {"value": "http://fcm.googleapis.com/x"}),
    ("value", {"value": "http://127.0.0.1:8000/v1/me"}),
    ("keys.p256dh", {"keys": {**BROWSER.keys, "p256dh": BROWSER.keys["auth"]}}),
    ("keys.auth", {"keys": {**BROWSER.keys, "auth": "AAAA"}}),
    ("keys.auth", {"keys": {"p256dh": BROWSER.keys["p256dh"]}}),
    ("keys", {"keys": "p256dh"}),
    ("kind", {"kind": "token"}),
    ("kind", {"channel": "fcm"}),
    ("keys", {"channel": "fcm", "kind": "token"}),
    ("channel", {"channel": "pigeon"}),
]


@pytest.mark.parametrize(("where", "change"), WRONG)
def test_what_cannot_be_sent_to_is_refused_and_the_answer_says_why(
    here: Town, where: str, change: dict[str, Any]
) -> None:
    answer = here.client.post("/v1/me/addresses", json={**BODY, **change}, headers=here.headers_of("Hanako"))

    assert 400 == answer.status_code
    (error,) = answer.json()["errors"]
    assert error["where"].startswith(where.partition(".")[0])
    assert error["why"]


def test_a_subscription_without_keys_is_refused(here: Town) -> None:
    body = {name: value for name, value in BODY.items() if name != "keys"}

    answer = here.client.post("/v1/me/addresses", json=body, headers=here.headers_of("Hanako"))

    assert (400, "keys") == (answer.status_code, answer.json()["errors"][0]["where"])


def test_a_browser_is_given_the_key_of_the_installation(here: Town) -> None:
    answer = here.client.get("/v1/push/key", headers=here.headers_of("Hanako"))

    assert {"key": public_key_of(SECRET)} == answer.json()


def test_where_it_is_not_set_up_there_is_no_key_and_no_browser_is_taken(data_folder: Path) -> None:
    with town(data_folder) as plain:
        headers = plain.headers_of("Hanako")

        assert {"key": None} == plain.client.get("/v1/push/key", headers=headers).json()
        answer = plain.client.post("/v1/me/addresses", json=BODY, headers=headers)
        assert (400, "channel") == (answer.status_code, answer.json()["errors"][0]["where"])
