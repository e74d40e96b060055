"""The permission table tested whole: every route, every role, every target."""

import pytest
from litestar.routes import HTTPRoute

from app.accounts.auth import May
from app.accounts.model import Role
from app.accounts.permissions import PERMISSIONS, Action, allowed
from tests.contract.permissions.examples import EXAMPLES, OPEN, request_of, targets_of
from tests.contract.permissions.judging import expected_of, judge
from tests.contract.permissions.ways import VIEWERS, Target, Way, ways_of
from tests.contract.permissions.world import PLACED, World, latitude

LISTED = {
    "GET /v1/households": ("household_id", "GET /v1/households/{household_id}"),
    "GET /v1/wearers": ("wearer_id", "GET /v1/wearers/{wearer_id}"),
    "GET /v1/devices": ("device_id", "GET /v1/devices/{device_id}"),
    "GET /v1/tags": ("tag_id", "GET /v1/tags/{tag_id}"),
    "GET /v1/detectors": ("detector_id", "GET /v1/detectors/{detector_id}"),
    "GET /v1/detectors/states": ("detector_id", "GET /v1/detectors/{detector_id}"),
    "GET /v1/alerts": ("alert_id", "GET /v1/alerts/{alert_id}"),
    "GET /v1/companies": ("company_id", "GET /v1/companies/{company_id}"),
    "GET /v1/units": ("unit_id", "GET /v1/units/{unit_id}"),
    "GET /v1/dispatches": ("dispatch_id", "GET /v1/dispatches/{dispatch_id}"),
    "GET /v1/boards": ("thread_id", "GET /v1/boards/{thread_id}"),
    "GET /v1/searches": ("search_id", "GET /v1/searches/{search_id}"),
    "GET /v1/billing/documents": ("document_id", "GET /v1/billing/documents/{document_id}"),
    "GET /v1/events": ("alert_id", "GET /v1/alerts/{alert_id}"),
    "GET /v1/contacts": ("contact_id", "PUT /v1/contacts/{contact_id}/shares-place"),
}
OPERATIONS = {route for route, example in EXAMPLES.items() if example.action.value == "operation"}


@pytest.mark.parametrize("route", sorted(EXAMPLES))
async def test_who_gets_what(world: World, route: str) -> None:
    """Whoever may not, is told the same for what is another's, hidden, ended or unknown, byte for byte."""
    expected, actual = await judge(world, [route])

    assert expected == actual


def test_every_route_has_an_example_or_is_known_to_be_open(world: World) -> None:
    routes = {
        f"{method} {route.path_format}": handler
        for route in world.app.litestar.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS"}
    }
    actions = {
        name: [guard.action for guard in handler.guards or () if isinstance(guard, May)]
        for name, handler in routes.items()
    }

    assert EXAMPLES.keys() | OPEN == routes.keys()
    assert {name: [example.action] for name, example in EXAMPLES.items()} | {name: [] for name in OPEN} == actions


def test_every_action_is_asked_for_somewhere() -> None:
    assert set(Action) == PERMISSIONS.keys() == {example.action for example in EXAMPLES.values()}


def test_the_cast_has_every_role_and_every_route_is_granted_to_somebody() -> None:
    granted = {
        route
        for route in EXAMPLES
        for who in VIEWERS
        for target in targets_of(route)
        if expected_of(route, who, target) < 400
    }

    assert set(Role) == set(VIEWERS.values())
    assert EXAMPLES.keys() == granted


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.VENDOR, {Action.SELF, Action.CITY_READ, Action.PASSAGE_READ, Action.FEED_READ, Action.FEED_WRITE})],
)
def test_a_vendor_may_nothing_of_wearers(role: Role, may: set[Action]) -> None:
    assert {action for action in Action if allowed(role, action)} == may


@pytest.mark.parametrize("role", [Role.POLICE, Role.GUARD, Role.CARE_MANAGER])
def test_who_only_looks_changes_nothing_but_themselves(role: Role) -> None:
    may = {action for action in Action if allowed(role, action)}

    sent = {Action.OWN_DUTY, Action.DISPATCH_GO, Action.DISPATCH_RETURN} if role is Role.GUARD else set()
    assert {action for action in may if not action.value.endswith(":read")} == {Action.SELF} | sent


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
            text = (await world.observe(route, who, target)).answer.text
            asked = request_of(route, world.ids(who, target)).path
            told[route, target] = {word for word in secrets if word in text and word not in asked}

    assert len(secrets) > 30
    assert {case: words for case, words in told.items() if words} == {}


@pytest.mark.parametrize("route", LISTED)
async def test_a_list_holds_all_that_one_may_ask_for_singly(world: World, route: str) -> None:
    kind, single = LISTED[route]
    targets = [target for target in targets_of(single) if kind in world.things[target]]
    for who in VIEWERS:
        if allowed(VIEWERS[who], EXAMPLES[route].action):
            text = (await world.observe(route, who, Target.OWN)).answer.text
            found = {target for target in targets if str(world.ids(who, target)[kind]) in text}

            assert {target for target in targets if expected_of(single, who, target) < 400} == found, who


@pytest.mark.parametrize("who", VIEWERS)
async def test_no_place_leaves_the_house_without_a_row(world: World, who: str) -> None:
    shown: set[str] = set()
    for route in sorted(EXAMPLES):
        for target in targets_of(route):
            seen = await world.observe(route, who, target)
            for placed in PLACED:
                if str(latitude(placed)) in seen.answer.text:
                    shown.add(route)

                    assert ways_of(who, placed) & {Way.PLACE, Way.TRACK}, (route, target)
                    assert world.things[placed]["wearer_id"] in seen.looked, (route, target)
    always = {
        "GET /v1/wearers/{wearer_id}/position",
        "GET /v1/wearers/{wearer_id}/track",
        "GET /v1/searches/{search_id}",
        "GET /v1/searches/{search_id}/map",
        "GET /v1/searches/{search_id}/sectors",
    }

    assert {route for route in always if expected_of(route, who, Target.OWN) < 400} == always & shown


@pytest.mark.parametrize("who", VIEWERS)
async def test_what_a_device_says_of_its_wearer_is_shown_only_by_consent(world: World, who: str) -> None:
    route = "GET /v1/devices/{device_id}"
    answer = (await world.observe(route, who, Target.OWN)).answer
    steps = answer.json()["health"]["steps"] if answer.status == 200 else None
    may_know = Way.HEALTH in ways_of(who, Target.OWN) and allowed(VIEWERS[who], EXAMPLES[route].action)

    assert (4711 if may_know else None) == steps
