"""What is in an answer that is given: only what may be seen, and every look at a place is noted."""

import pytest
import sqlalchemy as sa

from app.accounts.permissions import allowed
from app.households.tables import look
from tests.contract.permissions.examples import EXAMPLES, request_of, targets_of
from tests.contract.permissions.judging import expected_of
from tests.contract.permissions.ways import VIEWERS, WAYS, Target, Way
from tests.contract.permissions.world import World, latitude

PLACED = (Target.OWN, Target.NEIGHBOUR, Target.FARAWAY, Target.HIDDEN, Target.ENDED)
LISTED = {
    "GET /v1/households": ("household_id", "GET /v1/households/{household_id}"),
    "GET /v1/wearers": ("wearer_id", "GET /v1/wearers/{wearer_id}"),
    "GET /v1/devices": ("device_id", "GET /v1/devices/{device_id}"),
    "GET /v1/alerts": ("alert_id", "GET /v1/alerts/{alert_id}"),
    "GET /v1/events": ("alert_id", "GET /v1/alerts/{alert_id}"),
    "GET /v1/contacts": ("contact_id", "PUT /v1/contacts/{contact_id}/shares-place"),
}
OPERATIONS = {route for route, example in EXAMPLES.items() if example.action.value == "operation"}


def ways_of(who: str, target: Target) -> frozenset[Way]:
    return WAYS.get((who, target), frozenset())


def secrets_of(world: World, who: str) -> set[str]:
    """The ids and names that somebody must not come to know."""
    return {
        word
        for target, things in world.things.items()
        for ways, words in things.words.items()
        if not ways & ways_of(who, target)
        for word in words
    }


@pytest.mark.parametrize("who", VIEWERS)
async def test_no_answer_holds_what_is_not_theirs(world: World, who: str) -> None:
    """Save for administrators, who look after what no rule could digest, whoever's device sent it."""
    secrets = secrets_of(world, who)
    told: dict[tuple[str, Target], set[str]] = {}
    for route in sorted(EXAMPLES.keys() - OPERATIONS):
        for target in targets_of(route):
            request = request_of(route, world.ids(who, target))
            with world.undone():
                text = (await world.send(who, request)).text
            told[route, target] = {word for word in secrets if word in text and word not in request.path}

    assert len(secrets) > 30
    assert {case: words for case, words in told.items() if words} == {}


@pytest.mark.parametrize("route", LISTED)
async def test_a_list_holds_all_that_one_may_ask_for_singly(world: World, route: str) -> None:
    kind, single = LISTED[route]
    targets = [target for target in targets_of(single) if kind in world.things[target]]
    for who in VIEWERS:
        if allowed(VIEWERS[who], EXAMPLES[route].action):
            text = (await world.send(who, request_of(route, {}))).text
            found = {target for target in targets if str(world.ids(who, target)[kind]) in text}

            assert {target for target in targets if expected_of(single, who, target) < 400} == found, who


@pytest.mark.parametrize("who", VIEWERS)
async def test_no_place_leaves_the_house_without_a_row(world: World, who: str) -> None:
    shown: set[str] = set()
    for route in sorted(EXAMPLES):
        for target in targets_of(route):
            with world.undone():
                request = request_of(route, world.ids(who, target))
                text = (await world.send(who, request)).text
                mine = look.c.account_id == world.people[who].id
                looked = set(world.database.connection.execute(sa.select(look.c.wearer_id).where(mine)).scalars())
            for placed in PLACED:
                if str(latitude(placed)) in text:
                    shown.add(route)

                    assert ways_of(who, placed) & {Way.PLACE, Way.TRACK}, (route, target)
                    assert world.things[placed]["wearer_id"] in looked, (route, target)
    routes = {"GET /v1/wearers/{wearer_id}/position": {Way.PLACE}, "GET /v1/wearers/{wearer_id}/track": {Way.TRACK}}

    assert {route for route, ways in routes.items() if ways <= ways_of(who, Target.OWN) and may(who, route)} == {
        route for route in shown if route in routes
    }


def may(who: str, route: str) -> bool:
    return allowed(VIEWERS[who], EXAMPLES[route].action)


@pytest.mark.parametrize("who", VIEWERS)
async def test_a_look_at_health_is_shown_only_by_consent(world: World, who: str) -> None:
    route = "GET /v1/devices/{device_id}"
    answer = await world.send(who, request_of(route, world.ids(who, Target.OWN)))
    steps = answer.json()["health"]["steps"] if answer.status == 200 else None

    assert (4711 if Way.HEALTH in ways_of(who, Target.OWN) and may(who, route) else None) == steps
