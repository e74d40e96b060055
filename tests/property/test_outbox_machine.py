"""The life of a message: the table itself, and the outbox under any order of claims, kills, settlements and cancels."""

from datetime import timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.db.dialect import tune_sqlite
from app.db.types import metadata
from app.kit.ids import CityId
from app.push import outbox, retry, store, tables
from app.push.model import AddressKind, Channel, Level, Message, MessageState
from app.push.outbox import Settlement
from app.push.retry import Delivery, Outcome
from app.push.transitions import ENDED, TRANSITIONS, Action, state_after, states_before
from tests.build import NOW


def test_every_action_is_possible_somewhere_and_leads_to_one_state() -> None:
    for action in Action:
        assert states_before(action)
        assert state_after(action) in MessageState


def test_every_state_but_the_ended_ones_can_be_left_and_those_never() -> None:
    left = {state for state, _ in TRANSITIONS}

    assert set(MessageState) - left == ENDED


def test_every_state_is_reached_from_waiting_and_every_state_reaches_an_end() -> None:
    reached = {MessageState.WAITING}
    ending = set(ENDED)
    for _ in MessageState:
        reached |= {after for (before, _action), after in TRANSITIONS.items() if before in reached}
        ending |= {before for (before, _action), after in TRANSITIONS.items() if after in ending}

    assert set(MessageState) == reached == ending


class OutboxMachine(RuleBasedStateMachine):
    """Two phones, messages about few things, a worker that may die holding its claims, and time that passes."""

    @initialize()
    def begin(self) -> None:
        self.engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        tune_sqlite(self.engine, read_only=False)
        metadata.create_all(self.engine, tables=[tables.address, tables.message, tables.delivery])
        self.connection = self.engine.connect()
        self.transaction = self.connection.begin()
        self.now = NOW
        self.put_so_far = 0
        self.claims: list[tuple[Message, object]] = []
        self.sent: set[object] = set()
        self.ended: dict[object, str] = {}
        self.addresses = [
            store.save_address(
                self.connection, channel=Channel.FCM, kind=AddressKind.TOKEN, value=value, language="ja", now=NOW
            ).id
            for value in ("phone-1", "phone-2")
        ]

    def teardown(self) -> None:
        """In the end everything has ended: nothing waits for ever."""
        if hasattr(self, "engine"):
            assert outbox.claim(self.connection, self.now + timedelta(hours=1), limit=1000) == []
            assert outbox.oldest_due_at(self.connection) is None
            self.transaction.rollback()
            self.connection.close()
            self.engine.dispose()

    @rule(
        phone=st.integers(0, 1),
        about=st.sampled_from(["alert:1", "alert:2", "alert:3"]),
        level=st.sampled_from(Level),
        lasts_s=st.integers(0, 300),
        again=st.booleans(),
    )
    def put(self, phone: int, about: str, level: Level, lasts_s: int, again: bool) -> None:
        key = f"key-{self.put_so_far - 1 if again and self.put_so_far else self.put_so_far}"
        added = outbox.put(
            self.connection,
            city_id=CityId(282103),
            address_id=self.addresses[phone],
            unique_key=key,
            kind="alert.sos",
            level=level,
            about=about,
            params={},
            now=self.now,
            expires_at=self.now + timedelta(seconds=lasts_s),
        )

        assert added == (key == f"key-{self.put_so_far}")
        self.put_so_far += added

    @rule(limit=st.integers(1, 5))
    def claim(self, limit: int) -> None:
        claimed = outbox.claim(self.connection, self.now, limit)

        assert len(claimed) <= limit
        held = {message.id for message, until in self.claims if until > self.now}  # type: ignore[operator]
        assert not held & {message.id for message in claimed}
        assert len({(message.address.id, message.about) for message in claimed}) == len(claimed)
        assert all(message.expires_at > self.now for message in claimed)
        ranks = [outbox.RANK[message.level.value] for message in claimed]
        assert sorted(ranks) == ranks
        until = self.now + timedelta(seconds=outbox.CLAIM_S)
        self.claims += [(message, until) for message in claimed]

    @precondition(lambda self: self.claims)
    @rule(outcome=st.sampled_from([Outcome.SENT, Outcome.BUSY, Outcome.UNKNOWN, Outcome.REFUSED]), data=st.data())
    def settle(self, outcome: Outcome, data: st.DataObject) -> None:
        message, _ = self.claims.pop(data.draw(st.integers(0, len(self.claims) - 1)))
        delivery = Delivery(outcome=outcome)
        again = retry.decide(
            delivery,
            level=message.level,
            attempts=message.attempts,
            now=self.now,
            expires_at=message.expires_at,
            jitter=0.5,
        )
        outbox.settle(self.connection, [Settlement(message=message, delivery=delivery, retry=again)], self.now)
        if outcome is Outcome.SENT:
            self.sent.add(message.id)

    @precondition(lambda self: self.claims)
    @rule()
    def die(self) -> None:
        """The worker is killed: it never settles what it holds."""
        self.claims.clear()
        self.now += timedelta(seconds=outbox.CLAIM_S)

    @rule(about=st.sampled_from(["alert:1", "alert:2", "alert:3"]))
    def cancel(self, about: str) -> None:
        outbox.cancel(self.connection, about, self.now)

    @rule(phone=st.integers(0, 1))
    def lose_phone(self, phone: int) -> None:
        store.kill_address(self.connection, self.addresses[phone], "gone", self.now)

    @rule(seconds=st.integers(1, 120))
    def pass_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def what_ended_stays_as_it_ended(self) -> None:
        if not hasattr(self, "engine"):
            return
        table = tables.message
        rows = self.connection.execute(
            sa.select(table.c.id, table.c.state, table.c.ended_at, table.c.claimed_until)
        ).all()
        for row in rows:
            assert (row.state in ENDED) == (row.ended_at is not None)
            assert (row.state == MessageState.SENDING) == (row.claimed_until is not None)
            assert self.ended.get(row.id, row.state) == row.state
            if row.state in ENDED:
                self.ended[row.id] = row.state
            if row.state == MessageState.SENT:
                assert row.id in self.sent


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
