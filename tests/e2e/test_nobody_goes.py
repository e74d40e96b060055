"""Units decline, are silent, give back, are relieved, or nobody is there at all: the control room hears of it at once and
somebody goes on trying. Practice runs the whole chain and is in no bill.
"""

from typing import Any

import pytest

from app.households import service as households
from app.programmes.model import Starter
from tests.e2e.stage import Stage, at_home
from tests.e2e.turnout import Crew, Turnout, a_turnout, ok
from tests.enrolled import with_dispatch


@pytest.fixture
async def turnout(stage: Stage) -> Turnout:
    one = await a_turnout(stage, crews=2)
    await stage.write(lambda c: households.let_in(c, stage.town.hana.id, [stage.town.operator.id], stage.now))
    return one


async def decline(turnout: Turnout, crew: Crew, reason: str = "busy") -> dict[str, Any]:
    (offer,) = await turnout.offers(crew)
    declined: dict[str, Any] = ok(await crew.app.post(f"/v1/offers/{offer['id']}/decline", json={"reason": reason}))
    return declined


async def test_all_decline_and_the_control_room_hears_it_at_once(turnout: Turnout) -> None:
    stage, (first, second) = turnout.stage, turnout.crews
    await turnout.ask()
    assert "declined" == (await decline(turnout, first))["state"]
    assert [1] == await turnout.asked(), "nobody waits for the end of a wave that has answered"
    await decline(turnout, second, "too_far")

    assert "nobody_available" == (await turnout.read())["state"]
    await turnout.told(stage.town.operator, "ハナさんのところへ向かえる警備員がいません")
    await turnout.told(stage.town.son, "今、向かえる警備員がいません")
    assert ["requested", "offered", "declined", "offered", "declined", "nobody_available"] == await turnout.said()
    assert {"busy", "too_far"} == {
        one["detail"]["reason"] for one in await turnout.lines() if one["what"] == "declined"
    }
    await stage.pass_by(5)
    assert ("offering", [0]) == ((await turnout.read())["state"], await turnout.asked()), "asked anew"
    await turnout.accept(first)


async def test_nobody_is_on_duty_and_the_control_room_is_told_again_and_again(stage: Stage) -> None:
    turnout = await a_turnout(stage, crews=0)
    asked = await turnout.ask()

    assert "nobody_available" == asked["state"]
    title = "ハナさんのところへ向かえる警備員がいません"
    await turnout.told(stage.town.operator, title)
    await stage.pass_by(5)
    await stage.until(lambda: 2 == turnout.titles(stage.town.operator).count(f"【緊急】{title}"))
    assert "standing_still" in await turnout.said()


async def test_who_answers_late_still_goes_while_nobody_else_does(turnout: Turnout) -> None:
    await turnout.ask()
    (offer,) = await turnout.offers(turnout.crews[0])
    await turnout.stage.pass_by(0.8)
    assert [1] == await turnout.asked()

    first = turnout.crews[0].app
    assert "accepted" == ok(await first.post(f"/v1/offers/{offer['id']}/accept", json={"key": "late"}))["state"]
    assert [] == await turnout.offers(turnout.crews[1])


async def test_a_unit_that_cannot_go_after_all_gives_it_back(turnout: Turnout) -> None:
    stage, (first, second) = turnout.stage, turnout.crews
    await turnout.ask()
    await turnout.accept(first)
    body = {"key": "back", "reason": "車が動きません"}
    assert 204 == (await first.app.post(f"{turnout.path}/give-back", json=body)).status_code
    assert 204 == (await first.app.post(f"{turnout.path}/give-back", json=body)).status_code

    assert [0] == await turnout.asked(), "it is free, and still the nearest"
    await turnout.told(stage.town.daughter, "別の警備員を探しています")
    await decline(turnout, first, "vehicle")
    await turnout.accept(second)
    assert "2号" == (await turnout.read())["unit"]["name"]
    assert 404 == (await first.app.get(f"/v1/wearers/{stage.town.hana.id}/position")).status_code
    assert 409 == (await first.app.post(f"{turnout.path}/give-back", json={"key": "again"})).status_code
    for step in ("depart", "find"):
        await turnout.step(second, step)
    await turnout.step(second, "hand_over", says="娘")
    await turnout.step(second, "clear")
    assert 1 == (await turnout.usage()).facts.quota_number, "one turn-out, whoever went"


async def test_another_unit_takes_over_and_the_clock_goes_on(turnout: Turnout) -> None:
    stage, (first, second) = turnout.stage, turnout.crews
    await turnout.ask()
    await turnout.accept(first)
    departed = stage.now
    for step in ("depart", "arrive", "search"):
        await turnout.step(first, step)
    await stage.pass_by(30)
    body = {"unit": str(second.unit.id)}
    for app, status in ((turnout.daughter, 403), (first.app, 403), (turnout.operator, 201)):
        answer = await app.post(f"{turnout.path}/offers", json=body)
        assert status == answer.status_code, answer.text
    assert answer.json()["relieves"]
    assert "searching" == (await turnout.read())["state"], "who looks goes on looking"

    taken = await turnout.accept(second)
    assert ("accepted", "2号", f"{departed:%Y-%m-%dT%H:%M:%SZ}") == (
        taken["state"], taken["unit"]["name"], taken["departed_at"]
    )  # fmt: skip
    await turnout.told(first.guard, "この出動は、あなたの隊の担当ではなくなりました")
    late = await turnout.step(first, "not_find")
    assert "accepted" == late["state"], "what the first one reports moves nothing any more"
    assert "not_found" in await turnout.said()
    await turnout.step(first, "find")
    assert "found" == (await turnout.read())["state"], "but that she was found counts whoever says it"


async def test_accepted_four_minutes_ago_and_not_moving(turnout: Turnout) -> None:
    stage = turnout.stage
    await turnout.ask()
    await turnout.accept(turnout.crews[0])
    await stage.pass_by(3.9)
    assert "standing_still" not in await turnout.said()
    await stage.pass_by(0.1)

    await turnout.told(stage.town.operator, "引き受けた警備員がまだ出発していません")
    await stage.pass_by(4)
    assert 2 == (await turnout.said()).count("standing_still")
    await turnout.step(turnout.crews[0], "depart")
    await stage.pass_by(30)
    assert 2 == (await turnout.said()).count("standing_still")


async def test_a_contact_goes_himself_and_the_guard_and_the_others_know(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    await turnout.ask()
    await turnout.accept(crew)
    body = {"key": "me", "arrives_in_min": 20}
    ok(await turnout.son.post(f"{turnout.path}/on-my-way", json=body))
    shown = ok(await turnout.son.post(f"{turnout.path}/on-my-way", json=body))

    assert [("佐藤 健", "2026-04-01T03:20:00Z")] == [(one["name"], one["arrives_at"]) for one in shown["going"]]
    await turnout.told(stage.town.daughter, "佐藤 健さんも向かっています（12:20ごろ着く予定）")
    await turnout.told(crew.guard, "ご家族も向かっています")
    assert 1 == (await turnout.said()).count("on_the_way")
    assert 403 == (await crew.app.post(f"{turnout.path}/on-my-way", json={"key": "x"})).status_code


async def test_practice_runs_the_whole_chain_and_costs_nothing(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    await turnout.ask(turnout.daughter, status=403, drill=True, quote="")
    await turnout.ask(turnout.operator, drill=True, quote="", reason="防災訓練")
    assert (await turnout.read())["drill"]
    await turnout.told(crew.guard, "【訓練】【緊急】出動できますか")
    await turnout.accept(crew)
    await turnout.told(stage.town.daughter, "【訓練】【緊急】警備員がハナさんのところへ向かいます")
    for step in ("depart", "search", "find"):
        await turnout.step(crew, step)
    assert [] == ok(await turnout.daughter.get("/v1/searches"))["items"]
    await turnout.step(crew, "hand_over", says="訓練の相手")
    await turnout.step(crew, "clear")
    assert await turnout.usage() is None

    found = await turnout.ask()
    assert (False, "offering") == (found["drill"], found["state"])


async def test_while_they_practise_a_guard_is_needed_and_practice_ends(turnout: Turnout) -> None:
    drill = await turnout.ask(turnout.operator, drill=True, quote="")
    await turnout.accept(turnout.crews[0])
    meant = await turnout.ask()

    assert drill["id"] != meant["id"]
    ended = ok(await turnout.daughter.get(f"/v1/dispatches/{drill['id']}"))
    assert "cancelled_before_departure" == ended["state"]
    assert [0] == await turnout.asked(), "who practised is the nearest and free"


@pytest.mark.parametrize("by_itself", [True, False], ids=["by itself", "only on request"])
async def test_an_alert_that_nobody_answers_sends_a_guard_where_the_scheme_lets_it(
    stage: Stage, by_itself: bool
) -> None:
    starters = [Starter.CONTACT, *([Starter.SIGNAL] if by_itself else [])]
    turnout = await a_turnout(stage, 1, with_dispatch(started_by=starters))
    clerk = await stage.sign_in(stage.town.clerk)
    last = {"who": ["contacts", "desk"], "wait_s": 600, "times": None, "asks_dispatch": True}
    steps = [{"who": ["contacts"], "wait_s": 60}, last]
    ok(await clerk.put("/v1/policy", json={"rules": [{"level": "urgent", "plan": {"steps": steps}}]}))
    watch = await stage.connect_watch()
    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
    await stage.pass_by(1.5)
    await stage.pass_by(0)

    found = ok(await turnout.daughter.get("/v1/dispatches"))["items"]
    assert ([("signal", None, "offering")] if by_itself else []) == [
        (one["starter"], one["requested_by"], one["state"]) for one in found
    ]
    assert ([0] if by_itself else []) == await turnout.asked()
    await stage.pass_by(10)
    assert len(found) == len(ok(await turnout.daughter.get("/v1/dispatches"))["items"])
    await watch.hang_up()


async def test_who_is_no_longer_watched_is_not_looked_for(turnout: Turnout) -> None:
    await turnout.ask()
    await turnout.accept(turnout.crews[0])
    clerk = await turnout.stage.sign_in(turnout.stage.town.clerk)
    assert (await clerk.delete(f"/v1/wearers/{turnout.stage.town.hana.id}")).is_success
    await turnout.stage.pass_by(0.1)

    await turnout.told(turnout.crews[0].guard, "出動は取りやめになりました")
