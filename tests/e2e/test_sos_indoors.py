"""A watch presses SOS indoors without a fix: bytes of a real device in, a push on the daughter's phone out."""

from tests.e2e.stage import Stage, at_home


async def test_sos_without_a_fix_reaches_the_family(stage: Stage) -> None:
    watch = await stage.connect_watch()
    assert "LK" == await watch.tell("LK,0,0,64")
    watch.say(at_home("UD", stage.now))
    pressed_at = await stage.pass_by(50)

    assert "AL" == await watch.tell(at_home("AL", pressed_at, fix="V", status="00010000"))

    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)
    ((title, body),) = stage.pushes(stage.town.daughter)
    assert "ハナさん" in title
    assert "SOS" in title
    assert "12:50" in body
    hers = f"phone-of-{stage.town.daughter.email}"
    receipt = next(push.message["data"]["receipt"] for push in stage.phones.received if push.token == hers)
    assert 204 == (await stage.http.post(f"/v1/receipts/{receipt}", json={"what": "opened"})).status_code
    (alert,) = await stage.alerts(stage.town.daughter)
    assert ("sos", "urgent", "open") == (alert["kind"], alert["level"], alert["state"])

    daughter = await stage.sign_in(stage.town.daughter)
    detail = (await daughter.get(f"/v1/alerts/{alert['id']}")).json()
    assert 34.757 == detail["place"]["lat_deg"]
    assert 50 * 60 == detail["place"]["age_s"]

    told = (await daughter.get(f"/v1/alerts/{alert['id']}/deliveries")).json()["items"]
    assert {("佐藤 美咲", "fcm", "opened"), ("佐藤 健", "fcm", "sent")} == {
        (one["name"], one["channel"], one["state"]) for one in told
    }

    taken = await daughter.post(f"/v1/alerts/{alert['id']}/acknowledge")
    assert "acknowledged" == taken.json()["state"]
    await stage.until(lambda: len(stage.pushes(stage.town.son)) == 2)
    assert "佐藤 美咲さん" in stage.pushes(stage.town.son)[1][0]
    looks = (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/looks")).json()["items"]
    assert ["佐藤 美咲"] == [look["viewer_name"] for look in looks]
    for nobody in (stage.town.outsider, stage.town.stranger, stage.town.clerk):
        assert [] == await stage.alerts(nobody)
        app = await stage.sign_in(nobody)
        assert 404 == (await app.get(f"/v1/alerts/{alert['id']}")).status_code
