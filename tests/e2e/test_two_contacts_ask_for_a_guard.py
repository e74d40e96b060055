"""Daughter and son press the button at the same time: one guard goes, and both see it. Who is no registered contact
presses in vain; and a button that is pressed twice, or sent again by a bad line, is one.
"""

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.dispatch.tables import incident
from app.households import service as households
from app.households.model import Scope
from app.kit.ids import new_id
from app.programmes import service as programmes
from app.programmes.model import Starter
from tests.e2e.stage import Stage
from tests.e2e.turnout import Turnout, a_turnout, ok
from tests.enrolled import with_dispatch


@pytest.fixture
async def turnout(stage: Stage) -> Turnout:
    return await a_turnout(stage, crews=2)


async def number(turnout: Turnout) -> int:
    """How many turn-outs there ever were."""
    count = sa.select(sa.func.count()).select_from(incident)
    found: int = await turnout.stage.database.read(lambda c: c.execute(count).scalar_one())
    return found


async def test_two_buttons_are_one_turn_out_and_both_see_it(turnout: Turnout) -> None:
    first, second = await asyncio.gather(turnout.ask(turnout.daughter), turnout.ask(turnout.son))

    assert first["id"] == second["id"]
    assert 1 == await number(turnout)
    assert [0] == await turnout.asked()
    await turnout.accept(turnout.crews[0])
    for app in (turnout.daughter, turnout.son):
        assert "1号" == (await turnout.read(app))["unit"]["name"]
        assert [turnout.id] == [one["id"] for one in ok(await app.get("/v1/dispatches?open=true"))["items"]]
    assert ["requested", "offered", "joined", "accepted"] == await turnout.said()


async def test_a_button_pressed_twice_or_sent_again_when_all_is_over_is_one(turnout: Turnout) -> None:
    key, quote = new_id().hex, await turnout.quote()
    body = {"key": key, "quote": quote}
    path = f"/v1/wearers/{turnout.stage.town.hana.id}/dispatches"
    turnout.id = ok(await turnout.daughter.post(path, json=body))["id"]
    assert turnout.id == ok(await turnout.daughter.post(path, json=body))["id"]
    ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "off"}))
    ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "again"}))

    await turnout.stage.pass_by(60)
    again = ok(await turnout.daughter.post(path, json=body))
    assert (turnout.id, "cancelled_before_departure") == (again["id"], again["state"])
    assert 1 == await number(turnout)
    assert ["requested", "offered", "cancelled"] == await turnout.said()
    assert await turnout.usage() is None, "nobody had accepted"


async def cousin(turnout: Turnout) -> httpx.AsyncClient:
    """Somebody whom the family lets see everything of her, and who is on no list of contacts."""
    stage = turnout.stage

    def let_see(c: Any) -> None:
        daughter, other = stage.town.daughter.id, stage.town.outsider.id
        households.give_consent(c, stage.town.hana.id, scopes=list(Scope), account_id=other, by=daughter, now=stage.now)

    await stage.write(let_see)
    app = await stage.sign_in(stage.town.outsider)
    ok(await app.get("/v1/alerts"))
    return app


async def test_who_is_no_registered_contact_presses_and_no_guard_goes(turnout: Turnout) -> None:
    app = await cousin(turnout)
    refused = await turnout.ask(app, status=403)

    assert "Only a registered contact may ask for a guard." == refused["detail"]
    assert (0, []) == (await number(turnout), await turnout.asked())
    stranger = await turnout.stage.sign_in(turnout.stage.town.stranger)
    await turnout.ask(stranger, status=404)
    guard = turnout.crews[0].app
    assert (
        403 == (await guard.post(f"/v1/wearers/{turnout.stage.town.hana.id}/dispatches", json={"key": "k"})).status_code
    )
    assert 0 == await number(turnout)


async def test_who_may_not_ask_may_not_agree_to_one_more_hour_either(turnout: Turnout) -> None:
    app = await cousin(turnout)
    await turnout.ask()
    await turnout.accept(turnout.crews[0])
    await turnout.step(turnout.crews[0], "depart")
    await turnout.stage.pass_by(51)

    answer = await app.post(f"{turnout.path}/hours", json={"key": "k", "hour": 2, "yes": True})
    assert 403 == answer.status_code, answer.text
    assert 1 == (await turnout.read())["hours"]["granted"]


async def test_a_price_that_is_not_the_one_shown_sends_nobody(turnout: Turnout) -> None:
    refused = await turnout.ask(quote="what it cost last year", status=409)

    assert "another one" in refused["detail"]
    assert 0 == await number(turnout)


@pytest.mark.parametrize(
    ("starters", "daughter", "operator"),
    [
        ([Starter.CONTACT], 200, 403),
        ([Starter.OPERATOR], 403, 200),
        ([Starter.SIGNAL], 403, 403),
        ([Starter.NOBODY], 409, 409),
    ],
    ids=["contact", "operator", "signal", "nobody"],
)
async def test_the_scheme_says_who_may_ask(stage: Stage, starters: list[Starter], daughter: int, operator: int) -> None:
    turnout = await a_turnout(stage, 1, with_dispatch(started_by=starters))
    stage = turnout.stage
    await stage.write(lambda c: households.let_in(c, stage.town.hana.id, [stage.town.operator.id], stage.now))
    found = await stage.database.read(lambda c: programmes.quote(c, stage.town.hana.id, stage.now))
    quote = "" if found is None else found.id

    await turnout.ask(turnout.operator, status=operator, quote="")
    if operator == 200:
        ok(await turnout.operator.post(f"{turnout.path}/cancel", json={"key": "off"}))
    await turnout.ask(turnout.daughter, status=daughter, quote=quote)
