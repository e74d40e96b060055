"""A family tries its stickers, and a city exercises with them: it is marked, no alert is raised, no place is kept, and
nobody else hears of it.
"""

from app.accounts import service as accounts
from app.push.model import AddressKind, Channel
from tests.build import minutes
from tests.e2e.finder import Finder, boards, on_her_coat, titles, track
from tests.e2e.stage import Stage
from tests.e2e.turnout import ok

HERE = {"lat": "34.7572", "lon": "134.8411", "accuracy": "12", "state": ["hurt"]}


async def test_a_test_tells_only_who_began_it(stage: Stage) -> None:
    finder, daughter = Finder(stage, await on_her_coat(stage)), await stage.sign_in(stage.town.daughter)
    ok(await daughter.post(f"/v1/wearers/{stage.town.hana.id}/sticker-test"))
    await finder.tap()
    await finder.say(**HERE)

    await stage.until(lambda: titles(stage, stage.town.daughter) == ["【テスト】みまもりシールが読み取られました"])
    assert ["test"] == [one["mode"] for one in await boards(stage, stage.town.daughter)]
    assert [] == titles(stage, stage.town.son)
    assert [] == await boards(stage, stage.town.son)
    assert [] == await stage.alerts(stage.town.daughter)
    assert [] == await track(stage, stage.town.daughter)

    await stage.pass_by(31)
    other = Finder(stage, finder.code, "another phone")
    await other.tap()
    assert 1 == len(await stage.alerts(stage.town.daughter)), "after half an hour it is the real thing"


async def test_an_exercise_pages_nobody_outside(stage: Stage) -> None:
    clerk, operator = await stage.sign_in(stage.town.clerk), stage.town.operator
    await stage.write(
        lambda c: accounts.add_address(
            c, operator.id, Channel.FCM, AddressKind.TOKEN, f"phone-of-{operator.email}", "ja", stage.now,
            shows_details=True,
        )
    )  # fmt: skip
    finder = Finder(stage, await on_her_coat(stage))
    body = {
        "name": "春の声かけ訓練", "from_at": stage.now.isoformat(), "until_at": (stage.now + minutes(60)).isoformat(),
        "stickers": ["AA0000"], "people": [str(operator.id)],
    }  # fmt: skip
    drill = ok(await clerk.post("/v1/sticker-drills", json=body))
    assert 409 == (await clerk.post("/v1/sticker-drills", json=body)).status_code
    for wrong in ({"stickers": ["AA0000", "AA9999"]}, {"stickers": ["AA\u00000000"]}, {"until_at": body["from_at"]}):
        assert 400 == (await clerk.post("/v1/sticker-drills", json=body | wrong)).status_code, wrong
    stranger = {"people": [str(stage.town.stranger.id)]}
    assert 404 == (await clerk.post("/v1/sticker-drills", json=body | stranger)).status_code
    await finder.tap()
    await finder.say(**HERE)

    await stage.until(lambda: titles(stage, operator) == ["【訓練】みまもりシールが読み取られました"])
    for outside in (stage.town.daughter, stage.town.son, stage.town.outsider):
        assert [] == titles(stage, outside)
        assert [] == await boards(stage, outside)
        assert [] == await stage.alerts(outside)
    assert [] == await track(stage, stage.town.daughter)
    (board,) = await boards(stage, operator)
    assert ("drill", "春の声かけ訓練") == (board["mode"], board["wearer_name"])
    app = await stage.sign_in(operator)
    ok(await app.post(f"/v1/boards/{board['id']}/coming", json={"arrives_in_min": 5}))
    assert [] == await stage.alerts(stage.town.daughter)

    ok(await clerk.post(f"/v1/sticker-drills/{drill['id']}/end"))
    await Finder(stage, finder.code, "another phone").tap()
    assert 1 == len(await stage.alerts(stage.town.daughter))
