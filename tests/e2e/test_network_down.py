"""The network was down for twenty minutes and she left in that time: the exit alerts with both times."""

from datetime import timedelta

from tests.e2e.stage import Stage, at_home


async def test_a_buffered_exit_alerts_with_both_times(stage: Stage) -> None:
    watch = await stage.connect_watch()
    watch.say(at_home("UD", stage.now))
    assert "LK" == await watch.tell("LK,0,0,64")
    await watch.hang_up()
    left_at = stage.now + timedelta(minutes=2)
    await stage.pass_by(22)

    again = await stage.connect_watch()
    for minute in range(20):
        again.say(at_home("UD2", left_at + timedelta(minutes=minute), north_m=200 + 30 * minute))
    assert "LK" == await again.tell("LK,0,0,60")

    (alert,) = await stage.alerts(stage.town.daughter)
    assert left_at.isoformat() == alert["happened_at"].replace("Z", "+00:00")
    assert stage.now.isoformat() == alert["opened_at"].replace("Z", "+00:00")
    late = next(reason for reason in alert["reasons"] if reason["code"] == "late")
    assert "12:02" in late["ja"]
    assert "12:22" in late["ja"]
    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)
    body = stage.pushes(stage.town.daughter)[0][1]
    assert "12:02" in body
    assert "12:22" in body
