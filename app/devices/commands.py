"""Commands to devices: what each format can be asked for, the steps of a command, and live mode.

Live mode is two rows: `live_on` at once, and `live_off` that comes due later with the device's own interval. So it
ends by itself, also when the service was restarted meanwhile or the device is out of reach at that moment: a watch
that stays at 20 s is flat within a day.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from app.devices.model import Command, CommandKind, CommandState, Device
from app.kit.ids import CommandId
from app.kit.machine import step

LIVE_INTERVAL_S = 20
LIVE_FOR = timedelta(minutes=20)
LOCATE_FOR = timedelta(minutes=10)
LIVE_OFF_KEPT = timedelta(days=7)

ANSWER_WAIT = timedelta(minutes=10)
"""How long a `live_off` that was sent waits for its answer; the others wait until they expire."""

AGAIN_AFTER = timedelta(minutes=2)
"""A command that a device should have echoed by now is sent again; a connection can die with it on the way."""


class Ability(Struct, frozen=True, kw_only=True):
    """What devices of a format can be asked for. `echoes`: they repeat each command; silence means that it was lost."""

    kinds: frozenset[CommandKind]
    echoes: bool


ABILITIES: dict[str, Ability] = {
    "watch": Ability(kinds=frozenset(CommandKind), echoes=True),
    "owntracks": Ability(kinds=frozenset(CommandKind), echoes=False),
}
"""By format; a format that is not here only speaks and does not listen."""

ECHOING = frozenset(name for name, ability in ABILITIES.items() if ability.echoes)

WORDS: dict[str, frozenset[CommandKind]] = {
    "cr": frozenset({CommandKind.LOCATE}),
    "upload": frozenset({CommandKind.LIVE_ON, CommandKind.LIVE_OFF}),
    "reportlocation": frozenset({CommandKind.LOCATE}),
}
"""The device's own word in its answer, lower case, and the commands that may have caused it."""


class CommandAction(StrEnum):
    """What can happen to a command."""

    SEND = "send"
    ANSWER = "answer"
    EXPIRE = "expire"


TRANSITIONS: Mapping[tuple[CommandState, CommandAction], CommandState] = {
    (CommandState.QUEUED, CommandAction.SEND): CommandState.SENT,
    (CommandState.QUEUED, CommandAction.EXPIRE): CommandState.EXPIRED,
    (CommandState.SENT, CommandAction.SEND): CommandState.SENT,
    (CommandState.SENT, CommandAction.ANSWER): CommandState.ANSWERED,
    (CommandState.SENT, CommandAction.EXPIRE): CommandState.EXPIRED,
}

OPEN = frozenset(state for state, _ in TRANSITIONS)
"""The states in which something can still happen."""


class Plan(Struct, frozen=True, kw_only=True):
    """What an order comes to: the command that carries it out, rows that change and rows that are new."""

    asked: Command
    changed: tuple[Command, ...] = ()
    added: tuple[Command, ...] = ()


def kinds_of(device: Device) -> frozenset[CommandKind]:
    """What this device can be asked for."""
    ability = ABILITIES.get(device.format)
    return ability.kinds if ability and not device.forwarder else frozenset()


def plan(
    kind: CommandKind, device: Device, commands: Sequence[Command], now: datetime, new_id: Callable[[], UUID]
) -> Plan:
    """What ordering `kind` now comes to, given all `commands` of the device that are not over.

    An order that is still waiting, or was sent a moment ago, is the order: pressing twice is one. Live mode on again
    moves its end; on and off take each other's place, so that the last word counts.
    """
    match kind:
        case CommandKind.LOCATE:
            return _ask(kind, None, now + LOCATE_FOR, device, commands, now, new_id)
        case CommandKind.LIVE_ON:
            return _live(LIVE_INTERVAL_S, now + LIVE_FOR, device, commands, now, new_id)
        case CommandKind.LIVE_OFF:
            off_now = _ask(kind, device.interval_s, now + LIVE_OFF_KEPT, device, commands, now, new_id)
            over = tuple(expired(one) for one in commands if one.kind is CommandKind.LIVE_ON)
            return Plan(asked=off_now.asked, changed=(*off_now.changed, *over), added=off_now.added)


def closer(
    device: Device,
    commands: Sequence[Command],
    newest: Command | None,
    interval_s: int,
    until: datetime,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Plan | None:
    """What it comes to that a device is to report every `interval_s` or more often until then; None where it does, or
    nobody can ask it. `newest` is the newest `live_on` of the device, over or not.

    Live mode that runs so already is only told to end later, so that a device is not told twice what it does; one that
    is faster, since somebody is looking, goes on as it is and ends as it would.
    """
    if CommandKind.LIVE_ON not in kinds_of(device) or device.interval_s <= interval_s or until <= now:
        return None
    running = _running(commands, newest, now)
    if running is None or running[0].interval_s is None or running[0].interval_s > interval_s:
        return _live(interval_s, until, device, commands, now, new_id)
    on, off = running
    if on.interval_s != interval_s or off.due_at >= until:
        return None
    ends = replace(off, due_at=until, expires_at=until + LIVE_OFF_KEPT)
    waits = tuple(replace(one, expires_at=until) for one in commands if one.kind is CommandKind.LIVE_ON)
    return Plan(asked=ends, changed=(ends, *waits))


def close_enough(
    device: Device,
    commands: Sequence[Command],
    newest: Command | None,
    interval_s: int,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Plan | None:
    """What it comes to that a device need not report every `interval_s` any more; None where it does not, or where it
    is in a live mode of somebody else.
    """
    running = _running(commands, newest, now)
    if running is None or running[0].interval_s != interval_s:
        return None
    return plan(CommandKind.LIVE_OFF, device, commands, now, new_id)


def _running(commands: Sequence[Command], newest: Command | None, now: datetime) -> tuple[Command, Command] | None:
    """What began the live mode that runs, and what will end it."""
    ends = [
        one
        for one in commands
        if one.kind is CommandKind.LIVE_OFF and one.state is CommandState.QUEUED and one.due_at > now
    ]
    return (newest, ends[0]) if newest is not None and ends else None


def _live(
    interval_s: int,
    end: datetime,
    device: Device,
    commands: Sequence[Command],
    now: datetime,
    new_id: Callable[[], UUID],
) -> Plan:
    """Live mode from now on, and its end."""
    on = _ask(CommandKind.LIVE_ON, interval_s, end, device, commands, now, new_id)
    changed, off = _end_live_at(end, device, commands, now, new_id)
    return Plan(asked=on.asked, changed=(*on.changed, *changed), added=(*on.added, *off))


def _ask(
    kind: CommandKind,
    interval_s: int | None,
    expires_at: datetime,
    device: Device,
    commands: Iterable[Command],
    now: datetime,
    new_id: Callable[[], UUID],
) -> Plan:
    """A command due now: the one that waits already, the one that was just sent, or else a new one."""
    same = [one for one in commands if one.kind is kind]
    for one in same:
        if one.state is CommandState.QUEUED:
            due = replace(one, due_at=min(one.due_at, now), expires_at=expires_at, interval_s=interval_s)
            return Plan(asked=due, changed=(due,))
        if one.sent_at is not None and now - AGAIN_AFTER < one.sent_at and one.interval_s == interval_s:
            return Plan(asked=one)
    added = _new(kind, interval_s, now, expires_at, device, now, new_id)
    return Plan(asked=added, changed=tuple(expired(one) for one in same), added=(added,))


def _end_live_at(
    end: datetime, device: Device, commands: Iterable[Command], now: datetime, new_id: Callable[[], UUID]
) -> tuple[tuple[Command, ...], tuple[Command, ...]]:
    """Rows changed and rows added so that live mode ends at `end`, and no earlier end is left."""
    offs = [one for one in commands if one.kind is CommandKind.LIVE_OFF]
    waiting = [one for one in offs if one.state is CommandState.QUEUED]
    over = tuple(expired(one) for one in offs if one.state is CommandState.SENT)
    kept_until = end + LIVE_OFF_KEPT
    if waiting:
        moved = replace(waiting[0], due_at=end, expires_at=kept_until, interval_s=device.interval_s)
        return (moved, *over), ()
    return over, (_new(CommandKind.LIVE_OFF, device.interval_s, end, kept_until, device, now, new_id),)


def _new(
    kind: CommandKind,
    interval_s: int | None,
    due_at: datetime,
    expires_at: datetime,
    device: Device,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Command:
    return Command(
        id=CommandId(new_id()),
        device_id=device.id,
        kind=kind,
        interval_s=interval_s,
        state=CommandState.QUEUED,
        due_at=due_at,
        expires_at=expires_at,
        created_at=now,
    )


def sent(command: Command, now: datetime) -> Command:
    """The command after it was sent, once or again. Once sent, `live_off` is not kept for days any more."""
    after = step(TRANSITIONS, command.state, CommandAction.SEND)
    first = command.state is CommandState.QUEUED
    waits = command.kind is CommandKind.LIVE_OFF and first
    return replace(command, state=after, sent_at=now, expires_at=now + ANSWER_WAIT if waits else command.expires_at)


def expired(command: Command) -> Command:
    """The command after its time ran out, or another took its place."""
    return replace(command, state=step(TRANSITIONS, command.state, CommandAction.EXPIRE))


def answered(
    commands: Sequence[Command], word: str, result: str | None, at: datetime | None, now: datetime
) -> list[Command]:
    """Those of `commands` that a device's `word` answers, answered. The moment is the device's if it can be, else ours.

    On and off have one word in SeTracker; the answer is to the one sent last. A command that was not sent is answered
    by nothing: else the echo of `live_on` could swallow the `live_off` that waits.
    """
    kinds = WORDS.get(word.casefold(), frozenset())
    sent_ones = [one for one in commands if one.kind in kinds and one.state is CommandState.SENT]
    waiting = [(one.sent_at, one) for one in sent_ones if one.sent_at is not None]
    if not waiting:
        return []
    sent_last = max(waiting, key=lambda pair: pair[0])[1].kind
    return [
        replace(
            one,
            state=step(TRANSITIONS, one.state, CommandAction.ANSWER),
            answered_at=at if at is not None and sent_at <= at <= now else now,
            result=result.replace("\0", "")[:200] if result else None,  # PostgreSQL keeps no zero character.
        )
        for sent_at, one in waiting
        if one.kind is sent_last
    ]
