"""What changes who may see, changes it with the next request."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.accounts.model import Role
from app.households.model import CONSENT_ROLES
from tests.build import NOW
from tests.contract.permissions.asking import Answer
from tests.contract.permissions.examples import EXAMPLES, KINDS_OF, Request, kinds_in
from tests.contract.permissions.judging import instead, judge
from tests.contract.permissions.ways import SCOPES, VIEWERS, WAYS, Target, Way
from tests.contract.permissions.world import World

OF_A_WEARER = sorted(route for route in EXAMPLES if kinds_in(route) & KINDS_OF[Target.HIDDEN])
READING = [route for route in OF_A_WEARER if route.startswith("GET ")]


async def do(world: World, who: str, route: str, body: Mapping[str, Any] | None = None, **ids: object) -> Answer:
    """Something that somebody does, and that works."""
    method, path = route.split(" ")
    content = msgspec.json.encode(body) if body is not None else b""
    headers = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(content)))
    answer = await world.send(who, Request(method, path.format(**ids), content, headers))

    assert answer.status < 300, answer.text
    return answer


async def test_a_revoked_consent_closes_every_door(world: World) -> None:
    own = world.things[Target.OWN]
    account_id = str(world.people["contact"].id)
    with world.undone():
        listed = await do(world, "family", "GET /v1/wearers/{wearer_id}/consents", **own)
        (consent,) = [one for one in listed.json()["items"] if one["account_id"] == account_id]
        ids = own | {"consent_id": consent["id"]}
        await do(world, "family", "DELETE /v1/wearers/{wearer_id}/consents/{consent_id}", **ids)
        left = instead("contact", Target.OWN, Way.SELF, Way.CONTACT)
        expected, actual = await judge(world, who=["contact"], only=Target.OWN, ways=left)

    assert expected == actual


async def test_a_contact_who_is_taken_off_the_list_sees_nothing(world: World) -> None:
    with world.undone():
        route = "DELETE /v1/wearers/{wearer_id}/contacts/{contact_id}"
        await do(world, "family", route, **world.things[Target.OWN])
        left = instead("contact", Target.OWN, Way.SELF)
        expected, actual = await judge(world, who=["contact"], only=Target.OWN, ways=left)

    assert expected == actual


async def test_who_leaves_the_household_keeps_only_what_another_gave_them_by_name(world: World) -> None:
    with world.undone():
        route = "DELETE /v1/households/{household_id}/members/{account_id}"
        await do(world, "colleague", route, **world.things[Target.OWN])
        left = instead("family", Target.OWN, Way.SELF, Way.TRACK)
        expected, actual = await judge(world, who=["family"], only=Target.OWN, ways=left)

    assert expected == actual


@pytest.mark.parametrize("who", ["family", "contact", "operator", "clerk", "administrator"])
async def test_a_protected_relative_knows_her_no_more_whatever_they_were_to_her(world: World, who: str) -> None:
    own = world.things[Target.OWN]
    body = {"name": "a relative", "account_id": str(world.people[who].id)}
    everybody_else = sorted(VIEWERS.keys() - {who})
    with world.undone():
        made = await do(world, "second administrator", "POST /v1/wearers/{wearer_id}/protections", body, **own)
        none = instead(who, Target.OWN)
        expected, actual = await judge(world, OF_A_WEARER, [who], Target.OWN, none)
        others_expected, others_actual = await judge(world, ["GET /v1/wearers/{wearer_id}"], everybody_else)
        ids = own | {"protection_id": made.json()["id"]}
        route = "DELETE /v1/wearers/{wearer_id}/protections/{protection_id}"
        await do(world, "second administrator", route, **ids)
        again_expected, again_actual = await judge(world, READING, [who], Target.OWN)

    assert expected == actual
    assert others_expected == others_actual
    assert again_expected == again_actual


@pytest.mark.parametrize("role", sorted(CONSENT_ROLES))
async def test_a_consent_to_a_role_lets_in_that_role_of_that_city_and_nobody_else(world: World, role: Role) -> None:
    body = {"role": role, "scopes": ["place", "track", "alerts", "health"]}
    let = {
        who: SCOPES | ({Way.HOUSEHOLD} if role is Role.OPERATOR else set()) for who in VIEWERS if VIEWERS[who] is role
    }
    ways = WAYS | {
        (who, Target.NEIGHBOUR): WAYS.get((who, Target.NEIGHBOUR), frozenset()) | more for who, more in let.items()
    }
    with world.undone():
        await do(world, "neighbour", "POST /v1/wearers/{wearer_id}/consents", body, **world.things[Target.NEIGHBOUR])
        expected, actual = await judge(world, READING, VIEWERS, Target.NEIGHBOUR, ways)

    assert len(let) == 1
    assert expected == actual


@pytest.mark.parametrize(
    ("span", "before", "after"),
    [
        ({"until_at": NOW + timedelta(hours=1)}, {Way.PLACE}, set()),
        ({"from_at": NOW + timedelta(hours=1)}, set(), {Way.PLACE}),
    ],
    ids=["ends", "begins"],
)
async def test_a_consent_counts_from_its_beginning_up_to_its_end(
    world: World, span: dict[str, object], before: set[Way], after: set[Way]
) -> None:
    body = {"account_id": str(world.people["contact"].id), "scopes": ["place"], **span}
    seen = []
    with world.undone():
        await do(world, "neighbour", "POST /v1/wearers/{wearer_id}/consents", body, **world.things[Target.NEIGHBOUR])
        for moment, ways in ((timedelta(minutes=60, microseconds=-1), before), (timedelta(microseconds=1), after)):
            world.clock.pass_by(moment)
            await do(
                world, "contact", "GET /v1/me"
            )  # So that the use of the sign-in is noted, for another ten minutes.
            table = instead("contact", Target.NEIGHBOUR, *ways)
            seen.append(await judge(world, READING, ["contact"], Target.NEIGHBOUR, table))

    for expected, actual in seen:
        assert expected == actual


@pytest.mark.parametrize("how", ["signed out", "disabled", "expired", "password changed elsewhere"])
async def test_who_is_signed_in_no_more_gets_nothing_anywhere(world: World, how: str) -> None:
    with world.undone():
        match how:
            case "signed out":
                await do(world, "operator", "POST /v1/sign-out")
            case "disabled":
                account_id = world.people["operator"].id
                await do(world, "clerk", "PATCH /v1/accounts/{account_id}", {"disabled": True}, account_id=account_id)
            case "expired":
                world.clock.pass_by(timedelta(days=90))
            case _:
                await change_password_elsewhere(world)
        expected, actual = await judge(world, who=["operator"], only=Target.OWN)

    assert dict.fromkeys(expected, 401) == actual


async def change_password_elsewhere(world: World) -> None:
    """The operator signs in on another phone and changes the password there."""
    example = EXAMPLES["POST /v1/me/password"].body
    body = {"email": world.people["operator"].email, "password": example["current"]}
    signed_in = await do(world, "nobody", "POST /v1/sign-in", body)
    world.tokens["operator elsewhere"] = signed_in.json()["token"]
    await do(world, "operator elsewhere", "POST /v1/me/password", example)


async def test_another_role_counts_from_the_next_request(world: World) -> None:
    with world.undone():
        route = "PATCH /v1/accounts/{account_id}"
        await do(world, "clerk", route, {"role": "vendor", "vendor": "Aruku"}, account_id=world.people["operator"].id)
        expected, actual = await judge(world, READING, ["vendor"], Target.NEIGHBOUR)
        _, found = await judge(world, READING, ["operator"], Target.NEIGHBOUR)

    assert expected == actual
    assert {route: status for (route, _, _), status in expected.items()} == {
        route: status for (route, _, _), status in found.items()
    }
