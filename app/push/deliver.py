"""From a due message to a settled one: claim, ask whether it is still wanted, find the words, send, settle.

A crash at any line leaves a claimed message, which is free again when the claim has run out: told at least once. A
channel that fails is an outcome, never an exception; what raises here is the store, and then nothing more is sent
until what was sent has been written down, and what was claimed and not sent is given back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from secrets import SystemRandom

import structlog
from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.kit.clock import Clock, monotonic_s
from app.meters import Meters
from app.push import outbox, render, retry, store
from app.push.channels.parcel import Parcel, Sender
from app.push.model import Channel, Level, Message
from app.push.outbox import Settlement
from app.push.render import Text
from app.push.retry import Delivery, Outcome

log = structlog.get_logger()

Jitter = Callable[[], float]
"""Returns a random number from 0 to 1."""

SEND_S_MAX = 20
"""Sending stops waiting here, well within the claim, so that a message is not sent by two at once."""
assert SEND_S_MAX < outbox.CLAIM_S
STOP_S_MAX = 5.0
"""How long stopping waits for the round that runs."""


class Errand(Struct, frozen=True, kw_only=True):
    """A claimed message on its way through the stages."""

    message: Message
    text: Text | None = None
    delivery: Delivery | None = None


class Held(Struct, frozen=True, kw_only=True):
    """Messages, and when they were claimed."""

    messages: Sequence[Message]
    claimed_at: datetime


class Desk(Struct, kw_only=True):
    """What the stages work with.

    `unsettled` was sent and is not written down yet: it is, before anything else is sent. `held` was claimed and not
    handed to a channel yet: when a round fails, the next one gives it back first.
    """

    database: Database
    senders: Mapping[Channel, Sender]
    clock: Clock
    jitter: Jitter = SystemRandom().random
    unsettled: list[Settlement] = field(default_factory=list)
    held: Held | None = None
    meters: Meters | None = None


async def still_wanted(desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Drops what was cancelled since it was claimed."""
    messages = [errand.message for errand in errands]
    wanted = await desk.database.read(lambda connection: outbox.wanted(connection, messages))
    return [errand for errand in errands if errand.message.id in wanted]


async def find_words(_desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Adds the words, in the language of the address."""
    return [replace(errand, text=_words(errand.message)) for errand in errands]


async def send(desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Sends over each channel, all channels at once, and adds what became of it."""
    desk.held = None  # From here on they may have arrived.
    groups: dict[Channel, list[Errand]] = {}
    for errand in errands:
        groups.setdefault(errand.message.address.channel, []).append(errand)
    sent = await asyncio.gather(*(_measured(desk, channel, group) for channel, group in groups.items()))
    return [errand for group in sent for errand in group]


async def settle(desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Writes down what became of everything; addresses that are dead die in the same transaction."""
    now = desk.clock()
    desk.unsettled += [_settlement(errand, now, desk.jitter()) for errand in errands]
    await _settle_all(desk)
    return errands


STAGES: tuple[Callable[[Desk, list[Errand]], Awaitable[list[Errand]]], ...] = (still_wanted, find_words, send, settle)


async def deliver_due(
    database: Database, senders: Mapping[Channel, Sender], clock: Clock, limit: int = outbox.LIMIT
) -> int:
    """How many due messages were claimed and seen through; what fails is due again later or has failed for good."""
    return await deliver_round(Desk(database=database, senders=senders, clock=clock), limit)


async def deliver_round(desk: Desk, limit: int = outbox.LIMIT) -> int:
    """One round of `deliver_due` at a desk that goes on."""
    await _settle_all(desk)
    await _give_back(desk)

    def claim(connection: Connection) -> Sequence[Message]:
        now = desk.clock()
        messages = outbox.claim(connection, now, limit)
        # Here and not after the commit: when nobody knows whether that succeeded, they may be ours all the same.
        desk.held = Held(messages=messages, claimed_at=now)
        return messages

    messages = await desk.database.write(claim)
    errands = [Errand(message=message) for message in messages]
    for stage in STAGES:
        if errands:
            errands = await stage(desk, errands)
    desk.held = None
    return len(messages)


class Deliverer:
    """Delivers what is due as soon as it is hinted at, and looks again every `tick_s`.

    No failure ends it but `stop`.
    """

    def __init__(
        self, database: Database, senders: Mapping[Channel, Sender], clock: Clock, *, tick_s: float,
        meters: Meters | None = None,
    ) -> None:  # fmt: skip
        self._desk = Desk(database=database, senders=senders, clock=clock, meters=meters)
        self._tick_s = tick_s
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unlisten: Callable[[], None] = lambda: None
        self.clean_at: datetime | None = None
        """When a round last went through without an error of ours: what watches over us compares it with now."""

    def start(self) -> None:
        """Begins on the running event loop."""
        assert self._task is None, "it is started once"
        self._unlisten = self._desk.database.listen("outbox", lambda _key: self._wake.set())
        self._task = asyncio.create_task(self._run(), name="mimamori-deliverer")
        self._task.add_done_callback(self._ended)

    @property
    def running(self) -> bool:
        """Whether the loop is alive."""
        return self._task is not None and not self._task.done()

    async def stop(self) -> None:
        """Ends after the round that runs, then closes the channels.

        A round that takes longer than `STOP_S_MAX` is broken off: what it had not settled is sent again by whoever
        comes next.
        """
        self._unlisten()
        self._stopping.set()
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=STOP_S_MAX)
            self._task.cancel()
            await asyncio.wait([self._task])
        for channel, sender in self._desk.senders.items():
            try:
                await sender.close()
            except Exception:  # Stopping goes on: the other channels must be closed too.
                log.exception("channel_not_closed", channel=channel.value)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                while await deliver_round(self._desk) and not self._stopping.is_set():
                    pass
                self.clean_at = self._desk.clock()
                await _either(self._wake, self._tick_s)
            except Exception:
                # The store is full, locked or gone, or a defect: whatever it is, the next message must still have
                # its chance.
                log.exception("deliver_round_failed", unsettled=len(self._desk.unsettled))
                await _either(self._stopping, self._tick_s)

    def _ended(self, _task: "asyncio.Task[None]") -> None:
        if not self._stopping.is_set():
            log.critical("deliverer_ended", why="somebody cancelled it; nothing is sent any more")


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Waits for `event`, but not longer than `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _words(message: Message) -> Text:
    language, urgent = message.address.language, message.level is Level.URGENT
    try:
        return render.title_and_body(message.kind, language, message.params, urgent=urgent)
    except Exception:  # A defect in wording one message must not hold up the others, nor keep this one from ringing.
        log.exception("message_not_worded", message=str(message.id), kind=message.kind)
        return render.title_and_body(render.OTHER, language, {}, urgent=urgent)


async def _measured(desk: Desk, channel: Channel, errands: list[Errand]) -> list[Errand]:
    """The same as `_send_group`, and how long that took."""
    began_s = monotonic_s()
    sent = await _send_group(desk.senders.get(channel), errands)
    if desk.meters is not None:
        outcomes = [errand.delivery.outcome.value for errand in sent if errand.delivery is not None]
        desk.meters.pushed(channel.value, outcomes, monotonic_s() - began_s)
    return sent


async def _send_group(sender: Sender | None, errands: list[Errand]) -> list[Errand]:
    """The errands of one channel with their deliveries."""
    if sender is None:
        nothing = Delivery(outcome=Outcome.REFUSED, error="this channel is not set up")
        return [replace(errand, delivery=nothing) for errand in errands]
    parcels = [Parcel(message=errand.message, text=errand.text) for errand in errands if errand.text is not None]
    deliveries = await _send(sender, parcels)
    return [replace(errand, delivery=delivery) for errand, delivery in zip(errands, deliveries, strict=True)]


async def _send(sender: Sender, parcels: Sequence[Parcel]) -> Sequence[Delivery]:
    try:
        async with asyncio.timeout(SEND_S_MAX):
            deliveries = await sender.send(parcels)
        if len(deliveries) == len(parcels):
            return deliveries
        error = "the channel answered for another number of messages"
    except TimeoutError:
        error = "no answer in time"
    except Exception as failure:  # A channel's defect is that channel's: the others, and the next round, go on.
        log.exception("channel_failed", channel=parcels[0].message.address.channel.value)
        error = f"the channel failed: {type(failure).__name__}"
    return [Delivery(outcome=Outcome.UNKNOWN, error=error)] * len(parcels)


def _settlement(errand: Errand, now: datetime, jitter: float) -> Settlement:
    message, delivery = errand.message, errand.delivery
    assert delivery is not None, "every errand was sent"
    again = retry.decide(
        delivery, level=message.level, attempts=message.attempts, now=now, expires_at=message.expires_at, jitter=jitter
    )
    if delivery.outcome is not Outcome.SENT:
        outcome, will_retry = delivery.outcome.value, again is not None
        log.warning("message_not_sent", message=str(message.id), kind=message.kind, outcome=outcome, retry=will_retry)
    return Settlement(message=message, delivery=delivery, retry=again)


async def _give_back(desk: Desk) -> None:
    held = desk.held
    if held is None:
        return
    if held.messages:
        await desk.database.write(lambda connection: outbox.give_back(connection, held.messages, held.claimed_at))
        log.warning("messages_given_back", messages=len(held.messages))
    desk.held = None


async def _settle_all(desk: Desk) -> None:
    if not desk.unsettled:
        return
    now, settlements = desk.clock(), list(desk.unsettled)

    def write_down(connection: Connection) -> None:
        outbox.settle(connection, settlements, now)
        for one in settlements:
            if one.delivery.outcome is Outcome.ADDRESS_DEAD:
                reason = one.delivery.error or one.delivery.outcome.value
                store.kill_address(connection, one.message.address.id, reason=reason, now=now)

    await desk.database.write(write_down)
    desk.unsettled.clear()
