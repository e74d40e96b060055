"""A guard's phone has no signal for ten minutes: what it kept comes later, in any order and twice, and stands in the
timeline where it happened. A clock that cannot be right is not believed; what was wrong is set right by a line.
"""

from datetime import timedelta
from typing import Any

import pytest

from app.households import service as households
from tests.build import minutes
from tests.e2e.stage import Stage
from tests.e2e.turnout import Turnout, a_turnout, ok


@pytest.fixture
async def turnout(stage: Stage) -> Turnout:
    one = await a_turnout(stage, crews=2)
    await one.ask()
    await one.accept(one.crews[0])
    return one


async def times(turnout: Turnout) -> dict[str, str]:
    return {one["what"]: one["at"] for one in await turnout.lines()}


def iso(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


async def test_what_a_phone_kept_for_ten_minutes_stands_where_it_happened(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    await stage.pass_by(2)
    departed = stage.now
    await stage.pass_by(6)
    arrived = stage.now
    assert "accepted" == (await turnout.read())["state"], "nobody knows yet"
    await stage.pass_by(4)

    first = await turnout.step(crew, "arrive", arrived, key="a")
    assert ("on_scene", iso(arrived)) == (first["state"], first["departed_at"]), "at the latest then"
    later = await turnout.step(crew, "depart", departed, key="d")
    assert ("on_scene", iso(departed), iso(arrived)) == (later["state"], later["departed_at"], later["arrived_at"])
    for key, step, at in (("a", "arrive", arrived), ("d", "depart", departed), ("d", "depart", departed)):
        await turnout.step(crew, step, at, key=key)

    lines = [one for one in await turnout.lines() if one["actor"] == "guard"]
    assert [("accepted", None), ("departed", iso(stage.now)), ("arrived", iso(stage.now))] == [
        (one["what"], None if one["what"] == "accepted" else one["received_at"]) for one in lines
    ]
    assert [iso(departed), iso(arrived)] == [one["at"] for one in lines[1:]]
    assert {"late": "yes"} == lines[1]["detail"]


async def test_the_bill_counts_from_the_departure_though_it_came_last_of_all(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    departed = stage.now
    await stage.pass_by(20)
    await turnout.step(crew, "find")
    await stage.pass_by(50)
    await turnout.step(crew, "hand_over", says="娘")
    await turnout.step(crew, "clear")
    before = await turnout.usage()
    assert (stage.now - minutes(50), stage.now) == (before.facts.departed_at, before.facts.ended_at)

    await stage.pass_by(5)
    await turnout.step(crew, "depart", departed)
    after = await turnout.usage()
    assert (before.id, departed) == (after.corrects, after.facts.departed_at)
    assert before.facts.quota_number == after.facts.quota_number == 1


async def test_a_clock_that_cannot_be_right_is_kept_and_not_believed(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    await stage.pass_by(10)
    for key, said in (("1970", stage.now - timedelta(days=20_000)), ("next year", stage.now + timedelta(days=300))):
        await turnout.step(crew, "depart", said, key=key.replace(" ", "-"))

    lines = [one for one in await turnout.lines() if one["what"] == "departed"]
    assert [iso(stage.now)] * 2 == [one["at"] for one in lines]
    assert 2 == len({one["said_at"] for one in lines})


async def test_the_control_room_sets_a_time_right_and_what_was_written_stays(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    await stage.write(lambda c: _let_in(c, stage))
    begin = stage.now
    await stage.pass_by(15)
    for step in ("depart", "arrive", "find"):
        await turnout.step(crew, step)
    await stage.pass_by(30)
    await turnout.step(crew, "hand_over", says="娘")
    await turnout.step(crew, "clear")
    (wrong,) = [one for one in await turnout.lines() if one["what"] == "departed"]
    body = {"entry": wrong["id"], "at": (begin + minutes(3)).isoformat(), "reason": "電話で確認しました"}

    for app, status in ((turnout.daughter, 403), (crew.app, 403), (turnout.operator, 200)):
        answer = await app.post(f"{turnout.path}/corrections", json=body)
        assert status == answer.status_code, answer.text
    lines = [one for one in await turnout.lines() if one["what"] == "departed"]
    assert [(iso(begin + minutes(3)), None), (iso(begin + minutes(3)), wrong["id"])] == [
        (one["at"], one["corrects"]) for one in lines
    ]
    assert wrong["said_at"] == lines[0]["said_at"]
    used = await turnout.usage()
    assert (begin + minutes(3), "電話で確認しました") == (used.facts.departed_at, used.reason)
    ahead = body | {"at": (stage.now + timedelta(days=1)).isoformat()}
    assert 400 == (await turnout.operator.post(f"{turnout.path}/corrections", json=ahead)).status_code
    other = body | {"entry": turnout.id}
    assert 404 == (await turnout.operator.post(f"{turnout.path}/corrections", json=other)).status_code


def _let_in(c: Any, stage: Stage) -> None:
    households.let_in(c, stage.town.hana.id, [stage.town.operator.id], stage.now)


async def test_called_off_while_the_phone_was_away_costs_what_was_said_then(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    await stage.pass_by(2)
    departed = stage.now
    await stage.pass_by(3)
    off = ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "off"}))
    assert "cancelled_before_departure" == off["state"]

    told = await turnout.step(crew, "depart", departed)
    assert ("cancelled_before_departure", None) == (told["state"], told["departed_at"])
    assert "departed" in await turnout.said()
    used = await turnout.usage()
    assert ("before_departure", None) == (used.facts.cancelled, used.facts.quota_number)


async def test_a_turn_out_that_was_called_off_can_be_billed_whatever_the_control_room_sets_right(
    turnout: Turnout,
) -> None:
    """Another time of the cancellation does not have the unit set out; a right time of its departure does."""
    stage, crew = turnout.stage, turnout.crews[0]
    await stage.write(lambda c: _let_in(c, stage))
    await stage.pass_by(2)
    departed = stage.now
    await stage.pass_by(3)
    ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "off"}))
    await turnout.step(crew, "depart", departed)
    at = {one["what"]: one["id"] for one in await turnout.lines()}

    body = {"entry": at["cancelled"], "at": (stage.now - minutes(1)).isoformat(), "reason": "電話で確認しました"}
    off = ok(await turnout.operator.post(f"{turnout.path}/corrections", json=body))
    assert ("cancelled_before_departure", None) == (off["state"], off["departed_at"])
    used = await turnout.usage()
    assert ("before_departure", None) == (used.facts.cancelled, used.facts.departed_at)

    body = {"entry": at["departed"], "at": (departed - minutes(1)).isoformat(), "reason": "出発していました"}
    off = ok(await turnout.operator.post(f"{turnout.path}/corrections", json=body))
    assert ("cancelled_after_departure", iso(departed - minutes(1))) == (off["state"], off["departed_at"])
    used = await turnout.usage()
    assert ("after_departure", departed - minutes(1), 1) == (
        used.facts.cancelled, used.facts.departed_at, used.facts.quota_number
    )  # fmt: skip


async def test_who_gave_it_back_and_had_set_out_is_billed_once_the_control_room_says_so(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    await stage.write(lambda c: _let_in(c, stage))
    await stage.pass_by(2)
    departed = stage.now
    ok(await crew.app.post(f"{turnout.path}/give-back", json={"key": "back", "reason": "パンク"}))
    ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "off"}))
    await turnout.step(crew, "depart", departed)
    (line,) = [one for one in await turnout.lines() if one["what"] == "departed"]

    body = {"entry": line["id"], "at": departed.isoformat(), "reason": "出発していました"}
    off = ok(await turnout.operator.post(f"{turnout.path}/corrections", json=body))
    assert "cancelled_after_departure" == off["state"]
    used = await turnout.usage()
    assert ("after_departure", departed) == (used.facts.cancelled, used.facts.departed_at)
