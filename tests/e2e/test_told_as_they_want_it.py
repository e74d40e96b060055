"""The son sleeps at night, and leaves emergencies to his sister; his mother's emergencies reach somebody all the same."""

from tests.e2e.stage import Stage, at_home


async def test_a_notice_waits_for_the_morning_and_an_emergency_does_not(stage: Stage) -> None:
    son = await stage.sign_in(stage.town.son)
    chosen = {"quiet": {"from_minute": 22 * 60, "until_minute": 7 * 60}}
    assert (await son.put("/v1/me/preferences", json=chosen)).is_success
    assert chosen["quiet"] == (await son.get("/v1/me/preferences")).json()["quiet"]
    watch = await stage.connect_watch()
    await stage.pass_by(11 * 60)  # It is eleven in the evening.
    assert "LK" == await watch.tell("LK,0,0,64")
    before = len(stage.pushes(stage.town.son))

    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00000001"))
    await stage.until(lambda: any("端末から知らせ" in title for title, _ in stage.pushes(stage.town.daughter)))
    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
    await stage.until(lambda: len(stage.pushes(stage.town.son)) == before + 1)
    assert "SOS" in stage.pushes(stage.town.son)[-1][0]

    (alert,) = [one for one in await stage.alerts(stage.town.son) if one["kind"] == "device"]
    history = (await son.get(f"/v1/alerts/{alert['id']}")).json()["history"]
    (line,) = [line for line in history if line["what"] == "suppressed"]
    assert ("佐藤 健", "quiet") == (line["who"], line["detail"]["why"])
    await stage.pass_by(8 * 60)
    await stage.until(lambda: any("端末から知らせ" in title for title, _ in stage.pushes(stage.town.son)))


async def test_emergencies_can_be_left_to_others_only_while_there_are_others(stage: Stage) -> None:
    son, daughter = await stage.sign_in(stage.town.son), await stage.sign_in(stage.town.daughter)
    assert (await son.put("/v1/me/preferences", json={"urgent": False})).is_success
    assert 409 == (await daughter.put("/v1/me/preferences", json={"urgent": False})).status_code

    watch = await stage.connect_watch()
    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)
    assert [] == stage.pushes(stage.town.son)

    for address in (await daughter.get("/v1/me/addresses")).json()["items"]:
        await daughter.delete(f"/v1/me/addresses/{address['id']}")
    await stage.pass_by(3)
    await stage.until(lambda: len(stage.pushes(stage.town.son)) == 1)
