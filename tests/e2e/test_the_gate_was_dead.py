"""The detector at the gate was dead when he should have come: the family is told that, and no more than that."""

from datetime import timedelta

from tests.e2e.school import STRANGER, School, beating, expected, heard, passages, taken
from tests.e2e.stage import Stage


async def test_the_family_is_told_that_nobody_can_say_and_later_that_he_was_there(
    morning: Stage, school: School
) -> None:
    await expected(morning, school, morning.town.daughter)
    await beating(morning, [school.gate, school.corner], 35)
    await beating(morning, [school.corner], 31)

    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 1)
    ((title, body),) = morning.pushes(morning.town.daughter)
    assert "タロウさんが「小学校」に着いたか分かりません" == title
    assert "東門の検知器が08:04から動いていなかったため、08:30までに着いたかどうかをお伝えできません" in body
    assert "角の電柱" not in body
    (alert,) = await morning.alerts(morning.town.daughter)
    assert ("arrival", "notice", "open") == (alert["kind"], alert["level"], alert["state"])
    states = taken(await school.clerk.get("/v1/detectors/states"))["items"]
    assert {"東門": "silent", "角の電柱": "up"} == {one["name"]: one["state"] for one in states}

    at = morning.now - timedelta(minutes=21)  # It kept what it could not send: 08:15.
    taken(await morning.gateway(school.gate, [heard(at), STRANGER]))
    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 2)
    assert "タロウさんは「小学校」に着いていました（08:15）" == morning.pushes(morning.town.daughter)[1][0]
    assert ["resolved"] == [one["state"] for one in await morning.alerts(morning.town.daughter)]
    assert 1 == len(await passages(school, school.gate))
    then = {"at": (morning.now - timedelta(minutes=10)).isoformat()}
    states = taken(await school.clerk.get("/v1/detectors/states", params=then))["items"]
    assert {"東門": "silent", "角の電柱": "up"} == {one["name"]: one["state"] for one in states}
