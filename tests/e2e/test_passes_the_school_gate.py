"""A boy passes the school gate: bytes of a real advertisement in, the time on the phones of his family out."""

from datetime import timedelta

from app.accounts.model import Account
from tests.e2e.school import (
    STRANGER,
    School,
    heard,
    moment,
    passages,
    registered_detector,
    span,
    taken,
    until_known,
    until_told,
    until_written_down,
)
from tests.e2e.stage import Stage


async def test_the_family_hears_when_he_passed_the_gate_and_sees_it_on_his_track(
    morning: Stage, school: School
) -> None:
    at = await morning.pass_by(42)

    told = taken(await morning.gateway(school.gate, [heard(at - timedelta(seconds=3)), STRANGER, heard()]))

    assert {"accepted": 3, "rejected": []} == told
    await morning.until(
        lambda: len(morning.pushes(morning.town.daughter)) == 1 == len(morning.pushes(morning.town.son))
    )
    expected = ("タロウさんが東門を通過しました（08:11）", "08:11に東門でみまもりタグの電波を受けました。")
    assert [expected] == morning.pushes(morning.town.daughter) == morning.pushes(morning.town.son)
    assert [] == await morning.alerts(morning.town.daughter)

    daughter = await morning.sign_in(morning.town.daughter)
    await morning.pass_by(1)
    (point,) = taken(await daughter.get(f"/v1/wearers/{school.taro.id}/track", params=span(morning)))["items"]
    assert ("東門", "detector", 34.757, 134.841) == tuple(
        point[part] for part in ("detector", "known_by", "lat_deg", "lon_deg")
    )
    assert (at - timedelta(seconds=3), at) == (moment(point["at"]), moment(point["until"]))
    place = taken(await daughter.get(f"/v1/wearers/{school.taro.id}/position"))
    assert (34.757, 60, "detector") == (place["lat_deg"], place["age_s"], place["known_by"])
    for nobody in (morning.town.outsider, morning.town.stranger, morning.town.clerk):
        assert [] == morning.pushes(nobody)
        app = await morning.sign_in(nobody)
        assert 404 == (await app.get(f"/v1/wearers/{school.taro.id}/track", params=span(morning))).status_code


async def test_two_poles_that_hear_him_at_once_are_one_walk(morning: Stage, school: School) -> None:
    start = await morning.pass_by(42)
    for second in range(0, 60, 10):
        at = start + timedelta(seconds=second)
        morning.clock.pass_by(timedelta(seconds=10))
        taken(await morning.gateway(school.gate, [heard(at, rssi_dbm=-60 - second / 2)]))
        taken(await morning.gateway(school.corner, [heard(at + timedelta(seconds=2), rssi_dbm=-90 + second / 2)]))
    await morning.pass_by(1)

    daughter = await morning.sign_in(morning.town.daughter)
    track = taken(await daughter.get(f"/v1/wearers/{school.taro.id}/track", params=span(morning)))["items"]
    assert ["東門", "角の電柱"] == [point["detector"] for point in track]
    assert [1, 1] == [len(await passages(school, one)) for one in (school.gate, school.corner)]
    # One line if both were put before either was sent, else two.
    await morning.until(lambda: "東門" in titles(morning, morning.town.daughter))
    await until_written_down(morning)
    await morning.pass_by(1)
    await morning.until(lambda: all(place in titles(morning, morning.town.daughter) for place in ("東門", "角の電柱")))
    assert "08:13" not in titles(morning, morning.town.daughter)


async def test_who_goes_to_and_fro_at_the_gate_is_told_once_in_ten_minutes(morning: Stage, school: School) -> None:
    # The two in the middle are less than ten minutes after the first.
    for minutes, told in ((42, 1), (4, 1), (5, 1), (2, 2)):
        at = await morning.pass_by(minutes)
        taken(await morning.gateway(school.gate, [heard(at), heard(at - timedelta(seconds=2))]))
        for one in (morning.town.son, morning.town.daughter):
            await until_told(morning, one, told)

    assert 4 == len(await passages(school, school.gate))
    expected = "タロウさんが東門を通過しました（08:11）、タロウさんが東門を通過しました（08:22）"
    assert [expected] * 2 == [titles(morning, one) for one in (morning.town.son, morning.town.daughter)]


async def test_ten_poles_on_his_way_are_two_lines_on_the_phone(morning: Stage, school: School) -> None:
    """He walks fast, or his way was told late: the first pole at once, and a minute later all others as one."""
    at = await morning.pass_by(42)
    taken(await morning.gateway(school.gate, [heard(at)]))
    await until_told(morning, morning.town.daughter, 1)
    poles = [await registered_detector(school.clerk, f"電柱{number}", north_m=60 * number) for number in range(2, 11)]
    await until_known(morning, poles[-1])
    for number, pole in enumerate(poles):
        taken(await morning.gateway(pole, [heard(at - timedelta(seconds=50 - number))]))
    await morning.pass_by(1)

    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 2)
    assert titles(morning, morning.town.daughter) == (
        "タロウさんが東門を通過しました（08:12）、タロウさんの通過 9件（08:11–08:11）：電柱2、電柱3、電柱4ほか"
    )


def titles(stage: Stage, account: Account) -> str:
    """What the pushes on somebody's phone are called, in their order."""
    return "、".join(title for title, _ in stage.pushes(account))
