"""A tag's SOS button: two poles tell the press, and tell it again and again. It is one alert and one push."""

from datetime import timedelta

from tests.e2e.school import School, heard, moment, taken, until_written_down
from tests.e2e.stage import Stage


async def test_one_press_that_two_poles_tell_three_times_is_one_alert_and_one_push(
    morning: Stage, school: School
) -> None:
    pressed_at = await morning.pass_by(42)
    for _ in range(3):
        for pole in (school.gate, school.corner):
            taken(await morning.gateway(pole, [heard(morning.now, button_count=4), heard(morning.now, button_count=4)]))
        morning.clock.pass_by(timedelta(seconds=20))

    def urgent() -> list[str]:
        return [title for title, _ in morning.pushes(morning.town.son) if "SOS" in title]

    def has_heard(*words: str) -> bool:
        titles = " ".join(title for title, _ in morning.pushes(morning.town.son))
        return all(word in titles for word in words)

    # Where he passed comes as one line or as two.
    await morning.until(lambda: has_heard("SOS", "東門"))
    await until_written_down(morning)
    morning.clock.pass_by(timedelta(minutes=1))
    await morning.until(lambda: has_heard("SOS", "東門", "角の電柱"))
    assert ["【緊急】タロウさんがSOSボタンを押しました"] == urgent()
    (alert,) = await morning.alerts(morning.town.daughter)
    assert ("sos", "urgent", "open", pressed_at) == (
        alert["kind"], alert["level"], alert["state"], moment(alert["happened_at"])
    )  # fmt: skip
    daughter = await morning.sign_in(morning.town.daughter)
    detail = taken(await daughter.get(f"/v1/alerts/{alert['id']}"))
    assert (34.757, 134.841) == (detail["place"]["lat_deg"], detail["place"]["lon_deg"])
    taken(await daughter.post(f"/v1/alerts/{alert['id']}/resolve"))
    await morning.until(lambda: has_heard("終わりました"))

    taken(await morning.gateway(school.corner, [heard(pressed_at, button_count=4)]))
    taken(await morning.gateway(school.corner, [heard(pressed_at + timedelta(seconds=55), button_count=4)]))
    assert ["resolved"] == [one["state"] for one in await morning.alerts(morning.town.daughter)]
    taken(await morning.gateway(school.corner, [heard(button_count=5)]))
    assert ["resolved", "open"] == [one["state"] for one in await morning.alerts(morning.town.daughter)]
    await morning.until(lambda: len(urgent()) == 2)
