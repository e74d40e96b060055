"""Holds what happens against what the tables say."""

from collections.abc import Iterable

from app.accounts.permissions import allowed
from tests.contract.permissions.asking import Answer
from tests.contract.permissions.examples import EXAMPLES, request_of, status_of, targets_of
from tests.contract.permissions.ways import EVERYBODY, NOBODY, VIEWERS, WAYS, Target, Way, Ways
from tests.contract.permissions.world import World

Outcomes = dict[tuple[str, str, Target], object]


def expected_of(route: str, who: str, target: Target, ways: Ways = WAYS) -> int:
    """The status that the tables say."""
    example = EXAMPLES[route]
    if who == NOBODY:
        return 401
    if not allowed(VIEWERS[who], example.action):
        return 403
    if not example.needs or example.needs & ways.get((who, target), frozenset()):
        return status_of(route)
    return 404


async def outcome_of(world: World, route: str, who: str, target: Target, refusals: dict[int, Answer]) -> object:
    """The status; or, for a refusal that differs from every other of its status or changed anything, what it was."""
    seen = await world.observe(route, who, target)
    answer, changed = seen.answer, seen.changes
    if answer.status < 400 and answer.status == status_of(route):
        return answer.status
    if answer != refusals.get(answer.status):
        return answer.status, answer.text
    return f"{answer.status}, {changed} rows changed" if changed else answer.status


async def refusals_of(world: World) -> dict[int, Answer]:
    """The one answer for what is not there, for what a role may not do, and for who is not signed in."""
    request = request_of("GET /v1/wearers/{wearer_id}", world.ids("family", Target.UNKNOWN))
    askers = {404: "neighbour", 403: "vendor", 401: NOBODY}
    return {status: await world.send(who, request) for status, who in askers.items()}


async def judge(
    world: World,
    routes: Iterable[str] = tuple(sorted(EXAMPLES)),
    who: Iterable[str] = EVERYBODY,
    only: Target | None = None,
    ways: Ways = WAYS,
) -> tuple[Outcomes, Outcomes]:
    """What should and what does happen, for these routes and people and all targets, or one."""
    refusals = await refusals_of(world)
    cases = [
        (route, one, target)
        for route in routes
        for one in who
        for target in targets_of(route)
        if only in (None, target)
    ]
    expected: Outcomes = {case: expected_of(*case, ways) for case in cases}
    actual: Outcomes = {case: await outcome_of(world, *case, refusals) for case in cases}
    return expected, actual


def instead(who: str, target: Target, *ways: Way) -> Ways:
    """The table with other ways for somebody to a target."""
    return WAYS | {(who, target): frozenset(ways)}
