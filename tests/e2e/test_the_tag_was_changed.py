"""The sister wears her brother's tag this morning, and the office hears of it only after she passed the gate: it was she
who passed, and nobody is told twice.
"""

from datetime import timedelta
from typing import Any

import pytest

from app.households.model import Wearer
from tests.e2e.school import School, child, heard, moment, span, taken, until_told
from tests.e2e.stage import Stage


async def track(stage: Stage, who: Wearer) -> list[str]:
    """Where somebody was today, as her mother sees it."""
    app = await stage.sign_in(stage.town.daughter)
    items: list[dict[str, Any]] = taken(await app.get(f"/v1/wearers/{who.id}/track", params=span(stage)))["items"]
    return [f"{point['detector']} {moment(point['at']):%H:%M}" for point in items]


async def hand_over(stage: Stage, school: School, who: Wearer, minutes_ago: float) -> None:
    since = stage.now - timedelta(minutes=minutes_ago)
    body = {"wearer_id": str(who.id), "from_at": since.isoformat()}
    taken(await school.clerk.put(f"/v1/tags/{school.tag}/wearer", json=body))


@pytest.mark.parametrize("closed", [False, True])
async def test_who_passed_the_gate_is_put_right_and_told_to_nobody_again(
    morning: Stage, school: School, closed: bool
) -> None:
    sister = await child(morning, "ユイ")
    taken(await morning.gateway(school.corner, [heard(await morning.pass_by(20))]))
    await until_told(morning, morning.town.daughter, 1)
    at = await morning.pass_by(22)
    taken(await morning.gateway(school.gate, [heard(at)]))
    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 2)
    await morning.pass_by(1)
    assert ["角の電柱 22:50", "東門 23:12"] == await track(morning, school.taro)

    await morning.pass_by(30 if closed else 1)  # In the history by then, or still among what goes on.
    await hand_over(morning, school, sister, minutes_ago=41 if closed else 12)
    await morning.pass_by(1)

    assert ["角の電柱 22:50"] == await track(morning, school.taro)
    assert ["東門 23:12"] == await track(morning, sister)

    taken(await morning.gateway(school.corner, [heard(await morning.pass_by(1))]))
    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) >= 3)
    told = [title.partition("さん")[0] for title, _ in morning.pushes(morning.town.daughter)]
    assert ["タロウ", "タロウ", "ユイ"] == told


async def test_what_was_heard_before_anybody_wore_the_tag_is_hers_if_she_wore_it(
    morning: Stage, school: School
) -> None:
    assert (await school.clerk.delete(f"/v1/tags/{school.tag}/wearer")).is_success
    sister = await child(morning, "ユイ")
    taken(await morning.gateway(school.gate, [heard(await morning.pass_by(20))]))

    await morning.pass_by(5)
    await hand_over(morning, school, sister, minutes_ago=10)
    await morning.pass_by(1)

    assert ["東門 22:50"] == await track(morning, sister)
    assert [] == await track(morning, school.taro)
