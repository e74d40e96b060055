"""Services that are well until a story makes them ail, each on loopback, with the real sender that talks to it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.config import Settings
from app.kit.clock import ManualClock
from app.kit.ids import AddressId, MessageId
from app.push import store
from app.push.channels.email.sender import EmailSender
from app.push.channels.fcm.sender import FcmSender
from app.push.channels.parcel import Parcel, Sender
from app.push.channels.webhook.sender import GatewaySender
from app.push.channels.webhook.signing import gateway_secret
from app.push.channels.webpush.sender import WebPushSender
from app.push.model import AddressKind, Channel, Message
from app.push.rest import FAILED_MIN, REST_S_MIN
from app.push.retry import BUSY_DELAY_S, Delivery, Outcome
from app.simulator.fcm_standin import FcmStandIn
from tests.build import NOW
from tests.contract.push.gateway import a_gateway
from tests.contract.push.mailserver import MailServer
from tests.webpush import PushService

TIMEOUT_S = 1.0
"""Long beside what anything else here takes: who has to wait for a service that hangs is late by far."""
SECRET = b"0123456789abcdef0123456789abcdef"
MAILBOX = "hana@example.jp"


class Service(Struct, frozen=True, kw_only=True):
    """How to reach somebody over a service, and how to make it ail and well. `arrived` is how much came through."""

    channel: Channel
    kind: AddressKind
    value: str
    sender: Sender
    ails: Callable[[], object]
    heals: Callable[[], object]
    arrived: Callable[[], int]
    keys: Mapping[str, str] = {}

    def address(self, connection: Connection) -> AddressId:
        """The address of whom it reaches, made and confirmed."""
        address_id = store.save_address(
            connection, channel=self.channel, kind=self.kind, value=self.value, language="ja", now=NOW
        ).id
        store.set_confirmed(connection, address_id, NOW, self.keys)
        return address_id


Open = Callable[[ManualClock, Path], AbstractAsyncContextManager[Service]]


class Ailment(Struct, frozen=True, kw_only=True):
    """What a service suffers from, and how long it is left alone at least once that is known."""

    service: Open
    rest_s: float = REST_S_MIN


class Watched:
    """A channel that is as it is; how much it was given, what failed, and what it took in that order. `asked_at` is when
    it was given something, from the round on that shows that its service ails.
    """

    def __init__(self, sender: Sender, clock: ManualClock) -> None:
        self._sender, self._clock = sender, clock
        self.given = 0
        self.asked_at: list[datetime] = []
        self.failed: set[MessageId] = set()
        self.taken: list[Message] = []

    @property
    def prefixes(self) -> Sequence[str]:
        """Which parts the channel has."""
        found: Sequence[str] = getattr(self._sender, "prefixes", ())
        return found

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        self.given += len(parcels)
        if len(self.failed) < FAILED_MIN:
            self.asked_at.clear()
        self.asked_at.append(self._clock())
        deliveries = list(await self._sender.send(parcels))
        for parcel, delivery in zip(parcels, deliveries, strict=True):
            if delivery.outcome is Outcome.SENT:
                self.taken.append(parcel.message)
            else:
                self.failed.add(parcel.message.id)
        return deliveries

    async def close(self) -> None:
        await self._sender.close()


@contextmanager
def _phones(folder: Path, clock: ManualClock) -> Iterator[tuple[FcmStandIn, FcmSender]]:
    google = FcmStandIn()
    google.start()
    yield google, FcmSender(str(google.write_credentials(folder)), clock, url=google.url, timeout_s=TIMEOUT_S)
    google.stop()


def _fcm(google: FcmStandIn, sender: FcmSender, **more: Callable[[], object]) -> Service:
    return Service(
        channel=Channel.FCM, kind=AddressKind.TOKEN, value="phone-1", sender=sender,
        arrived=lambda: len(google.received), **more,
    )  # fmt: skip


@asynccontextmanager
async def fcm(fate: str | None, clock: ManualClock, folder: Path) -> AsyncIterator[Service]:
    """FCM, where every message fares like one to an address that begins with `fate`."""
    with _phones(folder, clock) as (google, sender):
        yield _fcm(
            google, sender, ails=lambda: setattr(google, "fate", fate), heals=lambda: setattr(google, "fate", None)
        )


@asynccontextmanager
async def refusing_sign_in(clock: ManualClock, folder: Path) -> AsyncIterator[Service]:
    """FCM, where nobody is let in."""
    with _phones(folder, clock) as (google, sender):
        yield _fcm(
            google, sender, ails=lambda: setattr(google, "refuses_sign_in", True),
            heals=lambda: setattr(google, "refuses_sign_in", False),
        )  # fmt: skip


@asynccontextmanager
async def hanging_sign_in(clock: ManualClock, folder: Path) -> AsyncIterator[Service]:
    """FCM, where whoever wants to be let in waits."""
    with _phones(folder, clock) as (google, sender):
        yield _fcm(google, sender, ails=google.sign_in_gate.clear, heals=google.sign_in_gate.set)


@asynccontextmanager
async def webpush(fate: str, clock: ManualClock, _folder: Path) -> AsyncIterator[Service]:
    """The push service of a browser's makers, where every browser fares like the one of this name."""
    service = PushService()
    endpoint, keys = service.subscribe("browser")
    sender = WebPushSender(SECRET, "mailto:office@example.jp", clock, hosts=service.url, timeout_s=TIMEOUT_S)
    yield Service(
        channel=Channel.WEBPUSH, kind=AddressKind.SUBSCRIPTION, value=endpoint, keys=keys, sender=sender,
        ails=lambda: setattr(service, "fate", fate), heals=lambda: setattr(service, "fate", None),
        arrived=lambda: len(service.received),
    )  # fmt: skip
    service.stop()


@asynccontextmanager
async def hanging_gateway(clock: ManualClock, _folder: Path) -> AsyncIterator[Service]:
    """A gateway of SMS that takes a message and says nothing."""
    with a_gateway({"sms": gateway_secret(SECRET, "sms")}, by_its_clock=False) as gateway:
        yield Service(
            channel=Channel.WEBHOOK, kind=AddressKind.GATEWAY, value="sms:somebody", keys={"to": "+819012345678"},
            sender=GatewaySender({"sms": f"{gateway.url}/sms"}, SECRET, clock, timeout_s=TIMEOUT_S),
            ails=gateway.open.clear, heals=gateway.open.set, arrived=lambda: len(gateway.taken),
        )  # fmt: skip


@asynccontextmanager
async def hanging_mail(_clock: ManualClock, _folder: Path) -> AsyncIterator[Service]:
    """A mail server that greets and then says nothing."""
    server = MailServer()
    await server.start()
    settings = Settings(
        public_url="https://town.example.jp", smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none",
        mail_from="mimamori@town.example.jp", push_timeout_s=TIMEOUT_S,
    )  # fmt: skip
    yield Service(
        channel=Channel.EMAIL, kind=AddressKind.MAILBOX, value=f"somebody:{MAILBOX}", keys={"mailbox": MAILBOX},
        sender=EmailSender(settings), ails=lambda: setattr(server, "silent", "MAIL"),
        heals=lambda: setattr(server, "silent", ""), arrived=lambda: len(server.received),
    )  # fmt: skip
    await server.stop()


AILMENTS: Mapping[str, Ailment] = {
    "fcm-503": Ailment(service=partial(fcm, "unavailable")),
    "fcm-slow": Ailment(service=partial(fcm, "slow")),
    "fcm-no-json": Ailment(service=partial(fcm, "garbled")),
    "fcm-half-an-answer": Ailment(service=partial(fcm, "half")),
    "fcm-429": Ailment(service=partial(fcm, "quota"), rest_s=BUSY_DELAY_S),
    "fcm-429-in-5-min": Ailment(service=partial(fcm, "quota-300"), rest_s=300),
    "fcm-sign-in-refused": Ailment(service=refusing_sign_in),
    "fcm-sign-in-hangs": Ailment(service=hanging_sign_in),
    "webpush-503": Ailment(service=partial(webpush, "away")),
    "webpush-hangs": Ailment(service=partial(webpush, "hang")),
    "webpush-no-http": Ailment(service=partial(webpush, "garbage")),
    "webpush-half-an-answer": Ailment(service=partial(webpush, "half")),
    "webpush-429": Ailment(service=partial(webpush, "busy"), rest_s=BUSY_DELAY_S),
    "webpush-429-in-5-min": Ailment(service=partial(webpush, "busy-300"), rest_s=300),
    "gateway-hangs": Ailment(service=hanging_gateway),
    "mail-hangs": Ailment(service=hanging_mail),
}
