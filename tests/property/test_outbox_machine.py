"""The life of a message: the table itself, and the outbox under any order of claims, kills, settlements and cancels."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.db.dialect import tune_sqlite
from app.db.types import metadata
from app.kit.ids import AddressId, CityId, MessageId
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


ABOUTS = ("alert:1", "alert:2", "alert:3", "passage:hana:gate", "passage:hana:pole", "passage:taro:gate")
OUTCOMES = (Outcome.SENT, Outcome.BUSY, Outcome.UNAVAILABLE, Outcome.UNKNOWN, Outcome.REFUSED)
CLAIM = timedelta(seconds=outbox.CLAIM_S)
MINUTE = timedelta(minutes=1)


WHERE = ((Channel.FCM, "phone-1"), (Channel.FCM, "phone-2"), (Channel.EMAIL, "hanako@example.jp"))


class House:
    """Three addresses over two channels, messages about few things and of passages, workers that may die holding their claims, and time that passes."""

    def __init__(self) -> None:
        self.engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        tune_sqlite(self.engine, read_only=False)
        metadata.create_all(self.engine, tables=[tables.address, tables.message, tables.delivery])
        self.connection = self.engine.connect()
        self.transaction = self.connection.begin()
        self.now = NOW
        self.put_so_far = 0
        self.claims: list[tuple[Message, datetime]] = []
        self.sent: set[MessageId] = set()
        self.ended: dict[MessageId, str] = {}
        self.addresses = [
            store.save_address(
                self.connection, channel=channel, kind=AddressKind.TOKEN, value=value, language="ja", now=NOW
            ).id
            for channel, value in WHERE
        ]

    def close(self) -> None:
        self.transaction.rollback()
        self.connection.close()
        self.engine.dispose()

    def put(self, phone: int, about: str, level: Level, lasts_s: int, again: bool) -> None:
        key = f"key-{self.put_so_far - 1 if again and self.put_so_far else self.put_so_far}"
        added = outbox.put(
            self.connection,
            city_id=CityId(282103),
            channel=WHERE[phone][0],
            address_id=self.addresses[phone],
            unique_key=key,
            kind="news.passage" if about.startswith("passage:") else "alert.sos",
            level=level,
            about=about,
            params={"at": self.now.isoformat(), "detector": about},
            now=self.now,
            expires_at=self.now + timedelta(seconds=lasts_s),
        )

        assert added == (key == f"key-{self.put_so_far}")
        self.put_so_far += added

    def claim(self, channel: Channel, limit: int, skip: int) -> None:
        claimed = outbox.claim(self.connection, channel, self.now, limit, skip=skip)

        assert len(claimed) <= limit
        assert {channel} >= {message.address.channel for message in claimed}
        held = {message.id for message, until in self.claims if until > self.now}
        assert not held & {message.id for message in claimed}
        assert len({(message.address.id, message.about) for message in claimed}) == len(claimed)
        assert all(message.expires_at > self.now for message in claimed)
        order = [(outbox.RANK[message.level.value], message.created_at) for message in claimed]
        assert sorted(order) == order
        for message in claimed:
            if message.attempts == 1 and message.kind.startswith("news.") and message.level is Level.NEWS:
                assert not self.passages_sent(message.address.id, message.about.split(":")[1], self.now - MINUTE)
        self.claims += [(message, self.now + CLAIM) for message in claimed]

    def passages_sent(self, address_id: AddressId, wearer: str, since: datetime) -> int:
        """How many lines about her passages an address got since then."""
        table = tables.message
        query = sa.select(sa.func.count()).where(
            table.c.address_id == address_id,
            table.c.level == Level.NEWS,
            table.c.about.startswith(f"passage:{wearer}:"),
            table.c.state == MessageState.SENT,
            table.c.ended_at > since,
        )
        return self.connection.execute(query).scalar_one()

    def settle(self, outcome: Outcome, which: int) -> None:
        if not self.claims:
            return
        message, _ = self.claims.pop(which % len(self.claims))
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

    def receive(self, which: int) -> None:
        """A phone shows what a worker holds, or has just sent, whatever becomes of the answer to the worker."""
        if not self.claims:
            return
        message, _ = self.claims[which % len(self.claims)]
        query = sa.select(tables.message.c.state).where(tables.message.c.id == message.id)
        before = self.connection.execute(query).scalar_one()
        outbox.receive(self.connection, message.id, outbox.Said.SHOWN, None, self.now)

        assert self.connection.execute(query).scalar_one() == (before if before in ENDED else MessageState.SENT)
        self.sent.add(message.id)

    def give_back(self, which: int) -> None:
        """A round failed before anything was sent: its claim is free at once, unless it is not its any more."""
        if not self.claims:
            return
        message, until = self.claims.pop(which % len(self.claims))
        table = tables.message
        query = sa.select(table.c.state, table.c.attempts).where(table.c.id == message.id)
        before = self.connection.execute(query).one()
        outbox.give_back(self.connection, [message], until - CLAIM)
        after = self.connection.execute(query).one()

        is_its = before == (MessageState.SENDING.value, message.attempts)
        assert after == ((MessageState.WAITING.value, message.attempts) if is_its else before)

    def die(self) -> None:
        """The worker is killed: it never settles what it holds."""
        self.claims.clear()

    def cancel(self, about: str) -> None:
        outbox.cancel(self.connection, about, self.now)

    def lose_phone(self, phone: int) -> None:
        store.kill_address(self.connection, self.addresses[phone], "gone", self.now)

    def pass_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def check(self) -> None:
        """What ended stays as it ended, and only what was sent says so. Nothing urgent is held, no passage is lost and
        none is told twice.
        """
        table = tables.message
        passages = lines = 0
        for row in self.connection.execute(sa.select(table)):
            assert row.level != Level.URGENT or row.not_before is None
            passages += row.kind.startswith("news.")
            lines += int(row.params.get("count", 1)) * (row.kind.startswith("news.") and row.state != "bundled")
            assert (row.state in ENDED) == (row.ended_at is not None)
            assert (row.state == MessageState.SENDING) == (row.claimed_until is not None)
            assert self.ended.get(row.id, row.state) == row.state
            if row.state in ENDED:
                self.ended[row.id] = row.state
            if row.state == MessageState.SENT:
                assert row.id in self.sent
        assert passages == lines
        assert not self.without_a_row(MessageState.BUNDLED, MessageState.FAILED)

    def without_a_row(self, *states: MessageState) -> list[Any]:
        """Messages that ended so and of which no row says why."""
        table, delivery = tables.message, tables.delivery
        known = sa.exists().where(delivery.c.message_id == table.c.id)
        return list(self.connection.execute(sa.select(table.c.id).where(table.c.state.in_(states), ~known)))

    def check_end(self) -> None:
        """Nothing waits for ever."""
        for channel in {channel for channel, _value in WHERE}:
            assert outbox.claim(self.connection, channel, self.now + timedelta(hours=1), limit=1000) == []
        assert outbox.oldest_due_at(self.connection) is None
        left = sa.select(tables.message.c.state).where(tables.message.c.state.not_in(ENDED))
        assert self.connection.execute(left).all() == []


def step(name: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(arguments))


ABOUT = st.sampled_from(ABOUTS)
PHONE = st.integers(0, len(WHERE) - 1)
CHANNEL = st.sampled_from([Channel.FCM, Channel.FCM, Channel.EMAIL])
PUT = step(
    "put", phone=PHONE, about=ABOUT, level=st.sampled_from(Level), lasts_s=st.integers(0, 300), again=st.booleans()
)
CLAIMS = step("claim", channel=CHANNEL, limit=st.integers(1, 5), skip=st.sampled_from([0, 0, 1, 7]))
SETTLE = step("settle", outcome=st.sampled_from(OUTCOMES), which=st.integers(0, 9))
RARE = st.one_of(
    step("die"),
    step("give_back", which=st.integers(0, 9)),
    step("receive", which=st.integers(0, 9)),
    step("cancel", about=ABOUT),
    step("lose_phone", phone=PHONE),
)
PASS_BY = step("pass_by", seconds=st.integers(1, 40))


@given(st.lists(st.one_of(PUT, PUT, CLAIMS, CLAIMS, SETTLE, SETTLE, RARE, PASS_BY), min_size=30, max_size=40))
@settings(
    max_examples=20,
    deadline=None,
    # Making a long story shorter takes minutes here, and the story that fails can be read as it is.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
def test_no_order_of_claims_kills_settlements_and_cancels_breaks_the_outbox(
    steps: list[tuple[str, dict[str, Any]]],
) -> None:
    house = House()
    try:
        for name, arguments in steps:
            getattr(house, name)(**arguments)
            house.check()
        house.check_end()
    finally:
        house.close()
