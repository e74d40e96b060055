"""Somebody plays with a sticker: the family reports it, the city reads the report and blocks the phone. Whoever really is
with her still comes through.
"""

from app.accounts import service as accounts
from app.push.model import AddressKind, Channel
from tests.e2e.finder import OTHER_PHONE, Finder, boards, on_her_coat, titles
from tests.e2e.stage import Stage
from tests.e2e.turnout import ok


async def test_abuse_is_reported_and_blocked(stage: Stage) -> None:
    code, operator = await on_her_coat(stage), stage.town.operator
    await stage.write(
        lambda c: accounts.add_address(
            c, operator.id, Channel.FCM, AddressKind.TOKEN, f"phone-of-{operator.email}", "ja", stage.now,
            shows_details=True,
        )
    )  # fmt: skip
    player = Finder(stage, code)
    await player.tap()
    await player.say(words="ばか")
    daughter, staff = await stage.sign_in(stage.town.daughter), await stage.sign_in(operator)
    (board,) = await boards(stage, stage.town.daughter)
    assert 204 == (await daughter.post(f"/v1/boards/{board['id']}/report", json={"reason": "いたずらです"})).status_code
    await stage.until(lambda: titles(stage, operator) == ["みまもりシールの伝言板に通報がありました"])

    (report,) = ok(await staff.get("/v1/sticker-reports"))["items"]
    assert ("family", "いたずらです", "AA0000") == (report["side"], report["reason"], report["sticker"])
    stranger = await stage.sign_in(stage.town.stranger)
    assert 403 == (await stranger.get("/v1/sticker-reports")).status_code
    ok(await staff.post(f"/v1/sticker-reports/{report['id']}/settle", json={"words": "遮断", "block_hours": 24}))
    assert [] == ok(await staff.get("/v1/sticker-reports"))["items"]

    (over,) = await boards(stage, stage.town.daughter)
    assert ("closed", True) == (over["state"], over["blocked"])
    player.http.cookies.clear()
    assert 429 == (await player.tap()).status_code
    assert 1 == len(await boards(stage, stage.town.daughter))
    assert 303 == (await Finder(stage, code, OTHER_PHONE).tap()).status_code
    assert 2 == len(await boards(stage, stage.town.daughter))
    await stage.pass_by(24 * 60 + 1)
    assert 303 == (await player.tap()).status_code


async def test_a_finder_reports_what_is_written_to_her(stage: Stage) -> None:
    finder = Finder(stage, await on_her_coat(stage))
    await finder.tap()
    assert (await finder.report("ひどい言葉です")).status_code in (200, 303)
    staff = await stage.sign_in(stage.town.operator)
    (report,) = ok(await staff.get("/v1/sticker-reports"))["items"]
    assert ("finder", "ひどい言葉です") == (report["side"], report["reason"])
