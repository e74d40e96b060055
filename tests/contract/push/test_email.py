"""Letters through a real mail server: what arrives, and what is made of every answer."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.headerregistry import Address
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection
from structlog.testing import capture_logs

from app.config import InvalidSettings, Settings
from app.db.engine import Database
from app.kit.clock import ManualClock
from app.push import store, tables
from app.push.channels import open_channels
from app.push.channels.email import sender
from app.push.channels.email.sender import EmailSender
from app.push.channels.parcel import CONFIRM_MAILBOX, Parcel
from app.push.deliver import Desk, deliver_round
from app.push.model import AddressKind, Channel, Level
from app.push.retry import Outcome
from tests.build import NOW
from tests.contract.push.builders import ABOUT, a_message, a_parcel, state
from tests.contract.push.certificates import contexts
from tests.contract.push.mailserver import TO_CONTENT, TO_RECIPIENT, MailServer, parsed

FROM = "見守りサービス <mimamori@town.example.jp>"


def a_letter(mailbox: str = "taro@example.jp", level: Level = Level.URGENT) -> Parcel:
    parcel = a_parcel(level=level)
    address = replace(
        parcel.message.address, channel=Channel.EMAIL, kind=AddressKind.MAILBOX, value=f"somebody:{mailbox}",
        keys={"mailbox": mailbox}, confirmed_at=NOW,
    )  # fmt: skip
    return replace(parcel, message=replace(parcel.message, address=address))


def letters(*local_parts: str) -> list[Parcel]:
    return [a_letter(f"{local_part}@example.jp") for local_part in local_parts]


def settings(server: MailServer, **changes: object) -> Settings:
    given = {
        "public_url": "https://town.example.jp",
        "smtp_host": "127.0.0.1",
        "smtp_port": server.port,
        "smtp_tls": "none",
        "mail_from": FROM,
        **changes,
    }
    return Settings(**given)  # type: ignore[arg-type]


@asynccontextmanager
async def serving(server: MailServer) -> AsyncIterator[MailServer]:
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with serving(MailServer()) as started:
        yield started


@pytest.fixture
def email(server: MailServer) -> EmailSender:
    return EmailSender(settings(server))


async def test_a_letter_arrives_as_readers_of_mail_want_it(email: EmailSender, server: MailServer) -> None:
    parcel = a_letter()
    (delivery,) = await email.send([parcel])

    assert delivery.outcome == Outcome.SENT
    assert delivery.provider_id == "2.0.0 taken as 4711"
    letter = server.letters()["taro@example.jp"]
    assert letter["from"].addresses == (Address("見守りサービス", "mimamori", "town.example.jp"),)
    assert letter["to"].addresses == (Address("", "taro", "example.jp"),)
    assert letter["subject"] == "佐藤ハナさんが「自宅」の外に出ました"
    assert letter["date"].datetime == NOW
    assert letter["message-id"] == f"<{parcel.message.id}@town.example.jp>"
    assert letter["auto-submitted"] == "auto-generated"
    assert letter["content-language"] == "ja"
    assert (letter["importance"], letter["x-priority"]) == ("high", "1")
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content_charset() == "utf-8"
    said, _, end = letter.get_content().partition("\r\n\r\n-- \r\n")
    assert said == "「自宅」の外にいるようです（12:00）。今いる場所はアプリで見られます。"
    assert end.startswith("このメールは、見守りサービスが自動でお送りしています。")
    assert max(len(line) for line in server.received[0][1].split(b"\r\n")) <= 78
    assert set(letter.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
        "X-Auto-Response-Suppress", "Content-Language", "Importance", "X-Priority", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip


async def test_a_notice_is_not_marked_as_important(email: EmailSender, server: MailServer) -> None:
    await email.send([a_letter(level=Level.NOTICE)])

    assert "importance" not in server.letters()["taro@example.jp"]


async def test_the_same_message_again_is_the_same_letter(email: EmailSender, server: MailServer) -> None:
    parcel = a_letter()
    await email.send([parcel])
    await email.send([parcel])

    (first, second) = server.received
    assert first == second


async def test_all_that_is_told_about_one_alert_is_one_thread(email: EmailSender, server: MailServer) -> None:
    first, second = letters("taro", "hanako")
    other = a_letter("jiro@example.jp")
    other = replace(other, message=replace(other.message, about="alert:another"))
    await email.send([first, second, other])

    threads = [letter["references"] for letter in server.letters().values()]
    assert threads[0] == threads[1] != threads[2]
    assert threads == [letter["in-reply-to"] for letter in server.letters().values()]
    assert 3 == len({letter["message-id"] for letter in server.letters().values()})
    assert ABOUT not in str(threads)


@pytest.mark.parametrize("local_part", ["hana..chan", "hana.", ".hana", "a...b..c."])
async def test_old_japanese_addresses_are_quoted_everywhere(
    email: EmailSender, server: MailServer, local_part: str
) -> None:
    (delivery,) = await email.send([a_letter(f"{local_part}@docomo.ne.jp")])

    assert delivery.outcome == Outcome.SENT
    assert server.written == [f'TO:<"{local_part}"@docomo.ne.jp>']
    assert f'\r\nTo: "{local_part}"@docomo.ne.jp\r\n'.encode() in server.received[0][1]
    (address,) = server.letters()[f"{local_part}@docomo.ne.jp"]["to"].addresses
    assert (address.username, address.domain) == (local_part, "docomo.ne.jp")


MEANINGS = {
    **dict.fromkeys(
        ("unknown", "no-system", "bad-syntax", "moved", "null-mx", "bare-550", "bare-553", "content-unknown"),
        Outcome.ADDRESS_DEAD,
    ),
    **dict.fromkeys(
        (
            "full", "full-for-good", "bare-552", "grey", "bare-grey", "policy", "bare-relay", "content-full",
            "content-grey", "content-spam",
        ),
        Outcome.LATER,
    ),
    **dict.fromkeys(("their-disk", "sign-in", "goes", "content-goes"), Outcome.UNAVAILABLE),
    **dict.fromkeys(("disabled", "odd", "content-bare", "content-large"), Outcome.REFUSED),
}  # fmt: skip


@pytest.mark.parametrize("name", [*TO_RECIPIENT, *TO_CONTENT])
async def test_every_answer_has_its_meaning_and_costs_only_its_own_letter(
    email: EmailSender, server: MailServer, name: str
) -> None:
    before, delivery, after = await email.send(letters("taro", name, "hanako"))

    assert delivery.outcome == MEANINGS[name]
    assert delivery.error
    assert [Outcome.SENT, Outcome.SENT] == [before.outcome, after.outcome]
    assert list(server.letters()) == ["taro@example.jp", "hanako@example.jp"]


async def test_many_letters_go_over_a_few_connections_and_are_answered_in_order(
    email: EmailSender, server: MailServer
) -> None:
    names = [f"taro-{number}" for number in range(60)]
    names[20], names[40] = "unknown", "grey"

    deliveries = await email.send(letters(*names))

    assert {20: Outcome.ADDRESS_DEAD, 40: Outcome.LATER} == {
        number: delivery.outcome for number, delivery in enumerate(deliveries) if delivery.outcome is not Outcome.SENT
    }
    assert 58 == len(server.received) == len(server.letters())
    assert server.connections == sender.LINES_MAX


async def test_few_letters_share_one_connection_that_forgets_what_was_refused(
    email: EmailSender, server: MailServer
) -> None:
    await email.send(letters("taro", "unknown", "hanako"))

    assert server.connections == 1
    assert server.commands["RSET"] == 1


async def test_a_sender_that_is_refused_is_ours_and_kills_no_address(email: EmailSender, server: MailServer) -> None:
    server.to_sender = "553 5.7.1 not your address"

    deliveries = await email.send(letters("taro", "unknown"))

    assert {Outcome.UNAVAILABLE} == {delivery.outcome for delivery in deliveries}


async def test_nobody_at_the_other_end_is_unavailable(email: EmailSender, server: MailServer) -> None:
    await server.stop()

    with capture_logs() as logs:
        deliveries = await email.send(letters("taro", "hanako"))

    assert [Outcome.UNAVAILABLE] * 2 == [delivery.outcome for delivery in deliveries]
    assert ["mail_server_not_ready"] == [entry["event"] for entry in logs]
    assert "taro" not in str(logs)


@pytest.mark.parametrize(
    ("command", "outcome"),
    [("MAIL", Outcome.UNAVAILABLE), ("RCPT", Outcome.UNAVAILABLE), ("DATA", Outcome.UNKNOWN)],
)
async def test_a_server_that_falls_silent_is_left_and_what_may_have_arrived_is_unknown(
    server: MailServer, command: str, outcome: Outcome
) -> None:
    server.silent = command
    email = EmailSender(settings(server, push_timeout_s=0.2))

    deliveries = await email.send(letters("taro", "hanako", "jiro"))

    # Two connections were tried; for the third letter there was no more.
    assert [outcome, outcome, Outcome.UNAVAILABLE] == [delivery.outcome for delivery in deliveries]
    assert server.connections == 2


async def test_a_round_ends_in_time_and_tells_what_it_knows(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "ROUND_S_MAX", 0.5)
    server.silent = "DATA"
    email = EmailSender(settings(server))

    deliveries = await email.send(letters("taro", "hanako"))

    assert [Outcome.UNKNOWN, Outcome.UNAVAILABLE] == [delivery.outcome for delivery in deliveries]


async def test_a_server_that_only_listens_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hears_nobody:
        port = hears_nobody.getsockname()[1]
        given = Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none", mail_from=FROM, push_timeout_s=0.2)

        (delivery,) = await EmailSender(given).send([a_letter()])

    assert delivery.outcome == Outcome.UNAVAILABLE


async def test_a_line_that_was_to_be_encrypted_is_encrypted_or_not_used(server: MailServer) -> None:
    plain = EmailSender(settings(server, smtp_tls="starttls"))
    with_password = EmailSender(settings(server, smtp_tls="starttls", smtp_user="us", smtp_password="secret"))

    deliveries = [*await plain.send([a_letter()]), *await with_password.send([a_letter()])]

    assert [Outcome.UNAVAILABLE] * 2 == [delivery.outcome for delivery in deliveries]
    assert server.commands == {}


@pytest.fixture
def both(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return contexts(tmp_path)


@pytest.mark.parametrize("how", ["starttls", "tls"])
async def test_letters_go_over_an_encrypted_line_with_our_name_and_password(
    both: tuple[ssl.SSLContext, ssl.SSLContext], how: str
) -> None:
    shown, trusted = both
    async with serving(MailServer(tls=shown) if how == "starttls" else MailServer(wrapped=shown)) as server:
        server.password = "secret"
        given = settings(server, smtp_tls=how, smtp_user="us", smtp_password="secret")

        (delivery,) = await EmailSender(given, tls=trusted).send([a_letter()])

        assert delivery.outcome == Outcome.SENT
        assert server.encrypted == [True]
        assert server.commands["AUTH"] == 1


@pytest.mark.parametrize("how", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    both: tuple[ssl.SSLContext, ssl.SSLContext], how: str
) -> None:
    shown, _ = both
    async with serving(MailServer(tls=shown) if how == "starttls" else MailServer(wrapped=shown)) as server:
        (delivery,) = await EmailSender(settings(server, smtp_tls=how)).send([a_letter()])

        assert delivery.outcome == Outcome.UNAVAILABLE
        assert server.commands == {}


async def test_a_password_that_is_refused_is_ours_and_kills_no_address(
    both: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    shown, trusted = both
    async with serving(MailServer(tls=shown)) as server:
        server.password = "secret"
        given = settings(server, smtp_tls="starttls", smtp_user="us", smtp_password="guessed")

        deliveries = await EmailSender(given, tls=trusted).send(letters("taro", "unknown"))

        assert {Outcome.UNAVAILABLE} == {delivery.outcome for delivery in deliveries}
        assert "535" in str(deliveries[0].error)
        assert "guessed" not in str(deliveries)


async def test_a_mailbox_that_nobody_confirmed_gets_the_letter_that_asks_and_no_other(
    email: EmailSender, server: MailServer
) -> None:
    parcel = a_letter()
    unconfirmed = replace(parcel.message, address=replace(parcel.message.address, confirmed_at=None))
    asks = replace(parcel, message=replace(unconfirmed, kind=CONFIRM_MAILBOX), confirm="t" * 43)

    alert, asked, linkless = await email.send([replace(parcel, message=unconfirmed), asks, replace(asks, confirm=None)])

    assert (alert.outcome, asked.outcome, linkless.outcome) == (Outcome.REFUSED, Outcome.SENT, Outcome.REFUSED)
    ((_, content),) = server.received
    assert f"\r\nhttps://town.example.jp/mail/{'t' * 43}\r\n" in parsed(content).get_content()


async def test_a_letter_that_asks_for_somebody_has_the_link_to_answer_it(
    email: EmailSender, server: MailServer
) -> None:
    await email.send([replace(a_letter(), answer="a" * 43, receipt="r" * 43)])

    said = server.letters()["taro@example.jp"].get_content()
    assert f"\r\nhttps://town.example.jp/a/{'a' * 43}\r\n" in said
    assert "r" * 43 not in said


async def test_a_link_is_in_its_letter_alone(email: EmailSender, server: MailServer) -> None:
    parcel = a_letter("unknown@example.jp")
    asks = replace(parcel, message=replace(parcel.message, kind=CONFIRM_MAILBOX), confirm="t" * 43)

    with capture_logs() as logs:
        (delivery,) = await email.send([asks])

    assert "t" * 43 not in str(logs) + str(delivery)


async def put_letter(database: Database, mailbox: str) -> str:
    """A letter that waits for this mailbox, which was confirmed; its unique key."""

    def work(connection: Connection) -> str:
        address = store.save_address(
            connection, channel=Channel.EMAIL, kind=AddressKind.MAILBOX, value=f"somebody:{mailbox}", language="ja",
            now=NOW, keys={"mailbox": mailbox},
        )  # fmt: skip
        connection.execute(sa.update(tables.address).values(confirmed_at=NOW))
        return a_message(connection, address.id, channel=Channel.EMAIL)

    return await database.write(work)


async def test_mailboxes_that_cannot_be_reached_now_hold_nobody_up(
    email: EmailSender, server: MailServer, database: Database, clock: ManualClock
) -> None:
    desk = Desk(database=database, channel=Channel.EMAIL, sender=email, clock=clock, jitter=lambda: 0.0)
    grey = [await put_letter(database, f"{name}@example.jp") for name in ("grey", "full", "bare-grey")]
    assert await deliver_round(desk) == 3

    assert not desk.rest.is_asking
    taro = await put_letter(database, "taro@example.jp")
    assert await deliver_round(desk) == 1
    assert await state(database, taro) == ("sent", [(1, "sent")])
    assert [("waiting", [(1, "later")])] * 3 == [await state(database, key) for key in grey]
    clock.pass_by(timedelta(seconds=30))
    assert await deliver_round(desk) == 3


async def test_a_mailbox_that_does_not_exist_is_told_nothing_more(
    email: EmailSender, server: MailServer, database: Database, clock: ManualClock
) -> None:
    desk = Desk(database=database, channel=Channel.EMAIL, sender=email, clock=clock)
    first, second = [await put_letter(database, "unknown@example.jp") for _ in range(2)]
    await deliver_round(desk, limit=1)
    await deliver_round(desk)

    assert await state(database, first) == ("failed", [(1, "address dead")])
    assert await state(database, second) == ("failed", [(0, "address dead")])
    assert server.commands["RCPT"] == 1


async def test_an_address_without_a_mailbox_is_refused_and_costs_nobody_else(email: EmailSender) -> None:
    deliveries = await email.send([a_parcel(), a_letter("no mailbox"), a_letter("a\r\nBcc: b@example.jp"), a_letter()])

    expected = [Outcome.REFUSED] * 3 + [Outcome.SENT]
    assert expected == [delivery.outcome for delivery in deliveries]


def test_the_channel_opens_only_when_it_is_set_up(clock: ManualClock) -> None:
    given = Settings(smtp_host="mail.example.jp", mail_from=FROM, public_url="https://town.example.jp")

    assert {Channel.EMAIL} == set(open_channels(given, clock))
    for wrong in ("", "mimamori", "a@example.jp, b@example.jp", "見守り\r\nBcc: b@example.jp <a@example.jp>"):
        with pytest.raises(InvalidSettings):
            open_channels(replace(given, mail_from=wrong), clock)
    for changes in ({"smtp_tls": "none", "smtp_user": "us"}, {"public_url": None}):
        with pytest.raises(InvalidSettings):
            open_channels(replace(given, **changes), clock)


def test_a_letter_is_sent_within_the_time_that_sending_has() -> None:
    from app.push.deliver import SEND_S_MAX

    assert timedelta(seconds=sender.ROUND_S_MAX + sender.GOODBYE_S_MAX) < timedelta(seconds=SEND_S_MAX)
