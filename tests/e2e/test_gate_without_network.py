"""The gate had no network for half an hour and then sends, byte for byte, what it could not send before: he passed when
he passed, and its clock is not blamed.
"""

import json
from datetime import timedelta

from tests.e2e.school import STRANGER, School, beating, heard, moment, passages, taken
from tests.e2e.stage import Stage


async def test_what_was_kept_is_told_with_both_times(morning: Stage, school: School) -> None:
    await beating(morning, [school.gate], 12)
    kept = []
    for minute in range(3):
        at = morning.now + timedelta(minutes=minute)
        items = [heard(at - timedelta(seconds=4)), heard(at), STRANGER]
        body = {"detector": school.gate.external_id, "seq": 700 + minute, "sent_at": at.isoformat(), "items": items}
        kept.append(json.dumps(body).encode())
    passed_at = morning.now - timedelta(seconds=4)
    await morning.pass_by(30)

    for body in (*kept, *kept):
        taken(await morning.post_gateway(school.gate, body))

    (passage,) = await passages(school, school.gate)
    assert (passed_at, passed_at + timedelta(seconds=124)) == (moment(passage["from_at"]), moment(passage["until_at"]))
    await morning.until(lambda: len(morning.pushes(morning.town.son)) == 1)
    ((title, text),) = morning.pushes(morning.town.son)
    assert "タロウさんが東門を通過しました（07:41）" == title
    assert "これは07:41のことで、知らせが届いたのは08:12です。" in text
    await morning.pass_by(0)
    wrong = {"state": "clock_wrong"}
    assert [] == taken(await school.clerk.get("/v1/detectors/states", params=wrong))["items"]
