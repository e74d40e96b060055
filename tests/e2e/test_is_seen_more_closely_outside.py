"""Outside home her watch is asked for a fix a minute, once; it goes on without a word while she is out, also over a
restart, and is over when she is home. When its battery is low it is left alone.
"""

from tests.e2e.stage import Stage, Watch, at_home

STEP_M = 300.0
"""Five minutes on foot: so often her watch speaks by itself."""


async def report(stage: Stage, watch: Watch, north_m: float, minutes: float = 5.0) -> None:
    watch.say(at_home("UD", await stage.pass_by(minutes), north_m=north_m))
    assert "LK" == await watch.tell("LK,0,0,64")


async def commands(stage: Stage) -> list[tuple[str, str]]:
    daughter = await stage.sign_in(stage.town.daughter)
    items = (await daughter.get(f"/v1/devices/{stage.town.watch.id}/commands")).json()["items"]
    return sorted((one["kind"], one["state"]) for one in items)


async def test_a_fix_a_minute_from_the_door_until_she_is_back(stage: Stage) -> None:
    watch = await stage.connect_watch()
    for _ in range(3):
        await report(stage, watch, 0.0)
    assert [] == await commands(stage)
    await report(stage, watch, STEP_M)
    assert "UPLOAD,60" == await watch.answer()
    for minute in range(1, 41):
        await report(stage, watch, STEP_M + 60 * minute, 1.0)
    assert [("live_off", "queued"), ("live_on", "answered")] == await commands(stage)

    await watch.hang_up()
    await stage.fall()
    await stage.rise()
    again = await stage.connect_watch()
    for minute in range(20):
        await report(stage, again, max(0.0, 2_700.0 - 150.0 * minute), 1.0)
    assert "UPLOAD,300" == await again.answer()
    assert ["live_off", "live_on"] == [kind for kind, _ in await commands(stage)]
    await again.hang_up()


async def test_a_low_battery_is_spared(stage: Stage) -> None:
    watch = await stage.connect_watch()
    assert "LK" == await watch.tell("LK,0,0,20")
    for north_m in (0.0, 0.0, STEP_M, 2 * STEP_M, 3 * STEP_M):
        watch.say(at_home("UD", await stage.pass_by(5), north_m=north_m).replace(",80,64,", ",80,20,"))
        assert "LK" == await watch.tell("LK,0,0,20")

    assert [] == [one for one in await commands(stage) if one[0] == "live_on"]
