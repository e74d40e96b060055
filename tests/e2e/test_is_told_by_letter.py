"""Nobody's phone shows a sign of life, so a letter is sent; the daughter reads it at work and takes it from there."""

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.contract.push.mailserver import MailServer
from tests.e2e.stage import Stage, a_stage, at_home
from tests.waiting import until

MAILBOX = "hana..no.musume@docomo.ne.jp"


@pytest.fixture
async def stage(where: Path | str, tmp_path: Path) -> AsyncIterator[Stage]:
    server = MailServer()
    await server.start()
    async with a_stage(where, tmp_path, mail=server) as stage:
        yield stage
    await server.stop()


async def letter(stage: Stage, number: int) -> EmailMessage:
    """The letter of this number, once it has arrived."""
    mail = stage.mail
    assert mail is not None
    await until(lambda: len(mail.received) >= number)
    assert len(mail.received) == number
    return mail.letters()[MAILBOX]


def link(letter: EmailMessage) -> str:
    (found,) = re.findall(r"^http://stage(/\S+)\r$", letter.get_content(), re.MULTILINE)
    return str(found)


async def confirmed(stage: Stage) -> None:
    """The daughter's mailbox, registered in the app and confirmed from the letter."""
    daughter = await stage.sign_in(stage.town.daughter)
    answer = await daughter.post("/v1/me/addresses", json={"channel": "email", "value": MAILBOX})
    assert answer.status_code == 201
    asks = link(await letter(stage, 1))
    assert "受け取る" in (await stage.http.get(asks)).text
    assert (await stage.http.post(asks)).status_code == 200


async def asked(stage: Stage) -> EmailMessage:
    """The letter to the daughter's mailbox, after Hana pressed SOS and no phone showed a sign of life."""
    await confirmed(stage)
    watch = await stage.connect_watch()
    await watch.tell(at_home("AL", stage.now, status="00010000"))
    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)
    await stage.pass_by(0.6)
    return await letter(stage, 2)


async def test_a_letter_is_sent_when_phones_are_silent_and_its_button_takes_the_alert(stage: Stage) -> None:
    asks = await asked(stage)
    assert asks["subject"] == "【緊急】見守りのお知らせ"
    assert asks["importance"] == "high"

    # A scanner of mail follows the link, as often as it likes.
    for _ in range(2):
        page = await stage.http.get(link(asks))
        assert page.status_code == 200
    assert '<form method="post"><button>対応します</button></form>' in page.text
    (alert,) = await stage.alerts(stage.town.son)
    assert alert["state"] == "open"

    taken = await stage.http.post(link(asks))

    assert "ありがとうございます" in taken.text
    (alert,) = await stage.alerts(stage.town.son)
    assert (alert["state"], alert["acknowledged_by"]) == ("acknowledged", stage.town.daughter.name)
    name = f"{stage.town.daughter.name}さんが対応しています"
    await stage.until(lambda: stage.pushes(stage.town.son)[-1][0] == name)
    assert name in (await stage.http.get(link(asks))).text
    again = await stage.http.post(link(asks))
    assert again.status_code == 200


async def test_a_letter_that_is_read_too_late_says_who_has_it_already(stage: Stage) -> None:
    asks = await asked(stage)
    (alert,) = await stage.alerts(stage.town.son)
    son = await stage.sign_in(stage.town.son)
    assert (await son.post(f"/v1/alerts/{alert['id']}/acknowledge")).is_success

    for page in (await stage.http.get(link(asks)), await stage.http.post(link(asks))):
        assert page.status_code == 200
        assert f"{stage.town.son.name}さんが対応しています" in page.text
        assert "<button" not in page.text

    assert (await son.post(f"/v1/alerts/{alert['id']}/resolve")).is_success
    assert "もう終わりました" in (await stage.http.get(link(asks))).text


async def test_a_link_that_is_none_looks_like_one_of_somebody_who_is_told_nothing_any_more(stage: Stage) -> None:
    asks = await asked(stage)
    daughter = await stage.sign_in(stage.town.daughter)
    mailbox = next(one for one in (await daughter.get("/v1/me/addresses")).json()["items"] if one["value"] == MAILBOX)
    await daughter.delete(f"/v1/me/addresses/{mailbox['id']}")

    pages = [await ask(path) for path in (link(asks), "/a/nothing") for ask in (stage.http.get, stage.http.post)]

    assert {404} == {page.status_code for page in pages}
    assert 1 == len({page.text for page in pages})
    assert {"no-store"} == {page.headers["cache-control"] for page in pages}
    assert {"noindex, nofollow"} == {page.headers["x-robots-tag"] for page in pages}
    assert all("form-action 'self'" in page.headers["content-security-policy"] for page in pages)
    (alert,) = await stage.alerts(stage.town.son)
    assert alert["state"] == "open"
