"""The same batch is posted twice, and once more a day later; and a detector that heard no answer tells the same again
under another number: one passage, one push.
"""

import json
from datetime import timedelta

from tests.e2e.school import STRANGER, School, heard, moment, passages, taken
from tests.e2e.stage import Stage


async def test_one_walk_through_the_gate_is_one_passage_and_one_push_for_ever(morning: Stage, school: School) -> None:
    at = await morning.pass_by(42)
    items = [heard(at - timedelta(seconds=9)), heard(at - timedelta(seconds=2)), STRANGER]
    body = json.dumps(
        {"detector": school.gate.external_id, "seq": 900, "sent_at": at.isoformat(), "items": items}
    ).encode()

    first, again = [taken(await morning.post_gateway(school.gate, body)) for _ in range(2)]
    assert first == again == {"accepted": 3, "rejected": []}
    morning.clock.pass_by(timedelta(seconds=20))
    taken(await morning.gateway(school.gate, items))
    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 1)
    counted = taken(await school.clerk.get(f"/v1/detectors/{school.gate.id}/health"))
    assert (4, 2) == (counted["sightings"], counted["strangers"])

    for hours in (0.5, 24):
        await morning.pass_by(hours * 60)
        taken(await morning.post_gateway(school.gate, body))
        taken(await morning.gateway(school.gate, items))
        (passage,) = await passages(school, school.gate)
        assert (at - timedelta(seconds=9), at - timedelta(seconds=2)) == (
            moment(passage["from_at"]),
            moment(passage["until_at"]),
        )
        assert (2, -66) == (passage["moments"], passage["rssi_dbm_max"])
    await morning.pass_by(1)

    taken(await morning.gateway(school.corner, [heard()]))  # When this has reached them, so has all before it.
    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) >= 2)
    titles = [title for title, _ in morning.pushes(morning.town.daughter)]
    assert ["東門", "角の電柱"] == [title.removeprefix("タロウさんが").partition("を")[0] for title in titles]
