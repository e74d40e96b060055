"""Who hears of what as it happens."""

import msgspec
import pytest

from app.accounts.permissions import allowed
from app.db.session import Hint
from tests.contract.permissions.examples import EXAMPLES, request_of
from tests.contract.permissions.ways import VIEWERS, Target, Way, ways_of
from tests.contract.permissions.world import PLACED, World, latitude

ROUTE = "GET /v1/events"
LISTENING = [who for who, role in VIEWERS.items() if allowed(role, EXAMPLES[ROUTE].action)]


@pytest.mark.parametrize("who", LISTENING)
async def test_that_a_place_has_changed_is_heard_by_those_who_may_see_it(world: World, who: str) -> None:
    """And only that it has: where to is asked for, and that look is noted."""

    def everybody_moves() -> None:
        world.database.tell([Hint("place", str(world.things[target]["wearer_id"])) for target in PLACED])

    with world.undone():
        text = (await world.send(who, request_of(ROUTE, {}), everybody_moves)).text
    heard = [
        msgspec.json.decode(block.partition("data: ")[2])["wearer"]
        for block in text.split("\r\n\r\n")
        if block.startswith("event: place")
    ]

    assert [str(world.things[one]["wearer_id"]) for one in PLACED if Way.PLACE in ways_of(who, one)] == heard
    assert all(str(latitude(target)) not in text for target in PLACED)


async def test_what_happens_to_an_alert_is_heard_by_those_who_may_see_it(world: World) -> None:
    """The family, the contact and the call centre, while somebody else takes it."""
    own = world.things[Target.OWN]
    heard = []
    for who in LISTENING:
        with world.undone():
            taken = await world.send("family", request_of("POST /v1/alerts/{alert_id}/acknowledge", own))
            text = (await world.send(who, request_of(ROUTE, {}))).text
        if '"what":"acknowledged"' in text:
            heard.append(who)

        assert 200 == taken.status
    may = [who for who in LISTENING if Way.ALERTS in ways_of(who, Target.OWN)]

    assert may == heard
