"""Where an alert is in its plan and what comes next: told at once, told again, told to the next ones, over the next
channel. Pure: positions in, positions out; `service/escalating.py` carries them out.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from app.alerts.policies import Plan, Step
from app.push.model import Address, Channel, MessageState

RECEIPT_S = 30
"""No sign of life from the phone for so long after it was told: the next channel is tried."""

RUNGS: tuple[frozenset[Channel], ...] = (
    frozenset({Channel.FCM, Channel.WEBPUSH}),
    frozenset({Channel.WEBHOOK}),
    frozenset({Channel.EMAIL}),
)
"""The order in which the channels of a person are tried: what rings, then a gateway of the town (SMS, voice), mail."""


class Position(Struct, frozen=True, kw_only=True):
    """The step that was told last and how often it was; `turn` counts everything that was told, and only grows."""

    step: int = -1
    times: int = 0
    turn: int = 0


def after(plan: Plan, position: Position) -> Position | None:
    """The position once the next thing was told; None when the plan is at its end."""
    turn = position.turn + 1
    if position.step >= 0:
        step = plan.steps[min(position.step, len(plan.steps) - 1)]
        if step.times is None or position.times < step.times:
            return Position(step=position.step, times=position.times + 1, turn=turn)
    if position.step + 1 < len(plan.steps):
        return Position(step=position.step + 1, times=1, turn=turn)
    return None


def skipped(plan: Plan, position: Position) -> Position | None:
    """The position once the next step that means others was told first, whatever of this one is left; None when those
    who are told now are the last. Somebody pressed "escalate", or nobody of this step can be reached: the same people
    once more, or after a longer while, are no answer to that.
    """
    for number in range(position.step + 1, len(plan.steps)):
        if position.step < 0 or _means(plan.steps[number]) != _means(plan.steps[position.step]):
            return Position(step=number, times=1, turn=position.turn + 1)
    return None


def _means(step: Step) -> tuple[object, ...]:
    return frozenset(step.who), step.places, step.channels


def anew(position: Position) -> Position:
    """Before the first step, for an alert that begins to be told once more."""
    return Position(turn=position.turn)


def waits(plan: Plan, position: Position) -> timedelta | None:
    """How long until the next thing is to be told; None when nothing is left."""
    return timedelta(seconds=plan.steps[position.step].wait_s) if after(plan, position) is not None else None


ARRIVES_LATE = timedelta(minutes=15)
"""So long after somebody meant to be there an alert that is not over opens again, at the earliest."""
ARRIVES_IN_MAX_MIN = 600
"""Nobody is on the way for longer."""


def opens_again(plan: Plan, arrivals: Iterable[datetime], now: datetime) -> datetime:
    """When an alert that somebody takes now, or still sees to, is told anew if it is not over: not before everybody who
    said so could be there.
    """
    return max([now + timedelta(seconds=plan.forgotten_s), *(at + ARRIVES_LATE for at in arrivals)])


def rungs(
    addresses: Sequence[Address], step: Step, wanted: Sequence[Channel] = (), *, urgent: bool = True
) -> list[list[Address]]:
    """The addresses of one person in the order in which they are tried: each group at once, the next when none of it
    answers. The channels of the step count, else those `wanted` by the person; what is urgent goes on to all others
    when these do not answer, and so does everything for somebody who has none of them.
    """
    if step.channels:
        return _groups(addresses, [frozenset({channel}) for channel in step.channels])
    chosen = _groups(addresses, [frozenset({channel}) for channel in wanted])
    if chosen and not urgent:
        return chosen
    return chosen + _groups(addresses, [channels - set(wanted) for channels in RUNGS])


def _groups(addresses: Sequence[Address], order: Sequence[Collection[Channel]]) -> list[list[Address]]:
    groups = [[address for address in addresses if address.channel in channels] for channels in order]
    return [group for group in groups if group]


class Seen(Struct, frozen=True, kw_only=True):
    """What is known of one message: where it is, and whether the phone said that it showed it."""

    state: MessageState
    shown: bool


def was_shown(messages: Collection[Seen]) -> bool:
    """Whether somebody's phone answered."""
    return any(message.shown for message in messages)


def came_nowhere(messages: Collection[Seen]) -> bool:
    """Whether nothing of it reached any service: every address is dead or refused it."""
    return all(message.state is MessageState.FAILED for message in messages)


def is_on_its_way(messages: Collection[Seen]) -> bool:
    """Whether something still waits to be sent: the service may be away."""
    return any(message.state in (MessageState.WAITING, MessageState.SENDING) for message in messages)
