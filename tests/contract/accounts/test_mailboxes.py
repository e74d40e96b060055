"""Mailboxes: anybody can type one, so whoever reads there is asked first, and not too often."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import mailboxes, service
from app.accounts.model import Account, Role, Viewer
from app.config import Settings
from app.kit.errors import TooMany
from app.kit.ids import SignInId, new_id
from app.push import outbox
from app.push import store as push_store
from app.push.channels.email.sender import EmailSender
from app.push.channels.parcel import CONFIRM_MAILBOX, parcel
from app.push.model import Channel, Message
from app.push.outbox import Settlement
from app.push.render import title_and_body
from app.push.retry import Delivery, Outcome
from app.push.tables import message
from app.push.tokens import Purpose, Tokens
from tests.build import NOW
from tests.contract.push.mailserver import MailServer
from tests.contract.web import HERE, Town, make_account, town

SECRET = b"the secret of the town with letters"


def a_viewer(account: Account) -> Viewer:
    return Viewer(
        account_id=account.id, city_id=account.city_id, role=account.role, name=account.name,
        sign_in_id=SignInId(new_id()),
    )  # fmt: skip


@pytest.fixture
def here(data_folder: Path) -> Iterator[Town]:
    given = Settings(smtp_host="127.0.0.1", mail_from="us@town.example", public_url="https://town.example")
    with town(data_folder, given, detector_secret=SECRET) as one:
        yield one


def register(here: Town, name: str = "Hanako", value: str = "hanako@example.jp", **more: str) -> Any:
    body = {"channel": "email", "value": value, **more}
    return here.client.post("/v1/me/addresses", json=body, headers=here.headers_of(name))


def asked(here: Town) -> list[Message]:
    """The letters that wait to be sent, sent."""
    sent = Delivery(outcome=Outcome.SENT)
    with here.database.transaction() as connection:
        letters = list(outbox.claim(connection, Channel.EMAIL, here.clock()))
        outbox.settle(connection, [Settlement(message=one, delivery=sent) for one in letters], here.clock())
    return letters


def link(letter: Message, purpose: Purpose = Purpose.CONFIRM) -> str:
    return f"/mail/{Tokens(SECRET).of(letter.id, purpose)}"


def confirm(here: Town, letter: Message) -> None:
    assert here.client.post(link(letter)).status_code == 200


def reached(here: Town, name: str = "Hanako") -> list[str]:
    account_id = here.people[name].id
    with here.database.transaction() as connection:
        found = service.addresses_of(connection, [account_id]).get(account_id, [])
    return [one.keys["mailbox"] for one in found]


def test_a_mailbox_is_told_nothing_until_whoever_reads_there_says_that_it_is_theirs(here: Town) -> None:
    answer = register(here)
    assert answer.status_code == 201
    assert answer.json()["value"] == "hanako@example.jp"
    assert answer.json()["confirmed_at"] is None
    (letter,) = asked(here)
    assert (letter.kind, letter.params) == (CONFIRM_MAILBOX, {})
    assert letter.address.keys == {"mailbox": "hanako@example.jp"}
    assert reached(here) == []

    confirm(here, letter)

    assert reached(here) == ["hanako@example.jp"]
    (shown,) = here.client.get("/v1/me/addresses", headers=here.headers_of("Hanako")).json()["items"]
    assert (shown["value"], shown["kind"]) == ("hanako@example.jp", "mailbox")
    assert shown["confirmed_at"] is not None


def test_looking_at_the_link_changes_nothing_however_often(here: Town) -> None:
    register(here)
    (letter,) = asked(here)

    for _ in range(3):
        page = here.client.get(link(letter))
        assert page.status_code == 200
        assert here.client.head(link(letter)).status_code in (200, 405)

    assert '<form method="post"><button>受け取る</button></form>' in page.text
    assert "ha…@example.jp" in page.text
    assert "hanako@example.jp" not in page.text
    assert reached(here) == []


def test_a_page_is_kept_by_nobody_found_by_nobody_and_loads_nothing(here: Town) -> None:
    register(here)
    (letter,) = asked(here)

    for page in (here.client.get(link(letter)), here.client.get("/mail/unknown"), here.client.post("/mail/unknown")):
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in page.headers["x-robots-tag"]
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'" in policy
        assert "<script" not in page.text
        assert "src=" not in page.text
        assert page.text.index('lang="ja"') < page.text.index('lang="en"')


def test_unknown_used_and_old_links_and_those_of_other_letters_look_alike(here: Town) -> None:
    register(here)
    (used,) = asked(here)
    confirm(here, used)
    register(here, value="other@example.jp")
    (old,) = asked(here)
    here.clock.pass_by(mailboxes.CONFIRM_WITHIN)
    register(here, value="third@example.jp")
    (removed,) = asked(here)
    with here.database.transaction() as connection:
        push_store.kill_address(connection, removed.address.id, "removed by its owner", here.clock())

    links = [link(used), link(old), link(removed), link(used, Purpose.RECEIPT), "/mail/unknown", "/mail/" + "A" * 43]
    pages = [ask(one) for one in links for ask in (here.client.get, here.client.post)]

    assert {404} == {page.status_code for page in pages}
    (text,) = {page.text for page in pages}
    assert "このリンクは使えません" in text
    assert reached(here) == ["hanako@example.jp"]


def test_a_link_names_no_letter_that_asks_something_else(here: Town) -> None:
    register(here)
    (letter,) = asked(here)
    with here.database.transaction() as connection:
        connection.execute(sa.update(message).values(kind="alert.sos"))

    assert here.client.post(link(letter)).status_code == 404
    assert reached(here) == []


def test_two_accounts_share_a_mailbox_and_neither_takes_it_from_the_other(here: Town) -> None:
    register(here, "Hanako", "family@example.jp")
    (first,) = asked(here)
    confirm(here, first)
    here.clock.pass_by(timedelta(minutes=10))

    register(here, "Taro", "Family@Example.JP")
    assert reached(here, "Taro") == []
    (second,) = asked(here)
    confirm(here, second)

    assert reached(here, "Hanako") == reached(here, "Taro") == ["family@example.jp"]


def test_who_asks_about_the_mailbox_of_another_learns_nothing_of_it(here: Town) -> None:
    register(here, "Hanako", "family@example.jp")
    (first,) = asked(here)
    confirm(here, first)

    known, unknown = register(here, "Taro", "family@example.jp"), register(here, "Taro", "nobody@example.jp")

    assert known.status_code == unknown.status_code == 201
    differ = {"id", "value", "last_seen_at"}
    assert {**known.json(), **dict.fromkeys(differ)} == {**unknown.json(), **dict.fromkeys(differ)}
    # The mailbox was asked a moment ago; it is not asked again.
    assert ["nobody@example.jp"] == [letter.address.keys["mailbox"] for letter in asked(here)]


def test_a_mailbox_is_asked_once_in_ten_minutes_and_five_times_a_day(here: Town) -> None:
    letters = []
    for minute in range(0, 26 * 60, 5):
        register(here)
        letters += [(minute, letter) for letter in asked(here)]
        here.clock.pass_by(timedelta(minutes=5))

    assert [minute for minute, _ in letters] == [0, 10, 20, 30, 40, 1440, 1450, 1460, 1470, 1480]


def test_an_account_that_tries_a_list_is_told_to_wait(here: Town) -> None:
    statuses = [register(here, value=f"somebody-{number}@example.jp").status_code for number in range(4)]
    refused = register(here, value="somebody-9@example.jp")

    assert statuses == [201, 201, 201, 429]
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "600"
    assert len(asked(here)) == 3
    assert len(here.client.get("/v1/me/addresses", headers=here.headers_of("Hanako")).json()["items"]) == 3
    assert register(here, "Taro", "somebody-9@example.jp").status_code == 201


def test_five_mailboxes_are_the_most_and_one_that_is_removed_makes_room(here: Town) -> None:
    for number in range(mailboxes.MAILBOXES_MAX):
        shown = register(here, value=f"mine-{number}@example.jp")
        here.clock.pass_by(timedelta(minutes=10))

    assert register(here, value="sixth@example.jp").status_code == 409
    assert register(here, value="mine-0@example.jp").status_code == 201
    headers = here.headers_of("Hanako")
    assert here.client.delete(f"/v1/me/addresses/{shown.json()['id']}", headers=headers).status_code == 204
    assert register(here, value="sixth@example.jp").status_code == 201


def test_many_phones_do_not_push_a_mailbox_out(here: Town) -> None:
    register(here)
    (letter,) = asked(here)
    confirm(here, letter)
    headers = here.headers_of("Hanako")
    for number in range(22):
        here.clock.pass_by(timedelta(minutes=1))
        here.client.post("/v1/me/addresses", json={"kind": "token", "value": f"token-{number}"}, headers=headers)

    shown = here.client.get("/v1/me/addresses", headers=headers).json()["items"]
    assert 20 + 1 == len(shown)
    assert "hanako@example.jp" in [one["value"] for one in shown]


def test_a_mailbox_outlives_the_sign_in_that_registered_it(here: Town) -> None:
    headers = here.headers_of("Hanako")
    here.client.post("/v1/me/addresses", json={"channel": "email", "value": "hanako@example.jp"}, headers=headers)
    (letter,) = asked(here)
    confirm(here, letter)

    here.client.post("/v1/sign-out", headers=headers)

    assert reached(here) == ["hanako@example.jp"]


def test_registering_again_keeps_what_was_confirmed_and_one_that_was_dead_is_asked_anew(here: Town) -> None:
    address_id = register(here).json()["id"]
    (letter,) = asked(here)
    confirm(here, letter)
    here.clock.pass_by(timedelta(hours=1))

    again = register(here, language="en").json()
    assert (again["id"], again["language"]) == (address_id, "en")
    assert again["confirmed_at"] is not None
    assert asked(here) == []

    with here.database.transaction() as connection:
        push_store.kill_address(connection, letter.address.id, "550 5.1.1", here.clock())
    assert register(here).json()["confirmed_at"] is None
    assert reached(here) == []
    (second,) = asked(here)
    confirm(here, second)
    assert reached(here) == ["hanako@example.jp"]


async def test_the_letter_that_arrives_holds_the_link_that_confirms(here: Town) -> None:
    register(here, value="hana..chan@docomo.ne.jp")
    (letter,) = asked(here)
    words = title_and_body(letter.kind, letter.address.language, letter.params)
    server = MailServer()
    await server.start()
    given = Settings(
        smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none", mail_from="us@town.example",
        public_url="https://town.example",
    )  # fmt: skip

    (delivery,) = await EmailSender(given).send([parcel(letter, words, Tokens(SECRET))])
    await server.stop()

    assert delivery.outcome is Outcome.SENT
    received = server.letters()["hana..chan@docomo.ne.jp"]
    assert received["subject"] == "メールアドレスの確認のお願い"
    (found,) = re.findall(r"^https://town\.example(/mail/\S+)\r$", received.get_content(), re.MULTILINE)
    assert here.client.post(found).status_code == 200
    assert reached(here) == ["hana..chan@docomo.ne.jp"]


def test_letters_are_counted_for_each_account_and_each_mailbox(connection: Connection) -> None:
    service.create_city(connection, city_id=HERE, name="加古川市", zone="Asia/Tokyo", now=NOW)
    one, two = (a_viewer(make_account(connection, Role.FAMILY, name)) for name in ("Hanako", "Taro"))
    for number in range(3):
        service.add_mailbox(connection, one, f"one-{number}@example.jp", "ja", NOW + timedelta(seconds=number))
    service.add_mailbox(connection, two, "one-0@example.jp", "ja", NOW)
    mailbox = service.add_mailbox(connection, two, "two@example.jp", "ja", NOW)

    with pytest.raises(TooMany):
        service.add_mailbox(connection, one, "one-4@example.jp", "ja", NOW + timedelta(minutes=9))
    letters = outbox.claim(connection, Channel.EMAIL, NOW + timedelta(minutes=9))
    asking = {letter.address.keys["mailbox"]: letter.id for letter in letters}
    assert ["one-0@example.jp", "one-1@example.jp", "one-2@example.jp", "two@example.jp"] == sorted(asking)
    assert len(letters) == 4

    assert service.addresses_of(connection, [one.account_id, two.account_id]) == {}
    service.confirm_mailbox(connection, asking["two@example.jp"], NOW)
    (found,) = service.addresses_of(connection, [one.account_id, two.account_id])[two.account_id]
    assert (found.id, found.confirmed_at) == (mailbox.id, NOW)


@pytest.mark.parametrize(
    "value", ["hanako", "hanako@", "a@b", "a b@example.jp", "<a@example.jp>", "a@example.jp,b@c.jp"]
)
def test_what_is_no_mailbox_is_refused(here: Town, value: str) -> None:
    answer = register(here, value=value)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == "value"


def test_old_japanese_addresses_are_mailboxes(here: Town) -> None:
    assert register(here, value="hana..chan.@docomo.ne.jp").status_code == 201


@pytest.mark.parametrize("more", [{"kind": "token"}, {"channel": "fcm", "kind": "mailbox"}, {"channel": "fcm"}])
def test_kinds_and_channels_belong_together(here: Town, more: dict[str, str]) -> None:
    answer = register(here, **more)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == "kind"


def test_where_no_letters_are_sent_no_mailbox_is_registered(data_folder: Path) -> None:
    with town(data_folder) as here:
        answer = register(here)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == "channel"


def test_an_old_letter_of_a_mailbox_that_was_registered_again_confirms_it_all_the_same(here: Town) -> None:
    register(here)
    (first,) = asked(here)
    here.clock.pass_by(timedelta(minutes=10))
    register(here)
    (second,) = asked(here)

    confirm(here, first)

    assert here.client.post(link(second)).status_code == 404
    assert reached(here) == ["hanako@example.jp"]
