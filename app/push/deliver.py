"""From a due message to a settled one: claim, ask whether it is still wanted, find the words, send, settle.

A crash at any line leaves a claimed message, which is free again when the claim has run out: told at least once. A
channel that fails is an outcome, never an exception; what raises here is the store, and then nothing more is sent
until what was sent has been written down, and what was claimed and not sent is given back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from math import inf
from secrets import SystemRandom

import structlog
from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.kit.clock import Clock, monotonic_s
from app.kit.ids import MessageId
from app.meters import Meters
from app.push import outbox, render, rest, retry, store
from app.push.channels import CHANNELS
from app.push.channels.parcel import Parcel, Parted, Sender, parcel
from app.push.model import ALL, Channel, Level, Message, Part
from app.push.outbox import Settlement
from app.push.render import Text
from app.push.rest import AWAKE, Rest
from app.push.retry import Delivery, Outcome, RetryDecision
from app.push.tokens import Tokens

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

    One a channel, or a part of one. `unsettled` was sent and is not written down yet: it is, before anything else is
    sent. `held` was claimed and not handed to the channel yet: when a round fails, the next one gives it back first.
    """

    database: Database
    channel: Channel
    sender: Sender | None
    clock: Clock
    jitter: Jitter = SystemRandom().random
    unsettled: list[Settlement] = field(default_factory=list)
    held: Held | None = None
    meters: Meters | None = None
    tokens: Tokens | None = None
    rest: Rest = AWAKE
    part: Part = ALL

    @property
    def name(self) -> str:
        """The channel, with the part of it: `webhook:sms`."""
        return f"{self.channel.value}:{self.part.prefix}".rstrip(":")


async def still_wanted(desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Drops what was cancelled since it was claimed."""
    messages = [errand.message for errand in errands]
    wanted = await desk.database.read(lambda connection: outbox.wanted(connection, messages))
    return [errand for errand in errands if errand.message.id in wanted]


async def find_words(_desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Adds the words, in the language of the address."""
    return [replace(errand, text=_words(errand.message)) for errand in errands]


async def send(desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Hands everything to the channel, and adds what became of it."""
    desk.held = None  # From here on they may have arrived.
    began_s = monotonic_s()
    sent = await _send_group(desk, errands)
    deliveries = {errand.message.id: errand.delivery for errand in sent if errand.delivery is not None}
    desk.rest = _rested(desk, deliveries)
    if desk.meters is not None:
        outcomes = [delivery.outcome.value for delivery in deliveries.values()]
        desk.meters.pushed(desk.name, outcomes, monotonic_s() - began_s)
    return sent


async def settle(desk: Desk, errands: list[Errand]) -> list[Errand]:
    """Writes down what became of everything; addresses that are dead die in the same transaction."""
    now = desk.clock()
    # Also when the rest was over before this could be written: until the service answers it is the channel that waits.
    is_away = desk.rest.is_asking
    desk.unsettled += [_settlement(errand, now, desk.jitter(), is_away=is_away) for errand in errands]
    await _settle_all(desk)
    return errands


STAGES: tuple[Callable[[Desk, list[Errand]], Awaitable[list[Errand]]], ...] = (still_wanted, find_words, send, settle)


def desks(
    database: Database, senders: Mapping[Channel, Sender], clock: Clock, meters: Meters | None = None,
    tokens: Tokens | None = None,
) -> list[Desk]:  # fmt: skip
    """A desk for each channel that this version can send over, also where it is not set up: what is to go over it fails
    and says so. What is for other channels is left to newer processes. A channel of several services has a desk for
    each, and one for what belongs to none of them.
    """
    return [
        Desk(
            database=database,
            channel=channel,
            sender=senders.get(channel),
            clock=clock,
            meters=meters,
            tokens=tokens,
            part=part,
        )
        for channel in Channel
        if channel in CHANNELS or channel in senders
        for part in _parts(senders.get(channel))
    ]


async def deliver_due(
    database: Database, senders: Mapping[Channel, Sender], clock: Clock, limit: int = outbox.LIMIT
) -> int:
    """How many due messages were claimed and seen through, over each channel at most `limit`; what fails is due again
    later or has failed for good.
    """
    rounds = [deliver_round(desk, limit) for desk in desks(database, senders, clock)]
    return sum(await asyncio.gather(*rounds))


async def deliver_round(desk: Desk, limit: int = outbox.LIMIT) -> int:
    """One round of `deliver_due` at the desk of one channel that goes on. While the channel rests nothing is claimed,
    and then one message, another one each time, until the service answers.
    """
    await _settle_all(desk)
    await _give_back(desk)
    if rest.left_s(desk.rest, desk.clock()):
        return 0
    asks = desk.rest.is_asking

    def claim(connection: Connection) -> Sequence[Message]:
        now = desk.clock()
        skip = desk.rest.rests - 1 if asks else 0
        messages = outbox.claim(connection, desk.channel, now, 1 if asks else limit, skip=skip, part=desk.part)
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
    """Delivers what is due as soon as it is hinted at, and looks again every `tick_s`. Each desk has a task of its
    own: a service that hangs holds up no other.

    No failure ends one but `stop`.
    """

    def __init__(
        self, database: Database, senders: Mapping[Channel, Sender], clock: Clock, *, tick_s: float,
        meters: Meters | None = None, tokens: Tokens | None = None,
    ) -> None:  # fmt: skip
        self._database = database
        self._senders = senders
        self._clock = clock
        self._tick_s = tick_s
        self._meters = meters
        self._desks = desks(database, senders, clock, meters, tokens)
        self._wakes = {desk.name: asyncio.Event() for desk in self._desks}
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._unlisten: Callable[[], None] = lambda: None
        self._measured_s: dict[str, float] = {}

    def start(self) -> None:
        """Begins on the running event loop."""
        assert not self._tasks, "it is started once"
        self._unlisten = self._database.listen("outbox", lambda _key: self._wake())
        for desk in self._desks:
            task = asyncio.create_task(self._run(desk), name=f"mimamori-deliverer-{desk.name}")
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    @property
    def running(self) -> bool:
        """Whether all channels are looked after."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def stop(self) -> None:
        """Ends after the rounds that run, then closes the channels.

        A round that takes longer than `STOP_S_MAX` is broken off: what it had not settled is sent again by whoever
        comes next.
        """
        self._unlisten()
        self._stopping.set()
        self._wake()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S_MAX)
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
        for channel, sender in self._senders.items():
            try:
                await sender.close()
            except Exception:  # Stopping goes on: the other channels must be closed too.
                log.exception("channel_not_closed", channel=channel.value)

    def _wake(self) -> None:
        for event in self._wakes.values():
            event.set()

    async def _run(self, desk: Desk) -> None:
        wake = self._wakes[desk.name]
        while not self._stopping.is_set():
            wake.clear()
            try:
                while await deliver_round(desk) and not self._stopping.is_set():
                    await self._measure(desk)
                await self._measure(desk)
                # What is new does not wake a channel that rests.
                left_s = rest.left_s(desk.rest, self._clock())
                await _either(self._stopping if left_s else wake, min(left_s or self._tick_s, self._tick_s))
            except Exception:
                # The store is full, locked or gone, or a defect: whatever it is, the next message must still have
                # its chance.
                log.exception("deliver_round_failed", channel=desk.name, unsettled=len(desk.unsettled))
                await _either(self._stopping, self._tick_s)

    async def _measure(self, desk: Desk) -> None:
        """How far behind the channel is and whether it rests, at most once a tick: what waits is counted for it."""
        measured_s = monotonic_s()
        if self._meters is None or measured_s - self._measured_s.get(desk.name, -inf) < self._tick_s:
            return
        self._measured_s[desk.name] = measured_s
        due_at = await self._database.read(lambda connection: outbox.oldest_due_at(connection, desk.channel, desk.part))
        lag_s = 0.0 if due_at is None else max(0.0, (self._clock() - due_at).total_seconds())
        self._meters.behind(desk.name, lag_s, resting=desk.rest.is_asking)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not self._stopping.is_set():
            log.critical("deliverer_ended", task=task.get_name(), why="somebody cancelled it; nothing is sent any more")


def _rested(desk: Desk, deliveries: Mapping[MessageId, Delivery]) -> Rest:
    before, now = desk.rest, desk.clock()
    rested = rest.after(before, deliveries, now)
    if rested.is_asking != before.is_asking:
        channel, left_s = desk.name, rest.left_s(rested, now)
        log.warning("channel_rests" if rested.is_asking else "channel_is_back", channel=channel, rest_s=left_s)
    return rested


def _parts(sender: Sender | None) -> list[Part]:
    prefixes = sender.prefixes if isinstance(sender, Parted) else ()
    return [*(Part(prefix=prefix) for prefix in prefixes), Part(others=tuple(prefixes))]


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


async def _send_group(desk: Desk, errands: list[Errand]) -> list[Errand]:
    """The errands with their deliveries."""
    if desk.sender is None:
        nothing = Delivery(outcome=Outcome.REFUSED, error="this channel is not set up")
        return [replace(errand, delivery=nothing) for errand in errands]
    parcels = [parcel(one.message, one.text, desk.tokens) for one in errands if one.text is not None]
    deliveries = await _send(desk.sender, parcels)
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


def _settlement(errand: Errand, now: datetime, jitter: float, *, is_away: bool) -> Settlement:
    message, delivery = errand.message, errand.delivery
    assert delivery is not None, "every errand was sent"
    again = retry.decide(
        delivery, level=message.level, attempts=message.attempts, now=now, expires_at=message.expires_at, jitter=jitter
    )
    if again is not None and is_away:  # It is not the message that waits, but the channel.
        again = RetryDecision(due_at=message.due_at)
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
