"""Hana is lost; her daughter asks for a guard. The nearest does not answer, the next three do not either, and of all who
are asked then one goes, finds her and hands her over. What is to be paid is written down with the end.
"""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.dispatch.store import duty
from app.dispatch.tables import unit_trail
from app.dispatch.units import UnitPlace
from app.programmes.model import TurnOut
from tests.build import NOW, minutes
from tests.e2e.stage import Stage, Watch, at_home
from tests.e2e.turnout import Turnout, a_turnout, ok


@pytest.fixture
async def turnout(stage: Stage) -> Turnout:
    return await a_turnout(stage)


async def live(watch: Watch) -> None:
    """What she wears is asked to tell where it is all the time, and does."""
    assert "UPLOAD,20" == await watch.answer()
    watch.say("UPLOAD")
    assert "LK" == await watch.tell("LK,0,0,64")


async def accepted(turnout: Turnout, watch: Watch | None = None) -> dict[str, Any]:
    """Three waves go by until the fifth crew accepts."""
    stage = turnout.stage
    asked = await turnout.ask(reason="買い物から帰りません")
    if watch is not None:
        await live(watch)
    assert ("offering", "contact", None) == (asked["state"], asked["seat"], asked["unit"])
    assert [0] == await turnout.asked()
    await stage.pass_by(0.5)
    assert [0] == await turnout.asked(), "its 45 seconds are not over"
    await stage.pass_by(0.3)
    assert [1, 2, 3] == await turnout.asked()
    await stage.pass_by(1.05)
    assert [0, 1, 2, 3, 4, 5, 6] == await turnout.asked()
    return await turnout.accept(turnout.crews[4])


async def test_three_waves_then_one_goes_finds_her_and_hands_her_over(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[4]
    watch = await stage.connect_watch()
    assert "LK" == await watch.tell("LK,0,0,64")

    shown = await accepted(turnout, watch)
    assert ("accepted", "5号", "guards警備保障") == (shown["state"], shown["unit"]["name"], shown["unit"]["company"])
    assert ["佐藤 美咲", "佐藤 健"] == [one["name"] for one in shown["contacts"]], "the guard sees whom he can call"
    await turnout.told(stage.town.daughter, "警備員がハナさんのところへ向かいます")
    await turnout.told(turnout.crews[1].guard, "ほかの隊が向かいます")

    seen = await turnout.read(turnout.son)
    assert (["警備 guard-4"], 1_500) == (
        [one["name"] for one in seen["unit"]["people"]], round(seen["unit"]["place"]["distance_m"], -1)
    )  # fmt: skip
    assert [] == seen["contacts"]
    await stage.pass_by(3)
    await turnout.step(crew, "depart")
    await stage.pass_by(20)
    await live(watch)  # Again, before it ends by itself.
    watch.say(at_home("UD", stage.now, north_m=400))
    assert "LK" == await watch.tell("LK,0,0,64")
    place = ok(await crew.app.get(f"{turnout.path}/place"))
    assert pytest.approx(34.7606, abs=1e-4) == place["place"]["lat_deg"]
    await turnout.step(crew, "arrive")
    await turnout.step(crew, "search")
    found = ok(await turnout.daughter.get("/v1/searches?state=open"))["items"]
    assert ["警備員が探しています"] == [one["reason"] for one in found]
    await stage.pass_by(12)
    await turnout.step(crew, "find", ended="found_well", lat_deg=34.7606, lon_deg=134.841)
    await turnout.told(stage.town.son, "ハナさんが見つかりました")
    assert [] == ok(await turnout.daughter.get("/v1/searches?state=open"))["items"]
    closed = ok(await turnout.daughter.get(f"/v1/searches/{found[0]['id']}"))
    assert ("found_well", 34.7606) == (closed["ended"], closed["find"]["lat_deg"])
    await stage.pass_by(10)
    await turnout.step(crew, "hand_over", status=400)
    await turnout.step(crew, "hand_over", says="佐藤 美咲")
    await stage.pass_by(20)
    over = await turnout.step(crew, "clear")

    assert ("cleared", []) == (over["state"], over["contacts"])
    assert ["requested", "offered", "offered", "offered", "accepted", "departed", "arrived", "searching", "found",
            "handed_over", "cleared"] == [one for one in await turnout.said() if one != "swept"]  # fmt: skip
    used = await turnout.usage()
    assert isinstance(used.facts, TurnOut)
    departed = NOW + timedelta(seconds=(0.5 + 0.3 + 1.05 + 3) * 60)
    assert (departed, departed + minutes(42), 1, None) == (
        used.facts.departed_at, used.facts.ended_at, used.facts.quota_number, used.facts.cancelled
    )  # fmt: skip
    await watch.hang_up()


async def test_who_goes_sees_her_only_while_they_go_and_the_family_reads_each_look(turnout: Turnout) -> None:
    stage, crew, other = turnout.stage, turnout.crews[4], turnout.crews[0]
    await accepted(turnout)
    position = f"/v1/wearers/{stage.town.hana.id}/position"

    assert 200 == (await crew.app.get(position)).status_code
    assert 200 == (await crew.app.get(f"{turnout.path}/place")).status_code
    for path in (position, turnout.path, f"{turnout.path}/place", f"{turnout.path}/timeline"):
        assert 404 == (await other.app.get(path)).status_code, path
    looks = ok(await turnout.daughter.get(f"/v1/wearers/{stage.town.hana.id}/looks"))["items"]
    assert {("警備 guard-4", "dispatch"), ("警備 guard-4", "place")} == {
        (one["viewer_name"], one["purpose"]) for one in looks
    }
    given = ok(await turnout.daughter.get(f"/v1/wearers/{stage.town.hana.id}/consents"))["items"]
    assert ["dispatch"] == [one["given_as"] for one in given if one["given_as"] not in ("member", "contact", "named")]

    ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "k", "reason": "帰ってきました"}))
    for path in (position, f"{turnout.path}/place"):
        assert 404 == (await crew.app.get(path)).status_code, path
    assert "cancelled_before_departure" == (await turnout.read(crew.app))["state"], "how it ended is no secret"
    await turnout.told(crew.guard, "出動は取りやめになりました")


async def test_the_alert_that_it_began_with_says_that_a_guard_goes_and_is_over_with_the_handing_over(
    turnout: Turnout,
) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    watch = await stage.connect_watch()
    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
    (alert,) = await stage.alerts(stage.town.daughter)

    await turnout.ask(alert=alert["id"])
    await turnout.accept(crew)
    detail = ok(await turnout.daughter.get(f"/v1/alerts/{alert['id']}"))
    assert "dispatched" in [line["what"] for line in detail["history"]]
    for step in ("depart", "arrive", "find"):
        await turnout.step(crew, step)
    assert "open" == (await stage.alerts(stage.town.daughter))[0]["state"]
    await turnout.step(crew, "hand_over", says="娘")
    assert "resolved" == (await stage.alerts(stage.town.daughter))[0]["state"]
    await watch.hang_up()


async def test_where_searchers_went_is_on_the_map_of_the_search(turnout: Turnout) -> None:
    stage, crew = turnout.stage, turnout.crews[0]
    watch = await stage.connect_watch()
    watch.say(at_home("UD", stage.now))
    assert "LK" == await watch.tell("LK,0,0,64")
    await turnout.ask()
    await turnout.accept(crew)
    for step in ("depart", "arrive", "search"):
        await turnout.step(crew, step)
    for number in range(8):
        await stage.pass_by(1)

        def walk(c: Any, number: int = number) -> None:
            at = UnitPlace(
                at=stage.now, received_at=stage.now, lat_deg=34.757 + number * 0.0005, lon_deg=134.841, accuracy_m=8.0
            )
            task = duty.task_of(c, crew.unit.id)
            assert task is not None
            trail(c, task.id, crew.guard.id, at)

        await stage.write(walk)
    (search,) = ok(await turnout.daughter.get("/v1/searches?state=open"))["items"]
    facts = ok(await turnout.daughter.get(f"/v1/searches/{search['id']}/facts"))["items"]
    assert [("sweep", 4)] == [(one["fact"]["kind"], len(one["fact"]["points"])) for one in facts]

    await turnout.step(crew, "not_find")
    facts = ok(await turnout.daughter.get(f"/v1/searches/{search['id']}/facts"))["items"]
    assert 8 == sum(len(one["fact"]["points"]) for one in facts)
    await watch.hang_up()


def trail(c: Any, task_id: Any, account_id: Any, place: Any) -> None:
    """A place on the way of a unit that is out."""
    values = {"task_id": task_id, "account_id": account_id, "at": place.at, "received_at": place.received_at}
    values |= {"lat_deg": place.lat_deg, "lon_deg": place.lon_deg, "accuracy_m": place.accuracy_m}
    c.execute(sa.insert(unit_trail).values(**values))


async def test_who_had_a_guard_once_does_not_read_the_word_that_he_says_at_other_doors(stage: Stage) -> None:
    turnout = await a_turnout(stage, crews=1)
    await turnout.ask()
    await turnout.accept(turnout.crews[0])
    before = (await turnout.read())["unit"]
    assert before["word"]
    assert before["people"]
    ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "off"}))
    after = (await turnout.read())["unit"]

    assert (before["company"], before["name"]) == (after["company"], after["name"])
    assert ("", [], None) == (after["word"], after["people"], after["place"])


async def test_who_gave_it_back_does_not_follow_the_unit_that_goes_instead(stage: Stage) -> None:
    turnout = await a_turnout(stage, crews=2)
    await turnout.ask()
    first, second = turnout.crews
    await turnout.accept(first)
    ok(await first.app.post(f"{turnout.path}/give-back", json={"key": "back", "reason": "パンク"}))
    await stage.pass_by(1)
    await turnout.accept(second)
    seen, hers = (await turnout.read(first.app))["unit"], (await turnout.read())["unit"]

    assert (hers["id"], hers["company"]) == (seen["id"], seen["company"])
    assert ("", [], None) == (seen["word"], seen["people"], seen["place"])
    assert hers["word"]
    assert hers["place"]
