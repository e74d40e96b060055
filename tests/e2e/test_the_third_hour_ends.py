"""A guard looks for her and does not find her. Before each hour is over the family is asked for one more; the scheme
allows three. Then the search ends, and everybody who must go on hears it.
"""

import asyncio
from datetime import date

import pytest

from app.programmes.model import Payer
from tests.build import minutes
from tests.e2e.stage import Stage
from tests.e2e.test_the_free_turn_outs_of_a_year import lines
from tests.e2e.turnout import Turnout, a_turnout, ok


@pytest.fixture
async def turnout(stage: Stage) -> Turnout:
    """A guard who looks for her."""
    one = await a_turnout(stage, crews=2)
    await one.ask()
    await one.accept(one.crews[0])
    for step in ("depart", "arrive", "search"):
        await one.step(one.crews[0], step)
    return one


async def answer(turnout: Turnout, hour: int, *, yes: bool = True, status: int = 200) -> None:
    body = {"key": f"hour-{hour}-{yes}", "hour": hour, "yes": yes}
    answered = await turnout.daughter.post(f"{turnout.path}/hours", json=body)
    assert status == answered.status_code, answered.text


async def test_it_is_asked_before_each_further_hour_and_ends_with_the_third(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    begin = stage.now
    asking = "ハナさんを探す時間を延長しますか"
    await stage.pass_by(49)
    assert "extension_asked" not in await turnout.said()
    await stage.pass_by(1)
    await turnout.told(stage.town.daughter, asking)
    assert ("searching", 1, 2) == (
        (await turnout.read())["state"], (await turnout.read())["hours"]["granted"],
        (await turnout.read())["hours"]["asked"],
    )  # fmt: skip
    await answer(turnout, 2)
    await turnout.told(crew.guard, "捜索を延長してください")
    await stage.pass_by(60)
    await answer(turnout, 3)
    await answer(turnout, 4, status=409)
    await stage.pass_by(69)
    assert "searching" == (await turnout.read())["state"], "not a minute too early"
    await stage.pass_by(1)

    shown = await turnout.read()
    assert ("not_found", f"{begin + minutes(180):%Y-%m-%dT%H:%M:%SZ}") == (shown["state"], shown["ended_at"])
    for one, title in (
        (stage.town.son, "ハナさんを探す時間が終わりました"),
        (stage.town.operator, "ハナさんは見つからないまま捜索が終わりました"),
        (crew.guard, "捜索の時間が終わりました"),
    ):
        await turnout.told(one, title)
    await stage.pass_by(25)
    await turnout.step(crew, "clear")
    said = await turnout.said()
    assert 2 == said.count("extension_asked") == said.count("extended")
    assert [(3, 19_800, Payer.CITY)] == await lines(turnout, date(2026, 4, 1))


async def test_without_an_answer_it_ends_with_the_hour(turnout: Turnout) -> None:
    await turnout.stage.pass_by(50)
    await answer(turnout, 2, yes=False)
    await turnout.stage.pass_by(10)

    assert "not_found" == (await turnout.read())["state"]
    await answer(turnout, 2, status=409)
    await turnout.step(turnout.crews[0], "clear")
    assert [(1, 6600, Payer.CITY)] == await lines(turnout, date(2026, 4, 1)), "exactly sixty minutes are one hour"


async def test_two_contacts_who_both_say_yes_agree_to_one_hour(turnout: Turnout) -> None:
    await turnout.stage.pass_by(50)
    answers = await asyncio.gather(
        *(app.post(f"{turnout.path}/hours", json={"key": "y", "hour": 2, "yes": True})
          for app in (turnout.daughter, turnout.son))
    )  # fmt: skip

    assert [2, 2] == [ok(one)["hours"]["granted"] for one in answers]
    await turnout.stage.pass_by(69)
    assert "searching" == (await turnout.read())["state"]


async def test_who_has_been_found_is_not_left_alone_because_an_hour_is_over(turnout: Turnout) -> None:
    await turnout.stage.pass_by(55)
    await turnout.step(turnout.crews[0], "find")
    await turnout.stage.pass_by(200)

    assert "found" == (await turnout.read())["state"]
    await turnout.told(turnout.stage.town.operator, "引き渡しの知らせがありません")
    await turnout.step(turnout.crews[0], "hand_over", says="娘")
    await turnout.step(turnout.crews[0], "clear")
    assert [(3, 19_800, Payer.CITY)] == await lines(turnout, date(2026, 4, 1)), "and the cap holds for the bill"


async def test_found_on_the_way_back_is_found(turnout: Turnout) -> None:
    await turnout.stage.pass_by(60)
    assert "not_found" == (await turnout.read())["state"]
    await turnout.stage.pass_by(5)

    await turnout.step(turnout.crews[0], "find")
    await turnout.told(turnout.stage.town.daughter, "ハナさんが見つかりました")
    await turnout.step(turnout.crews[0], "hand_over", says="娘")
    assert "handed_over" == (await turnout.read())["state"]
