"""Web Push over a real connection: what a browser gets to read, and what we make of every answer of its service."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from app.config import Settings
from app.db.engine import Database
from app.kit.clock import ManualClock
from app.push import store, tables
from app.push.channels import open_channels
from app.push.channels.parcel import Parcel
from app.push.channels.webpush.sender import WebPushSender
from app.push.channels.webpush.vapid import public_key_of
from app.push.deliver import deliver_due, deliver_round, desks
from app.push.model import AddressKind, Channel, Level
from app.push.render import Text
from app.push.retry import Outcome
from tests.build import NOW
from tests.contract.push.builders import ABOUT, ALERT, a_message, a_parcel, state
from tests.contract.push.certificates import contexts
from tests.webpush import PushService

CONTACT = "mailto:office@example.jp"


def parcel_to(service: PushService, name: str = "browser", **more: Any) -> Parcel:
    endpoint, keys = service.subscribe(name)
    return a_parcel(endpoint, AddressKind.SUBSCRIPTION, channel=Channel.WEBPUSH, keys=keys, **more)


async def test_an_urgent_message_arrives_and_only_the_browser_can_read_it(
    webpush: WebPushSender, service: PushService
) -> None:
    (delivery,) = await webpush.send([parcel_to(service)])

    assert delivery.outcome == Outcome.SENT
    assert f"{service.url}/message/1" == delivery.provider_id
    (push,) = service.received
    assert push.content == {
        "title": "佐藤ハナさんが「自宅」の外に出ました",
        "body": "「自宅」の外にいるようです（12:00）。今いる場所はアプリで見られます。",
        "tag": ABOUT,
        "alert": str(ALERT),
        "kind": "alert.geofence_exit",
        "level": "urgent",
        "lang": "ja",
        "sent_at": "2026-04-01T03:00:00Z",
    }


async def test_the_service_is_told_who_sends_how_long_to_keep_it_and_what_it_replaces(
    webpush: WebPushSender, service: PushService
) -> None:
    await webpush.send([parcel_to(service, level=level) for level in Level])

    headers = [push.headers for push in service.received]
    assert {"high", "normal", "low"} == {one["urgency"] for one in headers}
    assert {("aes128gcm", "3600")} == {(one["content-encoding"], one["ttl"]) for one in headers}
    assert {32} == {len(one["topic"]) for one in headers}
    push = service.received[0]
    assert CONTACT == push.claims["sub"]
    assert public_key_of(b"s" * 32) == push.key


async def test_the_browser_is_given_the_tokens_of_the_parcel(webpush: WebPushSender, service: PushService) -> None:
    await webpush.send([replace(parcel_to(service), receipt="r" * 43, answer="a" * 43)])

    content = service.received[0].content
    assert ("r" * 43, "a" * 43) == (content["receipt"], content["answer"])


async def test_easy_japanese_is_japanese_for_a_browser(webpush: WebPushSender, service: PushService) -> None:
    await webpush.send([parcel_to(service, language="easy")])

    assert "ja" == service.received[0].content["lang"]


MEANINGS: dict[str, tuple[Outcome, float | None]] = {
    "ok": (Outcome.SENT, None),
    "taken": (Outcome.SENT, None),
    "gone": (Outcome.ADDRESS_DEAD, None),
    "unknown": (Outcome.ADDRESS_DEAD, None),
    "too-long": (Outcome.REFUSED, None),
    "wrong": (Outcome.REFUSED, None),
    "unsigned": (Outcome.LATER, None),
    "our-key": (Outcome.LATER, None),
    "throttled": (Outcome.BUSY, None),
    "busy": (Outcome.BUSY, None),
    "busy-7": (Outcome.BUSY, 7.0),
    "busy-300": (Outcome.BUSY, 300.0),
    "busy-date": (Outcome.BUSY, 120.0),
    "busy-soon": (Outcome.BUSY, None),
    "broken": (Outcome.UNAVAILABLE, None),
    "away": (Outcome.UNAVAILABLE, None),
    "away-3": (Outcome.UNAVAILABLE, 3.0),
    "moved": (Outcome.UNAVAILABLE, None),
    "moved-for-good": (Outcome.UNAVAILABLE, None),
    "reset": (Outcome.UNKNOWN, None),
    "garbage": (Outcome.UNKNOWN, None),
    "half": (Outcome.UNKNOWN, None),
}


async def test_every_answer_has_its_meaning_and_is_asked_for_once(webpush: WebPushSender, service: PushService) -> None:
    deliveries = await webpush.send([parcel_to(service, name) for name in MEANINGS])

    meant = zip(MEANINGS, deliveries, strict=True)
    assert {name: (delivery.outcome, delivery.retry_after_s) for name, delivery in meant} == MEANINGS
    assert all(delivery.error for delivery in deliveries if delivery.outcome is not Outcome.SENT)
    assert not any(service.url in str(delivery.error) for delivery in deliveries)
    assert dict.fromkeys(MEANINGS, 1) == service.attempts


async def test_no_redirection_is_followed(webpush: WebPushSender, service: PushService) -> None:
    await webpush.send([parcel_to(service, "moved"), parcel_to(service, "moved-for-good")])

    assert {"moved": 1, "moved-for-good": 1} == service.attempts


async def test_one_that_hangs_holds_up_none_of_the_others(service: PushService, clock: ManualClock) -> None:
    webpush = WebPushSender(b"s" * 32, CONTACT, clock, hosts=service.url, timeout_s=3)
    names = ["hang"] * 30 + ["drip"] + [f"browser-{number}" for number in range(20)]

    deliveries = await webpush.send([parcel_to(service, name) for name in names])
    await webpush.close()

    assert [Outcome.UNKNOWN] * 31 + [Outcome.SENT] * 20 == [delivery.outcome for delivery in deliveries]
    assert {f"browser-{number}" for number in range(20)} == {push.name for push in service.received}


async def test_more_than_fit_at_once_are_all_sent_and_answered_in_order(
    webpush: WebPushSender, service: PushService
) -> None:
    names = ["gone" if number == 120 else f"browser-{number}" for number in range(130)]

    deliveries = await webpush.send([parcel_to(service, name) for name in names])

    assert [number for number, delivery in enumerate(deliveries) if delivery.outcome is not Outcome.SENT] == [120]
    assert 129 == len(service.received)


async def test_nobody_at_the_other_end_is_unavailable(webpush: WebPushSender, service: PushService) -> None:
    parcel = parcel_to(service)
    service.stop()

    (delivery,) = await webpush.send([parcel])

    assert delivery.outcome == Outcome.UNAVAILABLE


async def test_only_a_service_whose_certificate_somebody_trusts_is_told_anything(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = contexts(tmp_path)
    service = PushService(tls=server)
    outcomes = []
    for trusted in ("", str(tmp_path / "mail.pem")):
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        hosts = service.url.removeprefix("https://")
        webpush = WebPushSender(b"s" * 32, CONTACT, clock, hosts=hosts, timeout_s=5)
        outcomes += [delivery.outcome for delivery in await webpush.send([parcel_to(service)])]
        await webpush.close()
    service.stop()

    assert [Outcome.UNAVAILABLE, Outcome.SENT] == outcomes
    assert 1 == len(service.received)


async def test_an_address_whose_service_is_not_listed_any_more_is_not_asked(
    service: PushService, clock: ManualClock
) -> None:
    webpush = WebPushSender(b"s" * 32, CONTACT, clock, hosts=Settings().webpush_hosts, timeout_s=1)

    (delivery,) = await webpush.send([parcel_to(service)])
    await webpush.close()

    assert delivery.outcome == Outcome.REFUSED
    assert not service.attempts


async def test_what_is_too_long_is_cut_and_arrives(webpush: WebPushSender, service: PushService) -> None:
    (delivery,) = await webpush.send([replace(parcel_to(service), text=Text("題", "長" * 5000))])

    assert delivery.outcome == Outcome.SENT
    assert 4090 <= service.received[0].size <= 4096
    assert service.received[0].content["body"].endswith("長…")


async def put_to(database: Database, service: PushService, name: str) -> str:
    """Puts a message to a browser; its unique key."""

    def put(connection: sa.Connection) -> str:
        endpoint, keys = service.subscribe(name)
        kind = AddressKind.SUBSCRIPTION
        address = store.save_address(
            connection, channel=Channel.WEBPUSH, kind=kind, value=endpoint, language="ja", now=NOW, keys=keys
        )
        return a_message(connection, address.id, channel=Channel.WEBPUSH)

    return await database.write(put)


async def test_a_service_that_hangs_is_asked_by_itself_and_holds_up_no_other(
    database: Database, service: PushService, clock: ManualClock
) -> None:
    hangs = PushService()
    hosts = f"{service.url}, {hangs.url}, *.example.jp"
    webpush = WebPushSender(b"s" * 32, CONTACT, clock, hosts=hosts, timeout_s=2)
    for name in ("hang", "hang", "browser"):
        await put_to(database, hangs, name)
    arrives = await put_to(database, service, "browser")
    rounds = {
        desk.part.prefix: desk
        for desk in desks(database, {Channel.WEBPUSH: webpush}, clock)
        if desk.channel is Channel.WEBPUSH
    }

    claimed = {prefix: await deliver_round(desk) for prefix, desk in rounds.items()}
    hangs.stop()
    await webpush.close()

    assert claimed == {f"{service.url}/": 1, f"{hangs.url}/": 3, "": 0}
    assert ("sent", [(1, "sent")]) == await state(database, arrives)


async def test_from_the_outbox_to_the_screen_and_a_browser_that_is_gone_dies(
    database: Database, webpush: WebPushSender, service: PushService, clock: ManualClock
) -> None:
    arrives, dies, waits = [await put_to(database, service, name) for name in ("browser", "gone", "our-key")]
    await deliver_due(database, {Channel.WEBPUSH: webpush}, clock)

    assert ("sent", [(1, "sent")]) == await state(database, arrives)
    assert ("failed", [(1, "address dead")]) == await state(database, dies)
    assert ("waiting", [(1, "later")]) == await state(database, waits)
    alive = sa.select(tables.address.c.value).where(tables.address.c.dead_since.is_(None))
    values = await database.read(lambda connection: connection.execute(alive).scalars().all())
    assert {"browser", "our-key"} == {value.rpartition("/")[2] for value in values}


def test_only_a_contact_switches_the_channel_on_and_nothing_is_loaded_for_it(tmp_path: Any) -> None:
    settings = Settings(data=str(tmp_path), webpush_contact=CONTACT)
    assert {Channel.WEBPUSH} == set(open_channels(settings, ManualClock(NOW)))
    program = (
        "import sys; from app.config import Settings; from app.kit.clock import system_clock\n"
        "from app.push.channels import open_channels; import app.push.deliver\n"
        f"open_channels(Settings(data={str(tmp_path)!r}, webpush_contact={CONTACT!r}), system_clock)\n"
        "sys.exit('httpx' in sys.modules or 'cryptography' in sys.modules or 'py_vapid' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode
