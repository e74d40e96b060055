"""A gateway lost its clock and thinks that it is 1970: what it hears is of now, and staff see what is wrong with it."""

from datetime import UTC, datetime, timedelta

from tests.e2e.school import STRANGER, School, heard, moment, passages, taken
from tests.e2e.stage import Stage

LONG_AGO = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)


async def test_the_passage_is_of_now_and_the_clock_is_seen_to_be_wrong(morning: Stage, school: School) -> None:
    at = await morning.pass_by(42)

    items = [heard(LONG_AGO - timedelta(seconds=30)), heard(LONG_AGO), STRANGER]
    taken(await morning.gateway(school.gate, items, sent_at=LONG_AGO))
    taken(await morning.gateway(school.corner, [STRANGER]))

    (passage,) = await passages(school, school.gate)
    assert (at - timedelta(seconds=30), at) == (moment(passage["from_at"]), moment(passage["until_at"]))
    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 1)
    assert "08:11" in morning.pushes(morning.town.daughter)[0][0]
    health = taken(await school.clerk.get(f"/v1/detectors/{school.gate.id}/health"))
    assert (LONG_AGO - at).total_seconds() == health["skew_s"]
    assert (2, 1) == (health["sightings"], health["strangers"])

    await morning.pass_by(0)
    wrong = {"state": "clock_wrong"}
    (shown,) = taken(await school.clerk.get("/v1/detectors/states", params=wrong))["items"]
    assert (school.gate.id, at) == (shown["id"], moment(shown["since"]))

    back = await morning.pass_by(1)
    taken(await morning.gateway(school.gate, [heard()]))
    assert [] == taken(await school.clerk.get("/v1/detectors/states", params=wrong))["items"]
    assert 0 == taken(await school.clerk.get(f"/v1/detectors/{school.gate.id}/health"))["skew_s"]
    spells = taken(await school.clerk.get(f"/v1/detectors/{school.gate.id}/spells"))["items"]
    (spell,) = [one for one in spells if one["trouble"] == "clock_wrong"]
    assert (at, back) == (moment(spell["from_at"]), moment(spell["until_at"]))
