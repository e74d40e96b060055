"""The permission table tested whole: every route, every role, every target."""

import pytest
from litestar.routes import HTTPRoute

from app.accounts.auth import May
from app.accounts.model import Role
from app.accounts.permissions import PERMISSIONS, Action, allowed
from tests.contract.permissions.examples import EXAMPLES, OPEN, targets_of
from tests.contract.permissions.judging import expected_of, judge
from tests.contract.permissions.ways import VIEWERS
from tests.contract.permissions.world import World


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


@pytest.mark.parametrize(("role", "may"), [(Role.VENDOR, {Action.SELF, Action.CITY_READ})])
def test_a_vendor_may_nothing_of_wearers(role: Role, may: set[Action]) -> None:
    assert {action for action in Action if allowed(role, action)} == may


@pytest.mark.parametrize("role", [Role.POLICE, Role.GUARD, Role.CARE_MANAGER])
def test_who_only_looks_changes_nothing_but_themselves(role: Role) -> None:
    may = {action for action in Action if allowed(role, action)}

    assert {action for action in may if not action.value.endswith(":read")} == {Action.SELF}
