"""FCM is away when she presses SOS, and for an hour. Her son hears of it in his browser at once and her daughter by a letter
within a minute, each time that it is told again; when FCM is back, their phones get the newest word of it and no older one.
"""

from datetime import timedelta
from pathlib import Path

from tests.contract.push.mailserver import MailServer, parsed
from tests.e2e.stage import Stage, a_stage, at_home
from tests.waiting import until
from tests.webpush import PushService

SOS = "【緊急】ハナさんがSOSボタンを押しました"
MAILBOX = "hana@example.jp"
WAITS_MIN = (0, 3, 5, 7, 10, 10, 10, 10)
"""After so many minutes each an alert that nobody takes is told again."""


async def reach(stage: Stage, browsers: PushService) -> None:
    """The daughter's mailbox, which is hers, and the son's browser."""
    assert stage.mail is not None
    mailbox = {"channel": "email", "value": MAILBOX, "shows_details": True}
    daughter, son = await stage.sign_in(stage.town.daughter), await stage.sign_in(stage.town.son)
    assert (await daughter.post("/v1/me/addresses", json=mailbox)).is_success
    await until(lambda: stage.mail is not None and stage.mail.received)
    letter = stage.mail.letters()[MAILBOX].get_content()
    (link,) = (line.removeprefix("http://stage") for line in letter.splitlines() if line.startswith("http://stage"))
    assert (await stage.http.post(link)).is_success
    endpoint, keys = browsers.subscribe("of-the-son")
    given = {"channel": "webpush", "kind": "subscription", "value": endpoint, "keys": keys, "shows_details": True}
    answer = await son.post("/v1/me/addresses", json=given)
    assert answer.is_success, answer.text


def letters(stage: Stage) -> int:
    """How many letters told of the SOS."""
    assert stage.mail is not None
    return [parsed(content)["subject"] for _, content in stage.mail.received].count(SOS)


def shown(browsers: PushService) -> int:
    """How often the browser showed the SOS."""
    return [push.content["title"] for push in browsers.received].count(SOS)


async def phones(stage: Stage) -> list[str]:
    """What became of each message to a phone, by the list that the family reads; with each look a second goes by."""
    stage.clock.pass_by(timedelta(seconds=1))
    app = await stage.sign_in(stage.town.daughter)
    alerts = (await app.get("/v1/alerts")).json()["items"]
    alert = next(one for one in alerts if one["kind"] == "sos")
    told = (await app.get(f"/v1/alerts/{alert['id']}/deliveries")).json()["items"]
    return sorted(one["state"] for one in told if one["channel"] == "fcm")


async def test_other_channels_carry_it_and_phones_get_the_newest_when_fcm_is_back(
    where: Path | str, tmp_path: Path
) -> None:
    mail, browsers = MailServer(), PushService()
    await mail.start()
    more = {"webpush_contact": "mailto:office@example.jp", "webpush_hosts": browsers.url}
    async with a_stage(where, tmp_path, mail=mail, **more) as stage:
        await reach(stage, browsers)
        stage.phones.fate = "unavailable"
        watch = await stage.connect_watch()
        assert "AL" == await watch.tell(at_home("AL", stage.now, status="00010000"))
        for turn, wait_min in enumerate(WAITS_MIN, 1):
            await stage.pass_by(max(0, wait_min - 0.6))
            await stage.until(lambda turn=turn: shown(browsers) == turn)
            await stage.pass_by(0.6)
            await stage.until(lambda turn=turn: letters(stage) == turn)
        assert [] == stage.phones.received

        stage.phones.fate = None
        ended = ["cancelled"] * 2 * (len(WAITS_MIN) - 1) + ["sent"] * 2

        async def have_ended() -> bool:
            return await phones(stage) == ended

        await until(have_ended)

        for one in (stage.town.daughter, stage.town.son):
            ((_, body),) = [push for push in stage.pushes(one) if push[0] == SOS]
            assert "まだだれも" in body
    await mail.stop()
    browsers.stop()
