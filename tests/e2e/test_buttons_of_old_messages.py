"""Messages lie on a phone for hours: a button on an old one does what is right now, or says why it does nothing."""

import httpx
import sqlalchemy as sa

from app.accounts.model import Account
from app.config import Settings, detector_secret
from app.kit.ids import MessageId
from app.push.tables import address, message
from app.push.tokens import Purpose, Tokens
from tests.e2e.stage import Stage, at_home
from tests.waiting import until


async def presses_sos(stage: Stage, alerts: int = 1) -> str:
    """The alert after Hana pressed the button of her watch."""
    watch = await stage.connect_watch()
    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
    found = await until(lambda: stage.alerts(stage.town.daughter))
    assert alerts == len(found)
    return str(found[-1]["id"])


async def token(stage: Stage, one: Account, which: int) -> str:
    """The answer of the SOS that somebody's phone was told as the first, second … of all."""
    sos = (
        sa.select(message.c.id)
        .join(address, address.c.id == message.c.address_id)
        .where(message.c.kind == "alert.sos", address.c.value == f"phone-of-{one.email}")
        .order_by(message.c.id)
    )
    found = await stage.database.read(lambda c: list(c.execute(sos).scalars()))
    secret = detector_secret(Settings(data=str(stage.folder / "data")))
    return Tokens(secret).of(MessageId(found[which]), Purpose.ANSWER)


async def press(stage: Stage, token: str, button: str) -> httpx.Response:
    return await stage.http.post(f"/v1/acts/{token}/{button}")


async def state(stage: Stage, alert_id: str) -> tuple[str, str | None]:
    app = await stage.sign_in(stage.town.son)
    alert = (await app.get(f"/v1/alerts/{alert_id}")).json()
    return alert["state"], alert["acknowledged_by"]


async def test_a_button_does_what_is_right_now_or_says_why_not(stage: Stage) -> None:
    daughter, son = stage.town.daughter, stage.town.son
    alert = await presses_sos(stage)
    first = await token(stage, son, 0)
    await stage.pass_by(3)
    second = await token(stage, son, 1)

    stale = await press(stage, first, "escalate")
    assert (409, "It was told on meanwhile; look again.") == (stale.status_code, stale.json()["detail"])
    assert 200 == (await press(stage, second, "escalate")).status_code
    again = await press(stage, second, "escalate")
    assert 409 == again.status_code, "pressed twice"

    hers = await token(stage, daughter, 0)
    assert 200 == (await press(stage, hers, "acknowledge")).status_code, "her oldest message takes it"
    assert ("acknowledged", daughter.name) == await state(stage, alert)
    for button in ("acknowledge", "escalate"):
        taken = await press(stage, await token(stage, son, 2), button)
        assert (409, "Somebody sees to it already.") == (taken.status_code, taken.json()["detail"])
    going = await press(stage, first, "on-my-way?arrives_in_min=10")
    assert (200, [son.name]) == (going.status_code, [one["name"] for one in going.json()["going"]])

    await stage.pass_by(31)
    assert ("open", None) == await state(stage, alert), "nobody saw it through"
    assert 200 == (await press(stage, first, "acknowledge")).status_code
    assert ("acknowledged", son.name) == await state(stage, alert)


async def test_an_app_says_how_often_it_had_been_told_when_its_message_was_made(stage: Stage) -> None:
    alert = await presses_sos(stage)
    await stage.pass_by(3)
    son, mine = stage.town.son, f"phone-of-{stage.town.son.email}"
    await stage.until(lambda: len(stage.pushes(son)) == 2)
    told = [push.message["data"]["told_times"] for push in stage.phones.received if push.token == mine]
    app = await stage.sign_in(son)

    answers = [
        (await app.post(f"/v1/alerts/{alert}/escalate", json={"told_times": int(one)})).status_code for one in told
    ]

    assert (["1", "2"], [409, 200]) == (told, answers)


async def test_a_button_of_what_is_over_touches_nothing_that_came_after_it(stage: Stage) -> None:
    daughter, son = stage.town.daughter, stage.town.son
    alert = await presses_sos(stage)
    old = await token(stage, son, 0)
    app = await stage.sign_in(daughter)
    assert (await app.post(f"/v1/alerts/{alert}/resolve")).is_success
    await stage.pass_by(2)
    new = await presses_sos(stage, alerts=2)

    for button in ("acknowledge", "on-my-way", "escalate"):
        over = await press(stage, old, button)
        assert (409, "It is over.") == (over.status_code, over.json()["detail"])
    assert "resolved" == (await stage.http.get(f"/v1/acts/{old}")).json()["state"]
    assert ("open", None) == await state(stage, new)


async def test_who_may_not_know_any_more_answers_nothing_from_what_still_lies_on_his_phone(stage: Stage) -> None:
    alert = await presses_sos(stage)
    old = await token(stage, stage.town.son, 0)
    daughter = await stage.sign_in(stage.town.daughter)
    consents = (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/consents")).json()["items"]
    (of_son,) = [one["id"] for one in consents if one["account_name"] == stage.town.son.name]
    assert (await daughter.delete(f"/v1/wearers/{stage.town.hana.id}/consents/{of_son}")).is_success

    answers = [await press(stage, old, button) for button in ("acknowledge", "on-my-way", "escalate")]
    answers.append(await stage.http.get(f"/v1/acts/{old}"))

    assert {404} == {one.status_code for one in answers}
    assert "open" == (await daughter.get(f"/v1/alerts/{alert}")).json()["state"]
