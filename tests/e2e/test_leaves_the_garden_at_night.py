"""She leaves the garden at night. One stray fix does not wake anybody; going does; coming back is told."""

from datetime import timedelta

from tests.e2e.stage import Stage, at_home


async def test_a_stray_fix_wakes_nobody_and_going_wakes_both(stage: Stage) -> None:
    await stage.pass_by(14 * 60)  # Two in the morning in Japan.
    watch = await stage.connect_watch()

    async def report(north_m: float) -> None:
        watch.say(at_home("UD", await stage.pass_by(3), north_m=north_m))
        assert "LK" == await watch.tell("LK,0,0,64")  # Answered in order: what was said before is stored by now.

    for north_m in (0, 10, 1500, 5, 0, 1500, 12):
        await report(north_m)
    assert [] == await stage.alerts(stage.town.daughter)
    assert [] == stage.pushes(stage.town.son)

    left_at = stage.now + timedelta(minutes=3)
    for north_m in (250, 400, 550):
        await report(north_m)
    # Told at 400 m; three minutes later, with the last fix, it is told again, as soon as the service gets to it.
    await stage.until(lambda: bool(stage.pushes(stage.town.daughter)) and bool(stage.pushes(stage.town.son)))
    (alert,) = await stage.alerts(stage.town.daughter)
    assert ("movement", "urgent", "open") == (alert["kind"], alert["level"], alert["state"])
    assert left_at.isoformat() == alert["happened_at"].replace("Z", "+00:00")
    assert "自宅" in stage.pushes(stage.town.son)[0][0]
    assert "About 300 m outside" in alert["reasons"][0]["en"]

    for north_m in (300, 20):
        await report(north_m)
    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 3)
    (alert,) = await stage.alerts(stage.town.daughter)
    assert "resolved" == alert["state"]
    once, again, back = stage.pushes(stage.town.daughter)
    assert once[0] == again[0], "nobody had taken it for three minutes"
    assert "戻りました" in back[0]
