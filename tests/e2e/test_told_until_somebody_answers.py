"""She presses SOS and it is told until somebody answers: exactly these phones ring, no others."""

from pathlib import Path
from typing import Any

import pytest

from app.accounts import service as accounts
from app.accounts.model import Account
from app.push.model import AddressKind, Channel
from tests.e2e.scaled import a_scaled_stage
from tests.e2e.stage import Stage, at_home
from tests.waiting import until

SOS = "【緊急】ハナさんがSOSボタンを押しました"


async def pressed(stage: Stage) -> dict[str, Any]:
    """The alert after she pressed the button of her watch."""
    watch = await stage.connect_watch()
    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
    (alert,) = await until(lambda: stage.alerts(stage.town.daughter))
    return alert


def heard_of(stage: Stage, one: Account) -> list[tuple[str, str]]:
    """What somebody's phone said, but for the watch that falls silent while the story goes on."""
    return [push for push in stage.pushes(one) if "知らせが止まっています" not in push[0]]


async def rings(stage: Stage, **times: int) -> None:
    """Waits until each of these phones has rung so often, and sees that no other one did."""
    people = ("daughter", "son", "operator", "outsider", "clerk")
    assert set(times) <= set(people)

    def heard() -> dict[str, int]:
        return {one: len(heard_of(stage, getattr(stage.town, one))) for one in people}

    wanted = {one: times.get(one, 0) for one in people}
    await stage.until(lambda: heard() == wanted)


async def has_phone(stage: Stage, one: Account) -> None:
    token = f"phone-of-{one.email}"
    await stage.write(
        lambda c: accounts.add_address(
            c, one.id, Channel.FCM, AddressKind.TOKEN, token, "ja", stage.now, shows_details=True
        )
    )


async def test_the_family_rings_again_until_one_of_them_takes_it_and_then_nobody_does(stage: Stage) -> None:
    await has_phone(stage, stage.town.operator)
    alert = await pressed(stage)
    await rings(stage, daughter=1, son=1)
    await stage.pass_by(2)
    await rings(stage, daughter=1, son=1)
    await stage.pass_by(1)
    await rings(stage, daughter=2, son=2)
    title, body = stage.pushes(stage.town.son)[1]
    assert SOS == title
    assert "まだだれも" in body

    son = await stage.sign_in(stage.town.son)
    taken = await son.post(f"/v1/alerts/{alert['id']}/acknowledge")
    assert "佐藤 健" == taken.json()["acknowledged_by"]
    await rings(stage, daughter=3, son=2)
    assert "佐藤 健さんが対応しています" == stage.pushes(stage.town.daughter)[2][0]
    await stage.pass_by(25)
    await rings(stage, daughter=3, son=2)

    daughter = await stage.sign_in(stage.town.daughter)
    refused = await daughter.post(f"/v1/alerts/{alert['id']}/acknowledge")
    assert (409, "Somebody sees to it already.") == (refused.status_code, refused.json()["detail"])


async def test_what_was_taken_and_not_seen_through_is_told_anew(stage: Stage) -> None:
    alert = await pressed(stage)
    son = await stage.sign_in(stage.town.son)
    await son.post(f"/v1/alerts/{alert['id']}/acknowledge")
    await rings(stage, daughter=2, son=1)

    await stage.pass_by(20)
    assert 200 == (await son.post(f"/v1/alerts/{alert['id']}/acknowledge")).status_code, "he still sees to it"
    await stage.pass_by(20)
    await rings(stage, daughter=2, son=1)
    await stage.pass_by(11)

    await rings(stage, daughter=3, son=2)
    detail = (await son.get(f"/v1/alerts/{alert['id']}")).json()
    assert ("open", None) == (detail["state"], detail["acknowledged_by"])
    assert "reopened" in [line["what"] for line in detail["history"]]


async def test_nobody_answers_until_the_duty_desk_does(stage: Stage) -> None:
    await nobody_answers(stage)


@pytest.mark.postgresql
async def test_nobody_answers_many_processes_until_the_duty_desk_does(where: str, tmp_path: Path) -> None:
    async with a_scaled_stage(where, tmp_path) as stage:
        await nobody_answers(stage)


async def nobody_answers(stage: Stage) -> None:
    operator = stage.town.operator
    await has_phone(stage, operator)
    alert = await pressed(stage)
    desk = await stage.sign_in(operator)
    assert 404 == (await desk.get(f"/v1/alerts/{alert['id']}")).status_code, "nobody let the desk see her so far"
    await rings(stage, daughter=1, son=1)
    await stage.pass_by(3)
    await rings(stage, daughter=2, son=2)
    await stage.pass_by(5)
    await rings(stage, daughter=3, son=3)

    await stage.pass_by(7)
    await rings(stage, daughter=4, son=4, operator=1)
    title, body = stage.pushes(operator)[0]
    assert SOS == title
    assert "ご家族からまだ返事がありません" in body
    await stage.pass_by(10)
    await rings(stage, daughter=5, son=5, operator=2)

    detail = (await desk.get(f"/v1/alerts/{alert['id']}")).json()
    assert ("open", "sos") == (detail["state"], detail["kind"])
    assert "acknowledged" == (await desk.post(f"/v1/alerts/{alert['id']}/acknowledge")).json()["state"]
    await rings(stage, daughter=6, son=6, operator=2)
    assert "受付 次郎さんが対応しています" == heard_of(stage, stage.town.daughter)[-1][0]
    await stage.pass_by(29)
    await rings(stage, daughter=6, son=6, operator=2)

    daughter = await stage.sign_in(stage.town.daughter)
    consents = (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/consents")).json()["items"]
    (emergency,) = [one for one in consents if one["given_as"] == "emergency"]
    assert "受付 次郎" == emergency["account_name"]
    await stage.pass_by(24 * 60)
    assert 404 == (await desk.get(f"/v1/alerts/{alert['id']}")).status_code, "a day later the desk sees nothing"


async def test_nobody_of_the_family_can_be_reached_and_the_desk_rings_at_once(stage: Stage) -> None:
    await has_phone(stage, stage.town.operator)
    for one in (stage.town.daughter, stage.town.son):
        app = await stage.sign_in(one)
        for address in (await app.get("/v1/me/addresses")).json()["items"]:
            await app.delete(f"/v1/me/addresses/{address['id']}")

    alert = await pressed(stage)

    await rings(stage, operator=1)
    daughter = await stage.sign_in(stage.town.daughter)
    detail = (await daughter.get(f"/v1/alerts/{alert['id']}")).json()
    assert ["opened", "nobody_reachable", "escalated"] == [line["what"] for line in detail["history"]]


@pytest.mark.parametrize("both", [False, True])
async def test_the_daughters_phone_is_dead_and_the_next_ones_ring_in_the_same_minute(stage: Stage, both: bool) -> None:
    """The plan tells the daughter first, and her brother ten minutes later."""
    await has_phone(stage, stage.town.operator)
    clerk = await stage.sign_in(stage.town.clerk)
    steps = [
        {"who": ["contacts"], "places": [1], "wait_s": 600},
        {"who": ["contacts"], "places": [2], "wait_s": 600},
        {"who": ["desk"], "wait_s": 600, "times": None},
    ]
    rule = {"level": "urgent", "plan": {"steps": steps}}
    answer = await clerk.put("/v1/policy", json={"rules": [rule]})
    assert answer.is_success, answer.text
    alive = [stage.town.operator] if both else [stage.town.operator, stage.town.son]
    for one in alive:
        stage.phones.register(f"phone-of-{one.email}")

    await pressed(stage)
    await found_dead(stage, stage.town.daughter)
    await stage.pass_by(0.55)
    if not both:
        await rings(stage, son=1)
        return
    await found_dead(stage, stage.town.son)
    await stage.pass_by(0.55)
    await rings(stage, operator=1)


async def found_dead(stage: Stage, one: Account) -> None:
    """Waits until FCM has said that there is no such phone."""

    async def is_dead() -> bool:
        return not await stage.database.read(lambda c: accounts.addresses_of(c, [one.id]))

    await until(is_dead)


async def test_one_is_on_the_way_and_the_others_know_when_she_is_there(stage: Stage) -> None:
    alert = await pressed(stage)
    daughter = await stage.sign_in(stage.town.daughter)

    answer = await daughter.post(f"/v1/alerts/{alert['id']}/on-my-way", json={"arrives_in_min": 20})

    assert answer.is_success, answer.text
    assert ("acknowledged", "佐藤 美咲") == (answer.json()["state"], answer.json()["going"][0]["name"])
    await rings(stage, daughter=1, son=2)
    title, _ = stage.pushes(stage.town.son)[1]
    assert "佐藤 美咲さんが向かっています（12:20ごろ着く予定）" == title
    await stage.pass_by(34)
    await rings(stage, daughter=1, son=2)


async def test_a_button_on_an_old_push_says_that_it_went_on_since(stage: Stage) -> None:
    await has_phone(stage, stage.town.operator)
    alert = await pressed(stage)
    son = await stage.sign_in(stage.town.son)
    turn = (await son.get(f"/v1/alerts/{alert['id']}")).json()["told_times"]
    await stage.pass_by(3)
    await rings(stage, daughter=2, son=2)

    stale = await son.post(f"/v1/alerts/{alert['id']}/escalate", json={"told_times": turn})
    assert 409 == stale.status_code
    for times in ({"daughter": 3, "son": 3}, {"daughter": 4, "son": 4, "operator": 1}):
        now = (await son.get(f"/v1/alerts/{alert['id']}")).json()["told_times"]
        assert (await son.post(f"/v1/alerts/{alert['id']}/escalate", json={"told_times": now})).is_success
        await rings(stage, **times)
