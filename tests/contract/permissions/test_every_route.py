"""The permission table tested whole: every route, every role, every target."""

from collections.abc import Iterable

import pytest
from litestar.routes import HTTPRoute

from app.accounts.auth import May
from app.accounts.permissions import allowed
from tests.contract.permissions.asking import Answer
from tests.contract.permissions.examples import EXAMPLES, OPEN, request_of, status_of, targets_of
from tests.contract.permissions.ways import EVERYBODY, NOBODY, VIEWERS, WAYS, Target, Ways
from tests.contract.permissions.world import World

ROUTES = sorted(EXAMPLES)
Outcomes = dict[tuple[str, Target], object]


def expected_of(who: str, target: Target, route: str, ways: Ways = WAYS) -> int:
    """What the tables say."""
    example = EXAMPLES[route]
    if who == NOBODY:
        return 401
    if not allowed(VIEWERS[who], example.action):
        return 403
    if not example.needs or example.needs & ways.get((who, target), frozenset()):
        return status_of(route)
    return 404


async def outcome_of(world: World, who: str, target: Target, route: str, refusals: dict[int, Answer]) -> object:
    """The status; or, for a refusal that differs from every other of its status or changed anything, what it was."""
    with world.undone():
        before = world.database.changes
        answer = await world.send(who, request_of(route, world.ids(who, target)))
        changed = world.database.changes - before
    if answer.status < 400 and answer.status == status_of(route):
        return answer.status
    if answer != refusals.get(answer.status):
        return answer.status, answer.text
    return f"{answer.status}, {changed} rows changed" if changed else answer.status


async def refusals_of(world: World) -> dict[int, Answer]:
    """The one answer for what is not there, for what a role may not do, and for who is not signed in."""
    route = "GET /v1/wearers/{wearer_id}"
    askers = {404: "family", 403: "vendor", 401: NOBODY}
    request = request_of(route, world.ids("family", Target.UNKNOWN))
    return {status: await world.send(who, request) for status, who in askers.items()}


async def compare(
    world: World, route: str, who: Iterable[str] = EVERYBODY, only: Target | None = None, ways: Ways = WAYS
) -> tuple[Outcomes, Outcomes]:
    """What should and what does happen, for everybody and all targets."""
    refusals = await refusals_of(world)
    pairs = [(one, target) for one in who for target in targets_of(route) if only in (None, target)]
    expected = {pair: expected_of(*pair, route, ways) for pair in pairs}
    actual = {pair: await outcome_of(world, *pair, route, refusals) for pair in pairs}
    return expected, actual


@pytest.mark.parametrize("route", ROUTES)
async def test_who_gets_what(world: World, route: str) -> None:
    """Whoever may not, is told the same for what is theirs, another's, hidden, ended or unknown, byte for byte."""
    expected, actual = await compare(world, route)

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
