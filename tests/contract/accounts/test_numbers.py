"""One's own telephone numbers: only who can read what is sent there makes it an address of theirs."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service
from app.accounts.model import Role, Viewer
from app.accounts.numbers import recipient
from app.accounts.service.numbers import BY_ONE_ACCOUNT, NUMBERS_MAX, TO_ONE_NUMBER
from app.config import Settings
from app.db.engine import Database
from app.kit.clock import system_clock
from app.kit.errors import InvalidInput, TooMany
from app.kit.ids import SignInId, new_id
from app.push import codes, tables
from app.push.channels.webhook.sender import GatewaySender
from app.push.channels.webhook.signing import gateway_secret
from app.push.codes import Codes
from app.push.deliver import deliver_due
from app.push.model import Address, Channel
from tests.build import NOW
from tests.contract.push.gateway import Gateway, a_gateway
from tests.contract.web import HERE, Town, make_account, town

SECRET = b"0123456789abcdef0123456789abcdef"
NUMBER = "090-1234-5678"
SECOND = timedelta(seconds=1)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with a_gateway({"sms": gateway_secret(SECRET, "sms")}) as gateway:
        yield gateway


@pytest.fixture
def here(data_folder: Path, gateway: Gateway) -> Iterator[Town]:
    settings = Settings(gateways={"sms": f"{gateway.url}/sms", "line": f"{gateway.url}/line"})
    with town(data_folder, settings, detector_secret=SECRET) as one:
        yield one


def register(here: Town, name: str = "Hanako", to: str = NUMBER, gateway: str = "sms") -> Any:
    return here.client.post("/v1/me/numbers", json={"gateway": gateway, "to": to}, headers=here.headers_of(name))


def give(here: Town, shown: Any, code: str, name: str = "Hanako") -> Any:
    path = f"/v1/me/addresses/{shown['id']}/code"
    return here.client.post(path, json={"code": code}, headers=here.headers_of(name))


def code_of(here: Town, data_folder: Path, gateway: Gateway) -> str:
    """The code that the telephone shows which was sent to last."""

    async def deliver() -> None:
        database = Database(data_folder)
        database.start()
        sender = GatewaySender({"sms": f"{gateway.url}/sms"}, SECRET, system_clock, timeout_s=5)
        await deliver_due(database, {Channel.WEBHOOK: sender}, here.clock)
        await sender.close()
        await database.stop()

    asyncio.run(deliver())
    told = gateway.taken[-1][1]["data"]
    assert "+819012345678" == told["to"]
    (code,) = {word for word in told["body"].split() if word.isdecimal() and len(word) == 6}
    assert code in told["title"]
    return code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def reached(here: Town, name: str = "Hanako") -> list[Address]:
    account_id = here.people[name].id
    with here.database.transaction() as connection:
        return service.addresses_of(connection, [account_id]).get(account_id, [])


def test_a_number_is_an_address_once_the_code_that_was_sent_there_came_back(
    here: Town, data_folder: Path, gateway: Gateway
) -> None:
    shown = register(here).json()
    assert not shown["confirmed_at"]
    assert [] == reached(here)

    code = code_of(here, data_folder, gateway)
    before = give(here, shown, wrong(code)).json()
    after = give(here, shown, code).json()

    assert (None, "+819012345678") == (before["confirmed_at"], before["value"])
    assert after["confirmed_at"]
    (address,) = reached(here)
    assert {"to": "+819012345678"} == address.keys
    assert address.value.startswith("sms:")


def test_the_code_is_nowhere_in_the_database(here: Town, data_folder: Path, gateway: Gateway) -> None:
    register(here)
    code = code_of(here, data_folder, gateway)

    with here.database.transaction() as connection:
        rows = [*connection.execute(sa.select(tables.message)), *connection.execute(sa.select(tables.address))]
    stored = [(row._mapping.get("params"), row._mapping.get("keys"), row._mapping.get("unique_key")) for row in rows]
    assert 2 == len(stored)
    assert code not in str(stored)


def test_a_code_is_of_one_registration_only(here: Town, data_folder: Path, gateway: Gateway) -> None:
    """Who had the number before knows an old code of it; who registers it for another account has not seen hers."""
    first = register(here).json()
    old = code_of(here, data_folder, gateway)
    here.clock.pass_by(timedelta(minutes=1))
    again, others = register(here).json(), register(here, "Taro").json()

    assert first["id"] == again["id"]
    assert not give(here, again, old).json()["confirmed_at"]
    assert not give(here, others, old, "Taro").json()["confirmed_at"]


def test_two_people_share_one_telephone_and_neither_takes_it_from_the_other(
    here: Town, data_folder: Path, gateway: Gateway
) -> None:
    for name in ("Hanako", "Taro"):
        shown = register(here, name).json()
        give(here, shown, code_of(here, data_folder, gateway), name)
        here.clock.pass_by(timedelta(minutes=1))

    assert ["+819012345678"] * 2 == [one.keys["to"] for name in ("Hanako", "Taro") for one in reached(here, name)]


def test_after_five_wrong_codes_the_right_one_comes_too_late(here: Town, data_folder: Path, gateway: Gateway) -> None:
    shown = register(here).json()
    code = code_of(here, data_folder, gateway)

    statuses = [give(here, shown, wrong(code)).status_code for _ in range(codes.TRIES_MAX)]

    assert [200] * codes.TRIES_MAX == statuses
    assert 409 == give(here, shown, code).status_code
    assert [] == reached(here)


def test_no_test_goes_to_a_number_that_may_be_somebody_elses(here: Town, data_folder: Path, gateway: Gateway) -> None:
    shown = register(here).json()
    path, headers = f"/v1/me/addresses/{shown['id']}/test", here.headers_of("Hanako")
    code = code_of(here, data_folder, gateway)

    before = here.client.post(path, headers=headers)
    give(here, shown, code)
    after = here.client.post(path, headers=headers)

    assert (409, 202) == (before.status_code, after.status_code)


def test_a_code_lasts_ten_minutes(here: Town, data_folder: Path, gateway: Gateway) -> None:
    shown = register(here).json()
    code = code_of(here, data_folder, gateway)
    here.clock.pass_by(codes.LASTS)

    assert 409 == give(here, shown, code).status_code


def test_a_number_that_is_not_ones_own_cannot_be_called_again_and_again(here: Town) -> None:
    for name in ("Hanako", "Taro", "Hanako"):
        assert 201 == register(here, name).status_code
        here.clock.pass_by(timedelta(minutes=1))

    refused = register(here, "Taro")

    assert 429 == refused.status_code
    assert "3420" == refused.headers["retry-after"]
    here.clock.pass_by(TO_ONE_NUMBER.within)
    assert 201 == register(here, "Taro").status_code


def test_an_account_gets_ten_codes_a_day_whatever_it_removes(here: Town) -> None:
    headers = here.headers_of("Hanako")
    for last in range(BY_ONE_ACCOUNT.codes):
        shown = register(here, to=f"+8190000000{last:02}").json()
        here.client.delete(f"/v1/me/addresses/{shown['id']}", headers=headers)

    assert 429 == register(here, to="+819000000099").status_code


def test_an_account_has_five_numbers_at_most(here: Town) -> None:
    statuses = [register(here, to=f"+8190000000{last:02}").status_code for last in range(NUMBERS_MAX + 1)]

    assert [*[201] * NUMBERS_MAX, 409] == statuses


def test_a_number_that_was_removed_must_be_confirmed_again(here: Town, data_folder: Path, gateway: Gateway) -> None:
    shown = register(here).json()
    give(here, shown, code_of(here, data_folder, gateway))
    here.client.delete(f"/v1/me/addresses/{shown['id']}", headers=here.headers_of("Hanako"))
    here.clock.pass_by(timedelta(minutes=1))

    assert not register(here).json()["confirmed_at"]
    assert [] == reached(here)


def test_a_confirmed_number_that_is_registered_again_stays_so_and_costs_no_code(
    here: Town, data_folder: Path, gateway: Gateway
) -> None:
    shown = register(here).json()
    give(here, shown, code_of(here, data_folder, gateway))
    here.clock.pass_by(timedelta(minutes=1))

    again = [register(here).json() for _ in range(5)]

    assert {shown["id"]} == {one["id"] for one in again if one["confirmed_at"]}
    assert 1 == len(gateway.taken)


def test_new_phones_do_not_push_out_a_number(here: Town, data_folder: Path, gateway: Gateway) -> None:
    shown = register(here).json()
    give(here, shown, code_of(here, data_folder, gateway))
    for number in range(25):
        here.clock.pass_by(timedelta(seconds=1))
        body = {"kind": "token", "value": f"token-{number}"}
        here.client.post("/v1/me/addresses", json=body, headers=here.headers_of("Hanako"))

    channels = [one.channel for one in reached(here)]
    assert (20, 1) == (channels.count(Channel.FCM), channels.count(Channel.WEBHOOK))


def test_stores_of_both_databases_count_codes_and_tries(connection: Connection) -> None:
    service.create_city(connection, city_id=HERE, name="町", zone="Asia/Tokyo", now=NOW)
    account = make_account(connection, Role.FAMILY, "Hanako")
    viewer = Viewer(account_id=account.id, city_id=HERE, role=Role.FAMILY, name="Hanako", sign_in_id=SignInId(new_id()))
    made, later = Codes(SECRET), NOW + timedelta(minutes=1)

    address = service.add_number(connection, viewer, "sms", "+819012345678", "ja", NOW)
    code = made.of(address.id, NOW)
    before = service.confirm(connection, viewer, address.id, wrong(code), made, later)
    for moment in (later, later + SECOND):
        service.add_number(connection, viewer, "sms", "+819012345678", "ja", moment)
    with pytest.raises(TooMany):
        service.add_number(connection, viewer, "sms", "+819012345678", "ja", later + 2 * SECOND)
    last = made.of(address.id, later + SECOND)
    after = service.confirm(connection, viewer, address.id, last, made, later + 2 * SECOND)

    assert (False, "1", True) == (before.is_usable, before.keys["tries"], after.is_usable)
    assert [after] == service.addresses_of(connection, [account.id])[account.id]


def test_gateways_are_those_of_the_settings(here: Town) -> None:
    headers = here.headers_of("Hanako")

    assert ["line", "sms"] == here.client.get("/v1/gateways", headers=headers).json()["items"]
    assert 400 == register(here, gateway="voice").status_code
    assert 400 == register(here, to="090-1234-5678", gateway="line").status_code
    assert 201 == register(here, to="U" + "0a" * 16, gateway="line").status_code


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("090-1234-5678", "+819012345678"),
        ("０９０－１２３４－５６７８", "+819012345678"),
        ("(079) 123 4567", "+81791234567"),
        ("+81 90 1234 5678", "+819012345678"),
        ("+81 (0)90-1234-5678", "+819012345678"),
        ("+1 415 555 0100", "+14155550100"),
    ],
)
def test_a_number_has_one_spelling(text: str, number: str) -> None:
    assert number == recipient("sms", text)


@pytest.mark.parametrize("text", ["110", "0090-1234", "+0123456789", "090-1234-567x", "+8190123456789012", "", "line"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        recipient("sms", text)
