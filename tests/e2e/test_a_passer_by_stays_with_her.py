"""From the tap to the hand-over: a passer-by scans the sticker on a coat, the daughter answers and comes, and the one
who helped reads a last line. Neither learns who the other is.
"""

from app.kit.ids import new_id
from tests.e2e.finder import Finder, boards, on_her_coat, titles, track
from tests.e2e.stage import Stage
from tests.e2e.turnout import ok


async def test_from_the_tap_to_the_hand_over(stage: Stage) -> None:
    hana, finder = stage.town.hana.id, Finder(stage, await on_her_coat(stage))
    await finder.scan()
    assert [] == await stage.alerts(stage.town.daughter), "a look calls nobody"

    assert 303 == (await finder.tap()).status_code
    await stage.until(lambda: titles(stage, stage.town.daughter) == ["【緊急】ハナさんのそばに人がいます"])
    assert "上着" in stage.pushes(stage.town.daughter)[0][1]
    (alert,) = await stage.alerts(stage.town.daughter)
    assert ("sticker", "urgent", "open") == (alert["kind"], alert["level"], alert["state"])

    await stage.pass_by(1)
    await finder.say(state=["cold"], words="駅の前のベンチです", lat="34.7572", lon="134.8411", accuracy="12")
    await stage.until(lambda: titles(stage, stage.town.son)[1:] == ["ハナさんと一緒にいる人から伝言があります"])
    assert "駅" not in str(stage.pushes(stage.town.son)), "what she wrote is on the board only"
    assert [("sticker", 34.7572)] == [
        (one["known_by"], one["lat_deg"]) for one in await track(stage, stage.town.daughter)
    ]

    daughter = await stage.sign_in(stage.town.daughter)
    (board,) = await boards(stage, stage.town.daughter)
    path = f"/v1/boards/{board['id']}"
    said = ok(await daughter.get(path))["said"]
    assert [("finder", "駅の前のベンチです", ["cold"], 34.7572)] == [
        (one["side"], one["words"], one["states"], one["place"]["lat_deg"]) for one in said
    ]
    looks = ok(await daughter.get(f"/v1/wearers/{hana}/looks"))["items"]
    assert {"board"} <= {one["purpose"] for one in looks}
    ok(await daughter.post(f"{path}/lines", json={"words": "ありがとうございます"}))
    coming = ok(await daughter.post(f"{path}/coming", json={"arrives_in_min": 10}))
    assert ("coming", "佐藤 美咲") == (coming["state"], coming["coming_by"])
    assert ["acknowledged"] == [one["state"] for one in await stage.alerts(stage.town.son)]

    shown = await finder.board()
    assert "ありがとうございます" in shown
    for hidden in ("佐藤", "美咲", str(hana), "ハナ"):
        assert hidden not in shown

    ok(await daughter.post(f"{path}/hand-over"))
    ok(await daughter.post(f"{path}/thanks", json={"words": "無事に帰宅しました"}))
    assert ["resolved"] == [one["state"] for one in await stage.alerts(stage.town.daughter)]
    over = await finder.board()
    assert "無事に帰宅しました" in over
    assert "ベンチ" not in over, "nothing but the last line is left for her"
    assert 409 == (await daughter.post(f"{path}/lines", json={"words": "まだ"})).status_code
    await stage.pass_by(25 * 60)
    assert "無事に帰宅しました" not in await finder.board()


async def test_others_find_no_board(stage: Stage) -> None:
    finder = Finder(stage, await on_her_coat(stage))
    await finder.tap()
    (board,) = await boards(stage, stage.town.daughter)
    path, line = f"/v1/boards/{board['id']}", new_id()
    asked = (
        ("GET", path, None),
        ("GET", f"{path}/photos/{line}", None),
        ("POST", f"{path}/lines", {"words": "I am her son"}),
        ("POST", f"{path}/coming", {}),
        ("POST", f"{path}/hand-over", None),
        ("POST", f"{path}/close", None),
        ("POST", f"{path}/thanks", {"code": "thanks"}),
        ("POST", f"{path}/report", {"reason": "why"}),
    )
    for nobody in (stage.town.outsider, stage.town.stranger, stage.town.clerk):
        app = await stage.sign_in(nobody)
        assert [] == await boards(stage, nobody)
        for method, url, body in asked:
            answers = [
                await app.request(method, one, json=body) for one in (url, url.replace(board["id"], str(new_id())))
            ]
            assert [404, 404] == [one.status_code for one in answers], url
            assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert "open" == (await boards(stage, stage.town.daughter))[0]["state"]


async def test_who_is_let_see_no_more_reads_no_more(stage: Stage) -> None:
    finder = Finder(stage, await on_her_coat(stage))
    await finder.tap()
    (board,) = await boards(stage, stage.town.son)
    daughter, son = await stage.sign_in(stage.town.daughter), await stage.sign_in(stage.town.son)
    consents = ok(await daughter.get(f"/v1/wearers/{stage.town.hana.id}/consents"))["items"]
    for one in consents:
        if one["account_id"] == str(stage.town.son.id):
            ok(await daughter.delete(f"/v1/wearers/{stage.town.hana.id}/consents/{one['id']}"))

    assert 404 == (await son.get(f"/v1/boards/{board['id']}")).status_code
    assert [] == await boards(stage, stage.town.son)
