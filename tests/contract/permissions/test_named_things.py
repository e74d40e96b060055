"""A request that names two things is answered only where both are one's own, and belong together."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from tests.contract.permissions.asking import Answer
from tests.contract.permissions.examples import EXAMPLES, KINDS_OF, Request, filled, request_of
from tests.contract.permissions.judging import refusals_of
from tests.contract.permissions.ways import VIEWERS, Target
from tests.contract.permissions.world import ELSEWHERE, HERE, NO_CITY, World

PARTS = {"contact_id", "consent_id", "protection_id", "geofence_id"}
OF_TWO = sorted(route for route in EXAMPLES if "{wearer_id}" in route and any(f"{{{part}}}" in route for part in PARTS))


async def send(world: World, who: str, route: str, body: Any, ids: Mapping[str, Any], query: str = "") -> Answer:
    method, path = route.split(" ")
    content = b"" if body is None else msgspec.json.encode(filled(body, ids))
    headers = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(content)))
    request = Request(method, path.format(**ids), content, headers if content else (), query.format(**ids).encode())
    with world.undone():
        return await world.send(who, request)


@pytest.mark.parametrize("route", OF_TWO)
@pytest.mark.parametrize(
    ("of", "part_of"),
    [
        (Target.OWN, Target.NEIGHBOUR),
        (Target.NEIGHBOUR, Target.OWN),
        (Target.OWN, Target.FARAWAY),
        (Target.FARAWAY, Target.OWN),
        (Target.OWN, Target.HIDDEN),
        (Target.OWN, Target.ENDED),
    ],
)
async def test_a_part_of_another_wearer_is_not_there(world: World, route: str, of: Target, part_of: Target) -> None:
    """Also for those who may see both."""
    refusals = await refusals_of(world)
    for who in VIEWERS:
        ids = world.things[of] | {name: world.things[part_of][name] for name in PARTS}
        with world.undone():
            answer = await world.send(who, request_of(route, ids))

        assert answer in (refusals[403], refusals[404]), who


REFUSED: list[tuple[str, str, Any]] = [
    # A device and who is to carry it are of one city, also for who may act in both.
    ("clerk", "PUT /v1/devices/{device_id}/carrier", {"wearer_id": "{faraway_wearer_id}"}),
    ("administrator", "PUT /v1/devices/{device_id}/carrier", {"wearer_id": "{faraway_wearer_id}"}),
    ("clerk", "PUT /v1/devices/{device_id}/carrier", {"wearer_id": "{hidden_wearer_id}"}),
    ("clerk", "PUT /v1/devices/{device_id}/carrier", {"contact_id": "{faraway_contact_id}"}),
    ("administrator", "PUT /v1/devices/{device_id}/carrier", {"contact_id": "{faraway_contact_id}"}),
    ("clerk", "PUT /v1/devices/{device_id}/carrier", {"contact_id": "{hidden_contact_id}"}),
    ("clerk", "PUT /v1/devices/{device_id}/carrier", {"contact_id": "{revoked_contact_id}"}),
    ("clerk", "PUT /v1/devices/{faraway_device_id}/carrier", {"wearer_id": "{wearer_id}"}),
    ("administrator", "PUT /v1/devices/{faraway_device_id}/carrier", {"wearer_id": "{wearer_id}"}),
    # As with a tag and who is to wear it.
    ("clerk", "PUT /v1/tags/{tag_id}/wearer", {"wearer_id": "{faraway_wearer_id}"}),
    ("administrator", "PUT /v1/tags/{tag_id}/wearer", {"wearer_id": "{faraway_wearer_id}"}),
    ("clerk", "PUT /v1/tags/{tag_id}/wearer", {"wearer_id": "{hidden_wearer_id}"}),
    ("clerk", "PUT /v1/tags/{faraway_tag_id}/wearer", {"wearer_id": "{wearer_id}"}),
    ("administrator", "PUT /v1/tags/{faraway_tag_id}/wearer", {"wearer_id": "{wearer_id}"}),
    # As with a tag and the contact who is to carry it.
    ("clerk", "PUT /v1/tags/{tag_id}/contact", {"contact_id": "{faraway_contact_id}"}),
    ("administrator", "PUT /v1/tags/{tag_id}/contact", {"contact_id": "{faraway_contact_id}"}),
    ("clerk", "PUT /v1/tags/{tag_id}/contact", {"contact_id": "{hidden_contact_id}"}),
    ("clerk", "PUT /v1/tags/{tag_id}/contact", {"contact_id": "{revoked_contact_id}"}),
    ("clerk", "PUT /v1/tags/{faraway_tag_id}/contact", {"contact_id": "{contact_id}"}),
    # Who is let see, told or made a member is of the wearer's city.
    ("clerk", "PUT /v1/households/{household_id}/members/{faraway_account_id}", None),
    ("administrator", "PUT /v1/households/{household_id}/members/{faraway_account_id}", None),
    ("clerk", "DELETE /v1/households/{household_id}/members/{neighbour_account_id}", None),
    ("clerk", "POST /v1/households", {"name": "New", "members": ["{faraway_account_id}"]}),
    ("administrator", "POST /v1/households", {"name": "New", "members": ["{account_id}"], "city_id": ELSEWHERE}),
    ("family", "POST /v1/wearers/{wearer_id}/contacts", {"name": "New", "account_id": "{faraway_account_id}"}),
    ("family", "PATCH /v1/wearers/{wearer_id}/contacts/{contact_id}", {"account_id": "{faraway_account_id}"}),
    (
        "family",
        "POST /v1/wearers/{wearer_id}/consents",
        {"account_id": "{faraway_account_id}", "scopes": ["place"]},
    ),
    (
        "clerk",
        "POST /v1/wearers/{wearer_id}/protections",
        {"name": "Uncle", "account_id": "{faraway_account_id}"},
    ),
    # A city that is not one's own, or none.
    ("clerk", "POST /v1/households", {"name": "New", "city_id": ELSEWHERE}),
    ("administrator", "POST /v1/households", {"name": "New", "city_id": NO_CITY}),
    (
        "clerk",
        "POST /v1/devices",
        {"format": "owntracks", "external_id": "new", "name": "New", "city_id": ELSEWHERE},
    ),
    (
        "administrator",
        "POST /v1/devices",
        {"format": "owntracks", "external_id": "new", "name": "New", "city_id": NO_CITY},
    ),
    ("clerk", "POST /v1/tags", EXAMPLES["POST /v1/tags"].body | {"city_id": ELSEWHERE}),
    ("administrator", "POST /v1/tags", EXAMPLES["POST /v1/tags"].body | {"city_id": NO_CITY}),
    ("clerk", "POST /v1/detectors", EXAMPLES["POST /v1/detectors"].body | {"city_id": ELSEWHERE}),
    ("administrator", "POST /v1/detectors", EXAMPLES["POST /v1/detectors"].body | {"city_id": NO_CITY}),
    ("clerk", "POST /v1/accounts", EXAMPLES["POST /v1/accounts"].body | {"city_id": ELSEWHERE}),
    ("administrator", "POST /v1/accounts", EXAMPLES["POST /v1/accounts"].body | {"city_id": NO_CITY}),
    # Administrators are nobody to clerks and operators.
    ("clerk", "GET /v1/accounts/{administrator_id}", None),
    ("operator", "GET /v1/accounts/{administrator_id}", None),
    ("clerk", "PATCH /v1/accounts/{administrator_id}", {"disabled": True}),
]


def named(world: World) -> dict[str, Any]:
    """The own things, and those of others under the names of their targets."""
    ids: dict[str, Any] = {
        f"{target}_{kind}": thing for target, things in world.things.items() for kind, thing in things.items()
    }
    return ids | world.things[Target.OWN] | {"administrator_id": world.people["second administrator"].id}


@pytest.mark.parametrize(("who", "route", "body"), REFUSED)
async def test_a_thing_that_is_named_and_not_theirs_is_like_none(world: World, who: str, route: str, body: Any) -> None:
    answer = await send(world, who, route, body, named(world))

    assert (await refusals_of(world))[404] == answer


@pytest.mark.parametrize(
    ("who", "query", "expected"),
    [
        ("clerk", f"city_id={ELSEWHERE}", 404),
        ("operator", f"city_id={ELSEWHERE}", 404),
        ("clerk", f"city_id={NO_CITY}", 404),
        ("clerk", f"city_id={HERE}", 200),
        ("administrator", f"city_id={ELSEWHERE}", 200),
    ],
)
async def test_accounts_are_listed_of_ones_own_city(world: World, who: str, query: str, expected: int) -> None:
    answer = await send(world, who, "GET /v1/accounts", None, {}, query)

    assert expected == answer.status
    assert expected == 200 or (await refusals_of(world))[404] == answer


@pytest.mark.parametrize("who", ["family", "contact", "operator", "clerk", "administrator"])
async def test_a_household_that_is_not_theirs_has_no_wearers_to_list(world: World, who: str) -> None:
    for target in (Target.NEIGHBOUR, Target.FARAWAY, Target.HIDDEN, Target.UNKNOWN):
        answer = await send(world, who, "GET /v1/wearers", None, world.things[target], "household_id={household_id}")
        theirs = {("clerk", Target.NEIGHBOUR), ("administrator", Target.NEIGHBOUR), ("administrator", Target.FARAWAY)}

        assert ((who, target) in theirs) == bool(answer.json()["items"])


@pytest.mark.parametrize(
    ("who", "route", "body"),
    [
        ("clerk", "POST /v1/accounts", EXAMPLES["POST /v1/accounts"].body | {"role": "administrator"}),
        ("clerk", "PATCH /v1/accounts/{account_id}", {"role": "administrator"}),
        ("clerk", "POST /v1/wearers/{wearer_id}/consents", {"role": "clerk", "scopes": ["place"]}),
        ("clerk", "POST /v1/wearers/{wearer_id}/consents", {"account_id": "{clerk_id}", "scopes": ["place"]}),
        (
            "administrator",
            "POST /v1/wearers/{wearer_id}/contacts",
            {"name": "I", "account_id": "{own_administrator_id}"},
        ),
        ("clerk", "PATCH /v1/wearers/{wearer_id}/contacts/{contact_id}", {"account_id": "{clerk_id}"}),
    ],
)
async def test_nobody_raises_themselves(world: World, who: str, route: str, body: Any) -> None:
    ids = named(world) | {
        "clerk_id": world.people["clerk"].id,
        "own_administrator_id": world.people["administrator"].id,
    }
    answer = await send(world, who, route, body, ids)

    assert (403, "/problems/not-allowed") == (answer.status, answer.json()["type"])


@pytest.mark.parametrize("role", ["family", "vendor", "administrator"])
async def test_a_consent_cannot_name_a_role_of_strangers(world: World, role: str) -> None:
    body = {"role": role, "scopes": ["place"]}
    answer = await send(world, "family", "POST /v1/wearers/{wearer_id}/consents", body, world.things[Target.OWN])

    assert (400, ["role"]) == (answer.status, [one["where"] for one in answer.json()["errors"]])


async def test_a_refusal_because_of_a_protection_does_not_say_so(world: World) -> None:
    """The family's second wearer is hidden from the family itself; a son who is not hidden manages her."""
    hidden = world.things[Target.HIDDEN]
    with world.undone():
        route = "PUT /v1/households/{household_id}/members/{account_id}"
        ids = hidden | {"account_id": world.people["neighbour"].id}
        request = Request(*_path(route, ids))

        assert (await world.send("second administrator", request)).status == 200

        body = {"name": "New", "account_id": str(world.people["family"].id)}
        answer = await send(world, "neighbour", "POST /v1/wearers/{wearer_id}/contacts", body, hidden)

    assert 409 == answer.status
    assert "This cannot be done here. Please ask the city office." == answer.json()["detail"]


def _path(route: str, ids: Mapping[str, Any]) -> tuple[str, str]:
    method, path = route.split(" ")
    return method, path.format(**ids)


def test_the_kinds_that_can_be_revoked_are_those_with_an_end() -> None:
    assert PARTS < KINDS_OF[Target.REVOKED]
