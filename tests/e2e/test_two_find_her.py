"""Two people find her at once, and one taps twice: two threads, one alert. The first hand-over leaves the alert to the
other one.
"""

import asyncio

from tests.e2e.finder import OTHER_PHONE, Finder, boards, on_her_coat
from tests.e2e.stage import Stage
from tests.e2e.turnout import ok


async def test_two_finders_are_two_threads_and_one_alert(stage: Stage) -> None:
    code = await on_her_coat(stage)
    first, second = Finder(stage, code), Finder(stage, code, OTHER_PHONE)
    await asyncio.gather(first.tap(), second.tap())

    found = await boards(stage, stage.town.daughter)
    (alert,) = await stage.alerts(stage.town.daughter)
    assert [alert["id"]] * 2 == [one["alert"] for one in found]
    await first.say(words="一人目です")
    await second.say(words="二人目です")
    assert "二人目" not in await first.board()

    daughter = await stage.sign_in(stage.town.daughter)
    for one, state in zip(found, ("open", "resolved"), strict=True):
        ok(await daughter.post(f"/v1/boards/{one['id']}/hand-over"))
        assert [state] == [each["state"] for each in await stage.alerts(stage.town.daughter)]


async def test_a_double_tap_and_the_back_button_are_one(stage: Stage) -> None:
    finder = Finder(stage, await on_her_coat(stage))
    once = await finder.scan()
    await asyncio.gather(finder.tap(once), finder.tap(once))
    await finder.tap(once)
    await finder.tap()

    assert 1 == len(await boards(stage, stage.town.daughter))
    assert 1 == len(await stage.alerts(stage.town.daughter))
