"""Her daughter's phone says that it shows the SOS; her son's, which did so yesterday, says nothing. Only he gets an SMS as
well, the family reads since when his phone has not answered, and it is well again when it has a network.
"""

import re
from pathlib import Path
from typing import Any

from app.accounts.model import Account
from app.push.channels.webhook.signing import gateway_secret
from tests.contract.push.gateway import Gateway, a_gateway
from tests.e2e.stage import Stage, a_stage, at_home

SECRET = "0123456789abcdef0123456789abcdef"
NUMBERS = {"daughter": "+819011111111", "son": "+819022222222"}


def texts(gateway: Gateway) -> list[dict[str, Any]]:
    """What the telephones showed."""
    return [told["data"] for _, told in gateway.taken]


def alarmed(gateway: Gateway) -> list[str]:
    """The numbers that were told of an SOS."""
    return [one["to"] for one in texts(gateway) if "SOS" in one["title"]]


async def give_number(stage: Stage, gateway: Gateway, who: str) -> None:
    app, before = await stage.sign_in(getattr(stage.town, who)), len(gateway.taken)
    shown = (await app.post("/v1/me/numbers", json={"gateway": "sms", "to": NUMBERS[who]})).json()
    await stage.until(lambda: len(gateway.taken) == before + 1)
    code = re.findall(r"\b[0-9]{6}\b", texts(gateway)[-1]["body"])[0]
    assert (await app.post(f"/v1/me/addresses/{shown['id']}/code", json={"code": code})).is_success


async def press(stage: Stage) -> None:
    watch = await stage.connect_watch()
    assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
    await watch.hang_up()


async def show(stage: Stage, one: Account) -> None:
    """The phone shows the newest push and says so."""
    pushes = [push.message["data"] for push in stage.phones.received if push.token == f"phone-of-{one.email}"]
    answer = await stage.http.post(f"/v1/receipts/{pushes[-1]['receipt']}", json={"what": "shown"})
    assert 204 == answer.status_code


async def told(stage: Stage, number: int) -> None:
    """Waits until both phones were told so often."""
    people = (stage.town.daughter, stage.town.son)
    await stage.until(lambda: [number] * 2 == [len(stage.pushes(one)) for one in people])


async def reached(stage: Stage) -> dict[str, list[tuple[str, str]]]:
    """What the family reads of its contacts: over which channel each can be reached."""
    app = await stage.sign_in(stage.town.daughter)
    items = (await app.get(f"/v1/wearers/{stage.town.hana.id}/contacts")).json()["items"]
    return {one["name"]: [(way["channel"], way["reachable"]) for way in one["channels"]] for one in items}


async def test_whose_phone_does_not_answer_is_told_over_the_next_channel_and_the_family_sees_it(
    where: Path | str, tmp_path: Path
) -> None:
    with a_gateway({"sms": gateway_secret(SECRET.encode(), "sms")}, by_its_clock=False) as gateway:
        settings: dict[str, Any] = {"gateways": {"sms": f"{gateway.url}/sms"}, "detector_secret": SECRET}
        async with a_stage(where, tmp_path, **settings) as stage:
            for who in NUMBERS:
                await give_number(stage, gateway, who)
            town = stage.town
            await press(stage)
            await told(stage, 1)
            for one in (town.daughter, town.son):
                await show(stage, one)
            (alert,) = await stage.alerts(town.daughter)
            app = await stage.sign_in(town.daughter)
            assert (await app.post(f"/v1/alerts/{alert['id']}/resolve")).is_success
            await stage.until(lambda: len(stage.pushes(town.son)) == 2)
            await show(stage, town.son)

            await stage.pass_by(10)
            await press(stage)
            await stage.until(lambda: len(stage.pushes(town.daughter)) == 2 and len(stage.pushes(town.son)) == 3)
            await show(stage, town.daughter)
            await stage.pass_by(1.5)
            await stage.until(lambda: alarmed(gateway))

            assert [NUMBERS["son"]] == alarmed(gateway)
            family = {town.daughter.name: [("fcm", "yes"), ("webhook", "yes")]}
            assert family | {town.son.name: [("fcm", "unanswered"), ("webhook", "yes")]} == await reached(stage)

            await show(stage, town.son)
            assert family | {town.son.name: [("fcm", "yes"), ("webhook", "yes")]} == await reached(stage)
