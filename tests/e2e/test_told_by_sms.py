"""The daughter's phone is off. She gave her number and the code that was sent to it; when her phone shows no sign of
life after an SOS, the town's gateway sends her an SMS, and hands on that she takes it.
"""

import re
from pathlib import Path
from typing import Any

from app.push.channels.webhook.signing import gateway_secret
from tests.contract.push.gateway import Gateway, a_gateway
from tests.e2e.stage import Stage, a_stage, at_home

SECRET = "0123456789abcdef0123456789abcdef"
NUMBER = "+819012345678"


def texts(gateway: Gateway) -> list[dict[str, Any]]:
    """What the telephone showed."""
    return [told["data"] for _, told in gateway.taken]


async def give_number(stage: Stage, gateway: Gateway) -> None:
    app = await stage.sign_in(stage.town.daughter)
    assert ["sms"] == (await app.get("/v1/gateways")).json()["items"]
    shown = (await app.post("/v1/me/numbers", json={"gateway": "sms", "to": "090-1234-5678"})).json()
    await stage.until(lambda: len(gateway.taken) == 1)
    (code,) = set(re.findall(r"\b[0-9]{6}\b", texts(gateway)[0]["body"]))
    given = await app.post(f"/v1/me/addresses/{shown['id']}/code", json={"code": code})
    assert given.json()["confirmed_at"] is not None


async def test_an_sms_is_sent_when_the_phone_shows_no_sign_of_life(where: Path | str, tmp_path: Path) -> None:
    with a_gateway({"sms": gateway_secret(SECRET.encode(), "sms")}, by_its_clock=False) as gateway:
        settings: dict[str, Any] = {"gateways": {"sms": f"{gateway.url}/sms"}, "detector_secret": SECRET}
        async with a_stage(where, tmp_path, **settings) as stage:
            await give_number(stage, gateway)
            watch = await stage.connect_watch()
            assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
            await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)
            assert 1 == len(gateway.taken), "her phone is tried first"
            await stage.pass_by(1)
            await stage.until(lambda: len(gateway.taken) > 1)
            sms = texts(gateway)[1]
            taken = await stage.http.post(f"/v1/acts/{sms['answer']}/acknowledge", json={})
            assert taken.is_success, taken.text
            (alert,) = await stage.alerts(stage.town.daughter)
            assert "acknowledged" == alert["state"]

    assert (NUMBER, "urgent", "ja") == (sms["to"], sms["level"], sms["language"])
    assert "SOS" in sms["title"]
    assert {NUMBER} == {one["to"] for one in texts(gateway)}
    assert len(sms["receipt"]) == 43
