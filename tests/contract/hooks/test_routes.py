"""A vendor sets its hook up, sees how it is, and tries it out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import Role
from app.config import InvalidSettings, Settings, load
from app.history import service as history
from app.hooks import store
from tests.build import VENDOR
from tests.contract.push.gateway import Gateway, a_gateway
from tests.contract.web import HERE, Town, town

SECRET = b"0123456789abcdef0123456789abcdef"
HOOK, TEST = "/v1/me/hook", "/v1/me/hook/test"


class There(Struct, kw_only=True):
    """The town, and a vendor that is signed in."""

    town: Town
    account: Any
    headers: dict[str, str]
    server: Gateway

    def put(self, path: str = "vendor", **more: object) -> dict[str, Any]:
        body = {"url": f"{self.server.url}/{path}", **more}
        answer = self.town.client.put(HOOK, json=body, headers=self.headers)
        assert answer.status_code == 200
        self.server.secrets[path] = answer.json()["secret"]
        return dict(answer.json())

    def get(self) -> dict[str, Any]:
        return dict(self.town.client.get(HOOK, headers=self.headers).json())

    def test(self) -> Any:
        return self.town.client.post(TEST, headers=self.headers)

    def cursor(self) -> int:
        with self.town.database.transaction() as connection:
            hook = store.of_account(connection, self.account.id)
        assert hook is not None
        return hook.cursor


@pytest.fixture
def server() -> Iterator[Gateway]:
    with a_gateway({}, by_its_clock=False) as server:
        yield server


@pytest.fixture
def there(data_folder: Path, server: Gateway) -> Iterator[There]:
    settings = Settings(webhook_hosts=f"hooks.example.jp, {server.url}")
    with town(data_folder, settings, detector_secret=SECRET) as here:
        with here.database.transaction() as connection:
            vendor = accounts.add_account(
                connection, city_id=HERE, email="vendor@example.jp", name="Vendor", role=Role.VENDOR,
                password_hash="-", language="ja", vendor=VENDOR, now=here.clock(),
            )  # fmt: skip
            token = accounts.start_sign_in(connection, vendor.id, "server", here.clock(), 90)
        yield There(town=here, account=vendor, headers={"Authorization": f"Bearer {token}"}, server=server)


def test_the_secret_of_a_hook_is_shown_once_and_what_is_posted_is_signed_with_it(there: There) -> None:
    assert there.get()["url"] is None
    made = there.put()

    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in str(there.get())
    assert {"ok": True, "error": None} == there.test().json()
    ((path, told),) = there.server.taken
    assert ("vendor", "test") == (path, told["type"])


def test_a_hook_that_is_set_up_anew_has_another_secret_and_goes_on_from_where_it_was(there: There) -> None:
    first = there.put(after=history.cursor_of(41))
    second = there.put("moved")

    assert first["secret"] != second["secret"]
    assert 41 == there.cursor()
    there.put(after=history.cursor_of(7))
    assert 7 == there.cursor()


def test_a_test_says_what_is_wrong_and_comes_once_a_minute(there: There) -> None:
    assert {"ok": False, "error": "There is no hook."} == there.test().json()
    there.put()
    there.server.secrets.clear()

    assert {"ok": False, "error": "HTTP 401"} == there.test().json()
    again = there.test()
    assert 429 == again.status_code
    assert "60" == again.headers["retry-after"]
    there.town.clock.pass_by(timedelta(minutes=1))
    assert 200 == there.test().status_code


def test_a_hook_that_was_removed_is_gone(there: There) -> None:
    there.put()

    assert 204 == there.town.client.delete(HOOK, headers=there.headers).status_code
    assert there.get()["url"] is None
    assert 204 == there.town.client.delete(HOOK, headers=there.headers).status_code


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example.jp/",
        "http://hooks.example.jp/",
        "https://hooks.example.jp@127.0.0.1/",
        "https://hooks.example.jp:8443/",
        "https://hooks.example.jp.evil.example/",
        "https://127.0.0.1/",
        "http://169.254.169.254/latest",
        "https://hooks.example.jp/#\\@127.0.0.1/",
        "file:///etc/passwd",
        "x",
    ],
)
def test_nothing_is_posted_to_a_host_that_the_town_does_not_allow(there: There, url: str) -> None:
    answer = there.town.client.put(HOOK, json={"url": url}, headers=there.headers)

    assert (400, "url") == (answer.status_code, answer.json()["errors"][0]["where"])


@pytest.mark.parametrize("hosts", ["https://hooks.example.jp", "hooks", "a.example.jp,", "http://hooks.example.jp"])
def test_a_list_of_hosts_that_cannot_be_meant_is_refused(hosts: str) -> None:
    with pytest.raises(InvalidSettings, match="webhook_hosts"):
        load({"MIMAMORI_WEBHOOK_HOSTS": hosts})
