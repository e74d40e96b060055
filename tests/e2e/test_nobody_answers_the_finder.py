"""Somebody is with her and nobody of the family answers: it is told again, then the desk of the city, which writes as the
city and has a text for the police.
"""

from app.accounts import service as accounts
from app.push.model import AddressKind, Channel
from tests.e2e.finder import Finder, boards, on_her_coat, titles
from tests.e2e.stage import Stage
from tests.e2e.turnout import ok


async def test_it_ends_at_the_desk_with_a_text_for_the_police(stage: Stage) -> None:
    operator = stage.town.operator
    await stage.write(
        lambda c: accounts.add_address(
            c, operator.id, Channel.FCM, AddressKind.TOKEN, f"phone-of-{operator.email}", "ja", stage.now,
            shows_details=True,
        )
    )  # fmt: skip
    finder = Finder(stage, await on_her_coat(stage, "AB0123"))
    await finder.tap()
    await finder.say(state=["lost"], words="名前を言えません", lat="34.7572", lon="134.8411", accuracy="12")
    assert [] == await boards(stage, operator), "the desk is not let in as long as the family may answer"
    for _ in range(30):
        if titles(stage, operator):
            break
        await stage.pass_by(1)
        await stage.until(lambda: len(stage.pushes(stage.town.daughter)) > 0)
    await stage.until(lambda: any("そばに人がいます" in one for one in titles(stage, operator)))

    app = await stage.sign_in(operator)
    (board,) = await boards(stage, operator)
    path = f"/v1/boards/{board['id']}"
    text = ok(await app.get(f"{path}/police-text"))["text"]
    for said in ("AB0123", "上着", "ハナ", "名前を言えません", "道に迷っている", "34.75720", "2026年4月1日"):
        assert said in text
    ok(await app.post(f"{path}/lines", json={"words": "市役所です。警察に連絡しました。"}))
    assert "市役所です" in await finder.board()
    daughter = await stage.sign_in(stage.town.daughter)
    assert 403 == (await daughter.get(f"{path}/police-text")).status_code
    looks = ok(await daughter.get(f"/v1/wearers/{stage.town.hana.id}/looks"))["items"]
    assert (operator.name, "board") in {(one["viewer_name"], one["purpose"]) for one in looks}
