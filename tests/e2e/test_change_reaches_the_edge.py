"""What the clerk changes is in force at the edge within ten seconds, and nothing is started anew for it."""

from collections.abc import Awaitable, Callable

from app.db.engine import open_engine
from app.tags import service as tags
from tests.build import KAKOGAWA
from tests.e2e.school import School, heard, passages, registered_tag, taken
from tests.e2e.stage import Receiver, Stage
from tests.unit.beacon_ingest.poles import TOWN_UUID
from tests.waiting import until

WITHIN_S = 10.0


async def comes_true(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for it, as long as a change may take."""
    await until(condition, WITHIN_S)


async def test_a_tag_that_is_registered_is_heard_and_one_that_ended_is_a_stranger(
    morning: Stage, school: School
) -> None:
    async def is_heard() -> bool:
        before = taken(await school.clerk.get(f"/v1/detectors/{school.gate.id}/health"))["sightings"]
        taken(await morning.gateway(school.gate, [heard(minor=9)]))
        after = taken(await school.clerk.get(f"/v1/detectors/{school.gate.id}/health"))["sightings"]
        return bool(after > before)

    async def is_not_heard() -> bool:
        return not await is_heard()

    assert not await is_heard()
    tag_id = await registered_tag(school.clerk, 9)
    await comes_true(is_heard)
    assert 1 == len(await passages(school, school.gate))

    assert (await school.clerk.delete(f"/v1/tags/{tag_id}")).is_success
    await comes_true(is_not_heard)


async def test_a_new_key_opens_and_the_old_one_is_refused(morning: Stage, school: School) -> None:
    new = Receiver(
        id=school.gate.id,
        external_id=school.gate.external_id,
        key=taken(await school.clerk.post(f"/v1/detectors/{school.gate.id}/key"))["key"],
    )

    async def is_known() -> bool:
        return (await morning.gateway(new, [heard()])).status_code == 200

    await comes_true(is_known)
    assert 401 == (await morning.gateway(school.gate, [heard()])).status_code
    assert 200 == (await morning.gateway(school.corner)).status_code

    assert (await school.clerk.delete(f"/v1/detectors/{school.gate.id}")).is_success

    async def is_refused() -> bool:
        return (await morning.gateway(new)).status_code == 401

    await comes_true(is_refused)


async def test_what_another_process_registers_in_the_same_database_is_in_force_too(
    morning: Stage, school: School
) -> None:
    engine = open_engine(morning.where)
    with engine.begin() as connection:
        tags.register_tag(
            connection, city_id=KAKOGAWA, vendor="Aruku", scheme="ibeacon", identity=f"{TOWN_UUID}/1/9", now=morning.now
        )
    engine.dispose()

    async def is_heard() -> bool:
        taken(await morning.gateway(school.gate, [heard(minor=9)]))
        return bool(await passages(school, school.gate))

    await comes_true(is_heard)
