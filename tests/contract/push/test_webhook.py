"""Gateways of SMS, voice and LINE, over real HTTP: what they are told, and what we make of every answer."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from standardwebhooks import Webhook

from app.cli import main
from app.config import InvalidSettings, Settings, load
from app.db.engine import Database
from app.kit.clock import ManualClock, system_clock
from app.push import store
from app.push.channels import open_channels
from app.push.channels.parcel import Parcel
from app.push.channels.webhook import sender as webhook
from app.push.channels.webhook.sender import GatewaySender
from app.push.channels.webhook.signing import gateway_secret
from app.push.deliver import Deliverer, deliver_due
from app.push.model import AddressKind, Channel, Level
from app.push.retry import Outcome
from tests.contract.push.builders import ABOUT, a_message, a_parcel, state
from tests.contract.push.certificates import contexts
from tests.contract.push.gateway import ANSWERS, Gateway, a_gateway
from tests.waiting import until

SECRET = b"0123456789abcdef0123456789abcdef"
NAMES = ("sms", "voice")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with a_gateway({name: gateway_secret(SECRET, name) for name in NAMES}) as gateway:
        yield gateway


def a_sender(gateway: Gateway, timeout_s: float = 5) -> GatewaySender:
    urls = {name: f"{gateway.url}/{name}" for name in NAMES}
    url = "https://mimamori.example.jp/"
    return GatewaySender(urls, SECRET, system_clock, timeout_s=timeout_s, public_url=url)


@pytest.fixture
async def sender(gateway: Gateway) -> AsyncIterator[GatewaySender]:
    sender = a_sender(gateway)
    yield sender
    await sender.close()


def to(recipient: str, name: str = "sms", level: Level = Level.URGENT) -> Parcel:
    parcel = a_parcel(f"{name}:somebody:{recipient}", AddressKind.GATEWAY, level)
    address = replace(parcel.message.address, channel=Channel.WEBHOOK, keys={"to": recipient})
    return replace(parcel, message=replace(parcel.message, address=address))


async def test_a_gateway_is_told_whom_to_tell_what_and_can_verify_that_it_was_us(
    sender: GatewaySender, gateway: Gateway
) -> None:
    parcel = replace(to("+819012345678"), receipt="shown", answer="answered")

    (delivery,) = await sender.send([parcel])

    assert Outcome.SENT == delivery.outcome
    ((name, told),) = gateway.taken
    about_hash = told["data"].pop("about_hash")
    assert "sms" == name
    assert told == {
        "type": "message.send",
        "timestamp": "2026-04-01T03:00:00Z",
        "data": {
            "to": "+819012345678",
            "title": "佐藤ハナさんが「自宅」の外に出ました",
            "body": "「自宅」の外にいるようです（12:00）。今いる場所はアプリで見られます。",
            "language": "ja",
            "level": "urgent",
            "message_id": str(parcel.message.id),
            "expires_at": "2026-04-01T04:00:00Z",
            "receipt": "shown",
            "answer": "answered",
            "link": "https://mimamori.example.jp/a/answered",
        },
    }
    assert 32 == len(about_hash)
    assert ABOUT not in json.dumps(told)


async def test_a_message_that_is_sent_again_has_the_same_id_and_another_has_another(
    sender: GatewaySender, gateway: Gateway
) -> None:
    first, second = to("+819012345678"), to("+819012345678")

    await sender.send([first])
    await sender.send([first])
    await sender.send([second])

    ids = [headers["webhook-id"] for headers in gateway.headers]
    assert [str(first.message.id), str(first.message.id), str(second.message.id)] == ids


async def test_each_gateway_has_a_secret_of_its_own(gateway: Gateway, sender: GatewaySender) -> None:
    gateway.secrets = {"sms": gateway_secret(SECRET, "voice"), "voice": gateway_secret(SECRET, "voice")}

    wrong, right = await sender.send([to("+819012345678", "sms"), to("+819012345678", "voice")])

    assert (Outcome.UNAVAILABLE, Outcome.SENT) == (wrong.outcome, right.outcome)


MEANT: dict[str, tuple[Outcome, float | None, str | None]] = {
    "+819012345678": (Outcome.SENT, None, None),
    "named": (Outcome.SENT, None, "SM-1"),
    "named-badly": (Outcome.SENT, None, None),
    "numbered": (Outcome.SENT, None, "7"),
    "gone": (Outcome.ADDRESS_DEAD, None, None),
    "for-ever": (Outcome.ADDRESS_DEAD, None, None),
    "for-now": (Outcome.LATER, None, None),
    "refused": (Outcome.REFUSED, None, None),
    "refused-in-html": (Outcome.REFUSED, None, None),
    "refused-deep": (Outcome.REFUSED, None, None),
    "unsigned": (Outcome.UNAVAILABLE, None, None),
    "forbidden": (Outcome.UNAVAILABLE, None, None),
    "no-such-page": (Outcome.UNAVAILABLE, None, None),
    "busy": (Outcome.BUSY, None, None),
    "busy-7": (Outcome.BUSY, 7.0, None),
    "busy-absurd": (Outcome.BUSY, float("inf"), None),
    "down": (Outcome.UNAVAILABLE, 30.0, None),
    "broken": (Outcome.UNAVAILABLE, None, None),
    "moved": (Outcome.UNAVAILABLE, None, None),
    "resets": (Outcome.UNKNOWN, None, None),
    "garbage": (Outcome.UNKNOWN, None, None),
}


async def test_every_answer_has_its_meaning_and_is_asked_for_once(sender: GatewaySender, gateway: Gateway) -> None:
    assert ANSWERS.keys() <= MEANT.keys()

    deliveries = await sender.send([to(recipient) for recipient in MEANT])

    pairs = zip(MEANT, deliveries, strict=True)
    assert {name: (one.outcome, one.retry_after_s, one.provider_id) for name, one in pairs} == MEANT
    assert all(one.error for one in deliveries if one.outcome is not Outcome.SENT)
    assert dict.fromkeys(MEANT, 1) == gateway.attempts


async def test_a_gateway_that_hangs_is_an_unknown_outcome_and_a_round_ends_in_time(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "ROUND_S_MAX", 0.5)
    sender = a_sender(gateway)
    gateway.open.clear()  # Of the first twenty, which are sent at once, nobody may be quicker than the one that hangs.

    deliveries = await sender.send([to("hangs"), *(to(f"+8190000000{number:02}") for number in range(99))])
    await sender.close()

    outcomes = [one.outcome for one in deliveries]
    assert Outcome.UNKNOWN == outcomes[0]
    assert {Outcome.UNKNOWN, Outcome.UNAVAILABLE} == set(outcomes)
    assert gateway.attempts.total() < 100


async def test_where_nobody_listens_nothing_was_sent(gateway: Gateway, sender: GatewaySender) -> None:
    gateway.stop()

    (delivery,) = await sender.send([to("+819012345678")])

    assert Outcome.UNAVAILABLE == delivery.outcome


async def test_only_a_gateway_whose_certificate_somebody_trusts_is_told_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A town may have an authority of its own: it trusts it as every program of the machine does."""
    server, _client = contexts(tmp_path)
    with a_gateway({"sms": gateway_secret(SECRET, "sms"), "voice": ""}, tls=server) as gateway:
        stranger = a_sender(gateway)
        (refused,) = await stranger.send([to("+819012345678")])
        await stranger.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mail.pem"))
        trusting = a_sender(gateway)
        (sent,) = await trusting.send([to("+819012345678")])
        await trusting.close()

    assert (Outcome.UNAVAILABLE, Outcome.SENT) == (refused.outcome, sent.outcome)
    assert 1 == len(gateway.taken)


async def test_an_address_never_says_where_a_gateway_is(gateway: Gateway, sender: GatewaySender) -> None:
    deliveries = await sender.send([to("+819012345678", "fax"), to("+819012345678", gateway.url)])

    assert [Outcome.REFUSED] * 2 == [one.outcome for one in deliveries]
    assert not gateway.attempts


async def put(database: Database, name: str, number: int, clock: ManualClock) -> str:
    def work(connection: object) -> str:
        address = store.save_address(
            connection, channel=Channel.WEBHOOK, kind=AddressKind.GATEWAY, value=f"{name}:{number}", language="ja",
            now=clock(), keys={"to": f"+8190{number:08}"},
        )  # type: ignore[arg-type]  # fmt: skip
        return a_message(connection, address.id, channel=Channel.WEBHOOK, now=clock())  # type: ignore[arg-type]

    return await database.write(work)


async def test_a_gateway_that_is_away_holds_up_no_other_one(
    database: Database, gateway: Gateway, sender: GatewaySender, clock: ManualClock
) -> None:
    """More wait for SMS than one round takes, and they are older."""
    gateway.is_away = {"sms"}
    texts = [await put(database, "sms", number, clock) for number in range(120)]
    deliverer = Deliverer(database, {Channel.WEBHOOK: sender}, clock, tick_s=0.02)
    deliverer.start()
    await until(lambda: gateway.attempts.total() == 100)
    clock.pass_by(timedelta(milliseconds=100))
    call = await put(database, "voice", 1, clock)

    await until(lambda: bool(gateway.taken))
    assert [("voice", "+819000000001")] == [(name, told["data"]["to"]) for name, told in gateway.taken]
    assert 101 == gateway.attempts.total(), "SMS rests"
    gateway.is_away = set()
    clock.pass_by(timedelta(minutes=1))
    await until(lambda: len(gateway.taken) == 121)
    await deliverer.stop()

    assert {"sent"} == {(await state(database, key))[0] for key in [*texts, call]}


async def test_what_is_for_a_gateway_that_is_no_longer_set_up_fails_and_says_so(
    database: Database, sender: GatewaySender, clock: ManualClock
) -> None:
    key = await put(database, "fax", 1, clock)

    await deliver_due(database, {Channel.WEBHOOK: sender}, clock)

    assert ("failed", [(1, "refused")]) == await state(database, key)


def test_gateways_are_set_up_from_the_settings(tmp_path: Path) -> None:
    settings = load({
        "MIMAMORI_DATA": str(tmp_path), "MIMAMORI_GATEWAYS": "sms=https://sms.example.jp/hook?a=b,voice=http://127.0.0.1:9"
    })  # fmt: skip
    assert {"sms": "https://sms.example.jp/hook?a=b", "voice": "http://127.0.0.1:9"} == settings.gateways
    assert Channel.WEBHOOK in open_channels(settings, system_clock)
    assert Channel.WEBHOOK not in open_channels(Settings(data=str(tmp_path)), system_clock)


@pytest.mark.parametrize(
    "wrong",
    [
        "sms=http://sms.example.jp/hook",
        "sms=https://name:password@sms.example.jp/",
        "sms=https://127.0.0.1@evil.example/",
        "sms=http://127.0.0.1.evil.example/",
        "sms=ftp://sms.example.jp/",
        "sms=https://sms.example.jp/#part\n",
        "SMS=https://sms.example.jp/",
        "s:ms=https://sms.example.jp/",
    ],
)
def test_a_gateway_is_refused_that_is_not_https_or_has_no_plain_name(wrong: str) -> None:
    with pytest.raises(InvalidSettings, match="gateways"):
        load({"MIMAMORI_GATEWAYS": wrong})


def test_the_engineer_is_told_the_secret_of_a_gateway(tmp_path: Path) -> None:
    environment = {"MIMAMORI_DETECTOR_SECRET": SECRET.decode(), "MIMAMORI_GATEWAYS": "sms=https://sms.example.jp/"}

    told = CliRunner().invoke(main, ["gateway-secret", "sms"], env=environment)
    unknown = CliRunner().invoke(main, ["gateway-secret", "voice"], env=environment)

    assert gateway_secret(SECRET, "sms") == told.output.strip()
    assert told.output.startswith("whsec_")
    Webhook(told.output.strip())
    assert 1 == unknown.exit_code
    assert "it names: sms" in unknown.output
