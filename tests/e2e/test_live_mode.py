"""Live mode: asked for by the daughter, sent to the watch, ended by itself, also after a restart."""

from tests.e2e.stage import Stage, at_home


async def test_live_mode_ends_by_itself_also_after_a_restart(stage: Stage) -> None:
    daughter = await stage.sign_in(stage.town.daughter)
    device = f"/v1/devices/{stage.town.watch.id}/commands"
    watch = await stage.connect_watch()
    assert "LK" == await watch.tell("LK,0,0,64")

    assert (await daughter.post(device, json={"kind": "locate"})).is_success
    assert "CR" == await watch.answer()
    watch.say("CR")
    assert (await daughter.post(device, json={"kind": "live_on"})).is_success
    assert "UPLOAD,20" == await watch.answer()
    watch.say("UPLOAD")
    watch.say(at_home("UD", stage.now))
    assert "LK" == await watch.tell("LK,0,0,64")
    listed = (await daughter.get(device)).json()["items"]
    assert {("locate", "answered"), ("live_on", "answered"), ("live_off", "queued")} == {
        (one["kind"], one["state"]) for one in listed
    }

    await watch.hang_up()
    await stage.fall()
    await stage.rise()
    await stage.pass_by(19)
    again = await stage.connect_watch()
    assert "LK" == await again.tell("LK,0,0,64")
    await stage.pass_by(1)
    assert "UPLOAD,300" == await again.answer()
    looks = await stage.sign_in(stage.town.daughter)
    seen = (await looks.get(f"/v1/wearers/{stage.town.hana.id}/looks")).json()["items"]
    assert {"live"} == {look["purpose"] for look in seen}
    await again.hang_up()
