"""The same SOS comes twice, then late once more, and again after it was resolved: one alert, one push. A new press
is new.
"""

from tests.e2e.stage import Stage, at_home


async def test_one_press_is_one_alert_for_ever(stage: Stage) -> None:
    watch = await stage.connect_watch()
    press = at_home("AL", stage.now, status="00010000")
    for _ in range(2):
        assert "AL" == await watch.tell(press)
    await stage.until(lambda: len(stage.pushes(stage.town.son)) == 1)
    daughter = await stage.sign_in(stage.town.daughter)
    (alert,) = await stage.alerts(stage.town.daughter)
    assert (await daughter.post(f"/v1/alerts/{alert['id']}/acknowledge")).is_success
    await stage.until(lambda: len(stage.pushes(stage.town.son)) == 2)

    await stage.pass_by(20)
    assert "AL" == await watch.tell(press)
    assert "resolved" == (await daughter.post(f"/v1/alerts/{alert['id']}/resolve")).json()["state"]
    await stage.until(lambda: len(stage.pushes(stage.town.son)) == 3)

    await watch.hang_up()
    again = await stage.connect_watch()
    assert "AL" == await again.tell(press)
    assert "AL_LTE" == await again.tell(press.replace("AL,", "AL_LTE,"))
    assert ["resolved"] == [one["state"] for one in await stage.alerts(stage.town.daughter)]

    assert "AL" == await again.tell(at_home("AL", await stage.pass_by(1), status="00010000"))
    await stage.until(lambda: len(stage.pushes(stage.town.son)) == 4)
    assert ["resolved", "open"] == [one["state"] for one in await stage.alerts(stage.town.daughter)]
    assert 1 == len(stage.pushes(stage.town.daughter)[1:])
