"""A boy does not come to school, and his family hears that; then he comes late, and they hear that too."""

from tests.e2e.school import School, beating, expected, heard, taken
from tests.e2e.stage import Stage


async def test_the_family_hears_that_he_did_not_come_and_that_he_came_late(morning: Stage, school: School) -> None:
    await expected(morning, school, morning.town.daughter)
    await beating(morning, [school.gate, school.corner], 50)
    taken(await morning.gateway(school.corner, [heard()]))  # Another pole heard him: that is not the gate.
    await beating(morning, [school.gate, school.corner], 10)
    assert [] == await morning.alerts(morning.town.daughter), "half past eight is not over before the last word came in"

    await beating(morning, [school.gate, school.corner], 5)
    await morning.until(lambda: len(morning.pushes(morning.town.son)) == 2)
    titles = [title for title, _ in morning.pushes(morning.town.son)]
    assert [
        "タロウさんが角の電柱を通過しました（08:20）",
        "【緊急】タロウさんが「小学校」にまだ着いていません",
    ] == titles
    (alert,) = await morning.alerts(morning.town.daughter)
    assert ("arrival", "urgent", "open") == (alert["kind"], alert["level"], alert["state"])
    assert "08:30" in alert["reasons"][0]["ja"]
    daughter = await morning.sign_in(morning.town.daughter)
    assert (await daughter.post(f"/v1/alerts/{alert['id']}/acknowledge")).is_success

    await beating(morning, [school.gate], 6)
    taken(await morning.gateway(school.gate, [heard()]))
    await morning.until(lambda: len(morning.pushes(morning.town.son)) == 4)
    title, body = morning.pushes(morning.town.son)[-1]
    assert "タロウさんが「小学校」に着きました（08:41）" == title
    assert "遅れていましたが、08:41に東門を通過しました。" == body
    assert ["resolved"] == [one["state"] for one in await morning.alerts(morning.town.daughter)]
    heard_of_her, *_ = morning.pushes(morning.town.son)[-2]
    assert "佐藤 美咲さんが対応しています" == heard_of_her
    others = [push for push in morning.pushes(morning.town.son) if push[0] != heard_of_her]
    assert others == morning.pushes(morning.town.daughter)


async def test_one_who_comes_in_time_is_told_once_and_missed_by_nobody(morning: Stage, school: School) -> None:
    await expected(morning, school, morning.town.daughter)
    await beating(morning, [school.gate], 30)
    taken(await morning.gateway(school.gate, [heard()]))
    await beating(morning, [school.gate], 40)

    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 1)
    assert ["タロウさんが「小学校」に着きました（08:00）"] == [
        title for title, _ in morning.pushes(morning.town.daughter)
    ]
    assert [] == await morning.alerts(morning.town.daughter)
