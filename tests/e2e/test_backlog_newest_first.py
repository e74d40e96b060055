"""A phone without network uploads two hours of positions, newest first."""

from datetime import timedelta

from app.devices import service as devices
from tests.build import HOME, KAKOGAWA, METRES_PER_DEGREE, minutes
from tests.e2e.stage import Stage


async def test_two_hours_newest_first_are_stored_judged_once_and_told_with_both_times(stage: Stage) -> None:
    def enrol(connection):
        phone, key = devices.enrol(
            connection, city_id=KAKOGAWA, format="owntracks", external_id="hana", name="電話", now=stage.now
        )
        devices.assign(connection, phone.id, stage.town.hana.id, now=stage.now, from_at=stage.now - minutes(300))
        return key

    key = await stage.write(enrol)
    await stage.until_known("hana", key)

    def place(minutes_ago: float) -> dict[str, object]:
        north_m = 0.0 if minutes_ago > 60 else 40.0 * (60 - minutes_ago)
        at = stage.now - timedelta(minutes=minutes_ago)
        return {
            "_type": "location", "tst": int(at.timestamp()), "acc": 12, "lon": HOME.lon_deg,
            "lat": HOME.lat_deg + north_m / METRES_PER_DEGREE,
        }  # fmt: skip

    assert 200 == (await stage.owntracks("hana", key, place(61))).status_code
    await stage.pass_by(125)
    answers = [await stage.owntracks("hana", key, place(minutes_ago)) for minutes_ago in range(1, 120, 2)]
    answers += [await stage.owntracks("hana", key, place(minutes_ago)) for minutes_ago in range(1, 120, 2)]

    assert {200} == {answer.status_code for answer in answers}
    (alert,) = await stage.alerts(stage.town.daughter)
    assert ("movement", "open") == (alert["kind"], alert["state"])
    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)

    daughter = await stage.sign_in(stage.town.daughter)
    position = (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/position")).json()
    assert 60 == position["age_s"]
    span = {"from": (stage.now - timedelta(hours=4)).isoformat(), "until": stage.now.isoformat()}
    track = (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/track", params=span)).json()
    times = [point["at"] for point in track["items"]]
    assert 61 == len(times)
    assert sorted(times) == times
