"""Everybody is asked and all accept in the same instant: one has it, the others read why not, and are free."""

import asyncio
from collections import Counter

from app.dispatch.store import duty
from tests.e2e.stage import Stage
from tests.e2e.turnout import a_turnout

CREWS = 50


async def test_of_fifty_who_accept_at_once_one_goes(stage: Stage) -> None:
    turnout = await a_turnout(stage, CREWS)
    await turnout.ask()
    await stage.pass_by(0.8)
    await stage.pass_by(1.1)
    assert list(range(CREWS)) == await turnout.asked()
    offers = [(crew, (await turnout.offers(crew))[-1]["id"]) for crew in turnout.crews]

    answers = await asyncio.gather(
        *(crew.app.post(f"/v1/offers/{offer}/accept", json={"key": "go"}) for crew, offer in offers)
    )
    assert Counter({200: 1, 409: CREWS - 1}) == Counter(one.status_code for one in answers)
    (winner,) = [crew for (crew, _), answer in zip(offers, answers, strict=True) if answer.status_code == 200]
    assert {"Another unit goes already."} == {one.json()["detail"] for one in answers if one.status_code == 409}
    assert winner.unit.name == (await turnout.read())["unit"]["name"]
    units = [crew.unit.id for crew in turnout.crews]
    assert [winner.unit.id] == list(await stage.database.read(lambda c: duty.tasks(c, units)))
    assert [] == await turnout.asked()
    for crew, offer in offers:
        if crew is winner:
            assert (await crew.app.post(f"/v1/offers/{offer}/accept", json={"key": "go"})).is_success
    assert 1 == (await turnout.said()).count("accepted")
    for crew in turnout.crews[:3]:
        if crew is not winner:
            await turnout.told(crew.guard, "ほかの隊が向かいます")
