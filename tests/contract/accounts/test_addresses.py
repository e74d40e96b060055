"""Where people are reached: one's own phones."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service
from app.accounts.model import Role
from app.kit.errors import NotSignedIn
from app.kit.ids import AddressId
from app.push import store as push_store
from app.push.model import Address, AddressKind, Channel
from app.push.tables import address
from tests.build import NOW
from tests.contract.web import HERE, PASSWORD, Town, make_account


def register(here: Town, headers: dict[str, str], value: str = "token-1", **more: str) -> dict[str, Any]:
    answer = here.client.post("/v1/me/addresses", json={"kind": "token", "value": value, **more}, headers=headers)
    assert answer.status_code == 201
    return dict(answer.json())


def reached(here: Town, name: str) -> list[Address]:
    account_id = here.people[name].id
    with here.database.transaction() as connection:
        return service.addresses_of(connection, [account_id]).get(account_id, [])


def test_a_registered_phone_is_where_one_is_reached(here: Town) -> None:
    shown = register(here, here.headers_of("Hanako"))

    assert [address.value for address in reached(here, "Hanako")] == ["token-1"]
    assert shown["language"] == "ja"
    assert "token-1" not in str(shown)


def test_a_phone_is_registered_for_push_and_for_no_channel_that_anybody_can_type(here: Town) -> None:
    for channel in Channel:
        body = {"channel": channel.value, "kind": "token", "value": "token-1"}
        answer = here.client.post("/v1/me/addresses", json=body, headers=here.headers_of("Hanako"))

        assert (answer.status_code == 201) == (channel is Channel.FCM)


def test_a_phone_hides_names_and_places_while_it_is_locked_until_its_owner_says_otherwise(here: Town) -> None:
    headers = here.headers_of("Hanako")
    one = register(here, headers)
    where = f"/v1/me/addresses/{one['id']}"

    changed = here.client.patch(where, json={"shows_details": True}, headers=headers).json()
    again = register(here, headers)

    assert [False, True, True] == [shown["shows_details"] for shown in (one, changed, again)]
    assert [True] == [address.shows_details for address in reached(here, "Hanako")]
    back = here.client.patch(where, json={"shows_details": False}, headers=headers)
    assert (200, False) == (back.status_code, back.json()["shows_details"])
    assert 404 == here.client.patch(where, json={"shows_details": True}, headers=here.headers_of("Taro")).status_code


def test_a_phone_that_changed_hands_hides_them_again(here: Town) -> None:
    headers = here.headers_of("Hanako")
    register(here, headers)
    here.client.patch(
        f"/v1/me/addresses/{register(here, headers)['id']}", json={"shows_details": True}, headers=headers
    )

    assert not register(here, here.headers_of("Taro"))["shows_details"]


def test_registering_again_refreshes_the_same_address(here: Town) -> None:
    headers = here.headers_of("Hanako")
    first = register(here, headers)
    here.clock.pass_by(timedelta(days=3))

    again = register(here, headers, language="en")

    assert again["id"] == first["id"]
    assert again["last_seen_at"] > first["last_seen_at"]
    assert again["language"] == "en"
    assert len(here.client.get("/v1/me/addresses", headers=headers).json()["items"]) == 1


def test_an_address_of_a_channel_that_only_a_newer_version_knows_is_left_to_it(here: Town) -> None:
    """A newer process put it beside us: we reach the others, and fail at nothing."""
    headers = here.headers_of("Hanako")
    newer = register(here, headers, value="carrier-1")
    register(here, headers, value="token-1")
    with here.database.transaction() as connection:
        changed = sa.update(address).where(address.c.id == UUID(newer["id"]))
        connection.execute(changed.values(channel="carrier pigeon"))

    assert [address.value for address in reached(here, "Hanako")] == ["token-1"]
    assert len(here.client.get("/v1/me/addresses", headers=headers).json()["items"]) == 1


def test_a_phone_that_was_dead_lives_again_when_it_registers(here: Town) -> None:
    headers = here.headers_of("Hanako")
    shown = register(here, headers)
    with here.database.transaction() as connection:
        push_store.kill_address(connection, AddressId(UUID(shown["id"])), "UNREGISTERED", here.clock())
    assert reached(here, "Hanako") == []

    assert register(here, headers)["id"] == shown["id"]
    assert len(reached(here, "Hanako")) == 1


def test_a_phone_that_changed_hands_moves_and_what_waited_for_it_does_not(here: Town) -> None:
    old = register(here, here.headers_of("Hanako"))

    new = register(here, here.headers_of("Taro"))

    assert new["id"] != old["id"]
    assert reached(here, "Hanako") == []
    assert [address.value for address in reached(here, "Taro")] == ["token-1"]
    with here.database.transaction() as connection:
        dead = sa.select(address.c.dead_since).where(address.c.id == UUID(old["id"]))
        assert connection.execute(dead).scalar_one() == NOW


@pytest.mark.parametrize("how", ["sign out", "end it elsewhere", "new password", "disabled"])
def test_a_phone_whose_sign_in_was_ended_is_told_nothing_more(here: Town, how: str) -> None:
    phone, other = here.headers_of("Hanako"), here.headers_of("Hanako")
    register(here, phone, "token-of-phone")
    register(here, other, "token-of-other")

    if how == "sign out":
        here.client.post("/v1/sign-out", headers=phone)
    elif how == "end it elsewhere":
        shown = here.client.get("/v1/me/sign-ins", headers=other).json()["items"]
        here.client.delete(f"/v1/me/sign-ins/{shown[1]['id']}", headers=other)
    elif how == "new password":
        here.client.post("/v1/me/password", json={"current": PASSWORD, "new": "quite another one"}, headers=other)
    else:
        account_id = here.people["Hanako"].id
        here.client.patch(f"/v1/accounts/{account_id}", json={"disabled": True}, headers=here.headers_of("Clerk"))

    left = [] if how == "disabled" else ["token-of-other"]
    assert [address.value for address in reached(here, "Hanako")] == left


def test_a_phone_that_registers_while_it_is_signed_out_is_told_nothing_more(here: Town) -> None:
    """The request was let in, and the sign-in ended before its transaction."""
    token = here.headers_of("Hanako")["Authorization"].removeprefix("Bearer ")
    with here.database.transaction() as connection:
        viewer = service.viewer_of(connection, token, here.clock())
        assert viewer is not None
        service.sign_out(connection, viewer, here.clock())

        with pytest.raises(NotSignedIn):
            service.add_address(
                connection, viewer.account_id, Channel.FCM, AddressKind.TOKEN, "token-1", "ja", here.clock(),
                viewer.sign_in_id,
            )  # fmt: skip
    assert reached(here, "Hanako") == []


def test_a_sign_in_that_merely_expired_still_hears_alerts(here: Town) -> None:
    register(here, here.headers_of("Hanako"))

    here.clock.pass_by(timedelta(days=400))

    assert len(reached(here, "Hanako")) == 1


def test_ones_own_address_can_be_removed_and_nobody_elses(here: Town) -> None:
    hanako, taro = here.headers_of("Hanako"), here.headers_of("Taro")
    address_id = register(here, hanako)["id"]

    assert here.client.delete(f"/v1/me/addresses/{address_id}", headers=taro).status_code == 404
    assert here.client.delete(f"/v1/me/addresses/{address_id}", headers=hanako).status_code == 204
    assert here.client.delete(f"/v1/me/addresses/{address_id}", headers=hanako).status_code == 404
    assert here.client.get("/v1/me/addresses", headers=hanako).json() == {"items": [], "next": None}


def test_one_account_keeps_the_twenty_phones_that_were_seen_last(here: Town) -> None:
    headers = here.headers_of("Hanako")
    for number in range(22):
        here.clock.pass_by(timedelta(minutes=1))
        register(here, headers, f"token-{number}")

    values = [address.value for address in reached(here, "Hanako")]
    assert values == [f"token-{number}" for number in range(21, 1, -1)]


@pytest.mark.parametrize(
    "body",
    [{"value": ""}, {"value": "a b"}, {"value": "x\n"}, {"value": "x" * 4097}, {"value": "é"}, {"kind": "pigeon"}],
)
def test_what_is_no_address_is_refused(here: Town, body: dict[str, str]) -> None:
    answer = here.client.post(
        "/v1/me/addresses", json={"kind": "token", "value": "x", **body}, headers=here.headers_of("Hanako")
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == next(iter(body))


def test_only_accounts_that_can_be_reached_are_given(connection: Connection) -> None:
    service.create_city(connection, city_id=HERE, name="加古川市", zone="Asia/Tokyo", now=NOW)
    one, two = (make_account(connection, Role.FAMILY, name) for name in ("Hanako", "Taro"))
    address = service.add_address(connection, one.id, Channel.FCM, AddressKind.FID, "fid", "ja", NOW)

    assert service.addresses_of(connection, [one.id, two.id]) == {one.id: [address]}
    assert service.addresses_of(connection, []) == {}
