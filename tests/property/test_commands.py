"""The steps of commands as a table, and live mode under any sequence of presses, losses and waits."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.devices.commands import (
    LIVE_FOR,
    LIVE_INTERVAL_S,
    OPEN,
    TRANSITIONS,
    CommandAction,
    Plan,
    answered,
    close_enough,
    closer,
    expired,
    plan,
    sent,
)
from app.devices.model import Command, CommandKind, CommandState, Device
from app.kit.errors import Conflict
from app.kit.ids import CityId, CommandId, DeviceId, new_id
from app.kit.machine import step
from tests.build import NOW

OWN_INTERVAL_S = 600
CLOSER_S = 60


@given(st.sampled_from(CommandState), st.lists(st.sampled_from(CommandAction), max_size=6))
def test_what_is_over_stays_over(state: CommandState, actions: list[CommandAction]) -> None:
    over = False
    for action in actions:
        over = over or state not in OPEN
        if over:
            with pytest.raises(Conflict):
                step(TRANSITIONS, state, action)
        elif (state, action) in TRANSITIONS:
            state = step(TRANSITIONS, state, action)


def test_every_state_can_be_reached_and_left_towards_an_end() -> None:
    assert {CommandState.QUEUED, *TRANSITIONS.values()} == set(CommandState)
    assert all((state, CommandAction.EXPIRE) in TRANSITIONS for state in OPEN)


class LiveMode(RuleBasedStateMachine):
    """A family that presses buttons, a device that is in reach or not, and a service that sends what is due.

    Time goes by in minutes. A command that reaches the device counts as answered; one on the way may be lost.
    """

    @initialize(format=st.sampled_from(["watch", "owntracks"]))
    def begin(self, format: str) -> None:
        self.now = NOW
        self.numbers = count(1)
        self.device = Device(
            id=DeviceId(new_id()),
            city_id=CityId(282103),
            format=format,
            external_id="1",
            name="one",
            forwarder=False,
            key_required=False,
            interval_s=OWN_INTERVAL_S,
            created_at=NOW,
        )
        self.commands: dict[CommandId, Command] = {}
        self.interval_s = OWN_INTERVAL_S
        self.last_press: tuple[CommandKind, datetime] | None = None

    def open(self) -> list[Command]:
        return [one for one in self.commands.values() if one.state in OPEN and one.expires_at > self.now]

    @rule(kind=st.sampled_from(CommandKind))
    def press(self, kind: CommandKind) -> None:
        order = plan(kind, self.device, self.open(), self.now, lambda: UUID(int=next(self.numbers)))
        for one in (*order.changed, *order.added):
            self.commands[one.id] = one
        assert order.asked == self.commands[order.asked.id]
        assert order.asked.state in OPEN
        if kind is not CommandKind.LOCATE:
            self.last_press = (kind, self.now)

    @rule(kind=st.sampled_from(CommandKind))
    def press_twice(self, kind: CommandKind) -> None:
        self.press(kind)
        before = dict(self.commands)
        self.press(kind)
        assert before == self.commands

    @rule(lost=st.booleans())
    def reach(self, lost: bool) -> None:
        """The device is in reach; all that is due is sent, and hears it unless it is lost."""
        due = [one for one in self.open() if one.state is CommandState.QUEUED and one.due_at <= self.now]
        for one in sorted(due, key=lambda one: (one.due_at, one.id)):
            self.commands[one.id] = sent(one, self.now)
            if lost:
                continue
            if one.interval_s is not None:
                self.interval_s = one.interval_s
            word = "CR" if one.kind is CommandKind.LOCATE else "UPLOAD"
            for after in answered(self.open(), word, None, None, self.now):
                self.commands[after.id] = after

    @rule(minutes=st.integers(1, 25))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for one in list(self.commands.values()):
            if one.state in OPEN and one.expires_at <= self.now:
                self.commands[one.id] = expired(one)

    @rule()
    def rest(self) -> None:
        """After the last press everybody is in reach for long enough: the device is back at its own interval."""
        self.wait(int(LIVE_FOR.total_seconds() // 60))
        self.reach(False)
        waiting = [one for one in self.open() if one.kind is CommandKind.LIVE_OFF]
        assert all(one.state is not CommandState.QUEUED for one in waiting)

    @invariant()
    def of_each_kind_one_waits_at_most(self) -> None:
        waiting = Counter(one.kind for one in self.open() if one.state is CommandState.QUEUED)
        assert all(number == 1 for number in waiting.values())

    @invariant()
    def live_mode_always_has_an_end(self) -> None:
        ends = [one for one in self.open() if one.kind is CommandKind.LIVE_OFF]
        if self.interval_s == LIVE_INTERVAL_S:
            lost = [
                one for one in self.commands.values() if one.kind is CommandKind.LIVE_OFF and one.sent_at is not None
            ]
            assert ends or lost
        if self.last_press is not None and self.last_press[0] is CommandKind.LIVE_ON:
            pressed_at = self.last_press[1]
            queued = [one for one in ends if one.state is CommandState.QUEUED]
            if self.now < pressed_at + LIVE_FOR:
                assert [one.due_at for one in queued] == [pressed_at + LIVE_FOR]
                assert [one.interval_s for one in queued] == [OWN_INTERVAL_S]

    @invariant()
    def nothing_is_asked_to_go_live_when_it_should_be_over(self) -> None:
        if self.last_press is not None and self.now >= self.last_press[1] + LIVE_FOR:
            assert [one for one in self.open() if one.kind is CommandKind.LIVE_ON] == []


TestLiveMode = LiveMode.TestCase
TestLiveMode.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


class Closer(RuleBasedStateMachine):
    """A house that wants fixes every minute for a while, again and again, and a family that presses buttons."""

    @initialize(own_interval_s=st.sampled_from([30, 300, 600]))
    def begin(self, own_interval_s: int) -> None:
        self.now = NOW
        self.numbers = count(1)
        self.device = a_device(own_interval_s)
        self.commands: dict[CommandId, Command] = {}
        self.told: list[int] = []
        """Intervals that the device was told, in order: the last one is how it reports."""

    def open(self) -> list[Command]:
        return [one for one in self.commands.values() if one.state in OPEN and one.expires_at > self.now]

    def newest(self) -> Command | None:
        return max(
            (one for one in self.commands.values() if one.kind is CommandKind.LIVE_ON), key=_number, default=None
        )

    def take(self, order: Plan | None) -> None:
        for one in () if order is None else (*order.changed, *order.added):
            self.commands[one.id] = one

    def new_id(self) -> UUID:
        return UUID(int=next(self.numbers))

    @rule(minutes=st.integers(5, 20))
    def want(self, minutes: int) -> None:
        until = self.now + timedelta(minutes=minutes)
        self.take(closer(self.device, self.open(), self.newest(), CLOSER_S, until, self.now, self.new_id))
        before = len(self.told), dict(self.commands)
        self.take(closer(self.device, self.open(), self.newest(), CLOSER_S, until, self.now, self.new_id))
        assert before[1] == self.commands
        self.reach()
        if self.device.interval_s <= CLOSER_S:
            assert [] == [one for one in self.told if one == CLOSER_S]
        else:
            assert self.told[-1] <= CLOSER_S
            ends = [one.due_at for one in self.open() if one.kind is CommandKind.LIVE_OFF]
            assert self.told[-1] < CLOSER_S or ends >= [until]

    @rule(minutes=st.integers(5, 20))
    def want_again_while_it_runs(self, minutes: int) -> None:
        """Not a word to the device."""
        self.want(minutes)
        said = list(self.told)
        if said and said[-1] == CLOSER_S:
            self.want(minutes + 1)
            assert said == self.told

    @rule()
    def want_no_more(self) -> None:
        runs = self.told[-1] if self.told else self.device.interval_s
        self.take(close_enough(self.device, self.open(), self.newest(), CLOSER_S, self.now, self.new_id))
        self.reach()
        if runs == CLOSER_S:
            assert self.told[-1] == self.device.interval_s
        elif runs == LIVE_INTERVAL_S:
            assert self.told[-1] == LIVE_INTERVAL_S

    @rule(kind=st.sampled_from([CommandKind.LIVE_ON, CommandKind.LIVE_OFF]))
    def press(self, kind: CommandKind) -> None:
        """Whoever looks has it as often as ever."""
        self.take(plan(kind, self.device, self.open(), self.now, self.new_id))
        self.reach()
        assert self.told[-1] == (LIVE_INTERVAL_S if kind is CommandKind.LIVE_ON else self.device.interval_s)

    @rule(minutes=st.integers(3, 25))
    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            for one in list(self.commands.values()):
                if one.state in OPEN and one.expires_at <= self.now:
                    self.commands[one.id] = expired(one)
            self.reach()

    @rule()
    def rest(self) -> None:
        self.wait(21)
        assert not self.told or self.told[-1] == self.device.interval_s

    def reach(self) -> None:
        due = [one for one in self.open() if one.state is CommandState.QUEUED and one.due_at <= self.now]
        for one in sorted(due, key=lambda one: (one.due_at, one.id)):
            self.commands[one.id] = sent(one, self.now)
            assert one.interval_s is not None
            self.told.append(one.interval_s)
            for after in answered(self.open(), "UPLOAD", None, None, self.now):
                self.commands[after.id] = after


TestCloser = Closer.TestCase
TestCloser.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def _number(one: Command) -> int:
    return one.id.int


def a_device(interval_s: int = OWN_INTERVAL_S) -> Device:
    return Device(
        id=DeviceId(new_id()),
        city_id=CityId(282103),
        format="watch",
        external_id="1",
        name="one",
        forwarder=False,
        key_required=False,
        interval_s=interval_s,
        created_at=NOW,
    )


@given(st.integers(0, 6))
def test_a_device_out_of_reach_goes_back_as_soon_as_it_returns_within_a_week(days: int) -> None:
    device = Device(
        id=DeviceId(new_id()),
        city_id=CityId(282103),
        format="watch",
        external_id="1",
        name="one",
        forwarder=False,
        key_required=False,
        interval_s=OWN_INTERVAL_S,
        created_at=NOW,
    )
    _, off = plan(CommandKind.LIVE_ON, device, [], NOW, new_id).added

    back_at = NOW + LIVE_FOR + timedelta(days=days)

    assert off.due_at <= back_at < off.expires_at
    assert off.interval_s == OWN_INTERVAL_S
