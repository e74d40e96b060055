"""A broken city network: so many alerts opened at once, and three minutes later the next step of all of them due in the
same moment. How many are opened and told in a second, how many steps are carried out, and how long it takes until the
last message of them is claimed for sending; by the wall clock, one process, SQLite, the sending itself left out.

Each is about another wearer, who has two contacts with a phone each.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.accounts import tables as accounts
from app.accounts.model import Role
from app.alerts.service import escalating, raising
from app.db.engine import open_engine
from app.db.session import take
from app.households import tables as households
from app.kit.ids import WearerId, new_id
from app.push import outbox
from app.push import tables as push
from app.push.model import Channel, Level
from app.push.outbox import Settlement
from app.push.retry import Delivery, Outcome
from app.watch.model import AlertKind, WatchEvent
from bench import town
from bench.measure import Measurement

ALERTS = int(os.environ.get("MIMAMORI_BENCH_ALERTS", "100000"))
CONTACTS = 2
GROUP = 500
"""Alerts in one transaction, as many as one turn of the job takes."""
CLAIMED = 1000
"""Messages of one claim; the deliverer takes 100."""


def measure() -> Iterator[Measurement]:
    """The measurements, in the order in which it happens."""
    with tempfile.TemporaryDirectory() as folder:
        wearer_ids = town.build(Path(folder), ALERTS, 0)
        engine = open_engine(Path(folder))
        for start in range(0, len(wearer_ids), GROUP):
            with engine.begin() as connection:
                _have_contacts(connection, wearer_ids[start : start + GROUP])
        now = datetime.now(UTC)
        opened_s = _seconds(lambda: _open_all(engine, wearer_ids, now))
        yield _rate("escalation.opened", opened_s, "alerts opened and told a second")
        _claim_all(engine, now)
        now += timedelta(minutes=3)
        steps_s = _seconds(lambda: _step_all(engine, now))
        yield _rate("escalation.steps", steps_s, "due steps carried out a second")
        claimed_s = _seconds(lambda: _claim_all(engine, now))
        yield Measurement(
            name="escalation.claimed", value=CONTACTS * ALERTS / claimed_s, unit="messages claimed a second"
        )
        yield Measurement(
            name="escalation.last",
            value=steps_s + claimed_s,
            unit=f"s until the last message of {ALERTS:,} steps is claimed",
        )
        engine.dispose()


def _rate(name: str, seconds: float, unit: str) -> Measurement:
    return Measurement(name=name, value=ALERTS / seconds, unit=unit)


def _seconds(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _open_all(engine: Engine, wearer_ids: Sequence[UUID], now: datetime) -> None:
    for start in range(0, len(wearer_ids), GROUP):
        events = [_event(wearer_id, now) for wearer_id in wearer_ids[start : start + GROUP]]
        with engine.begin() as connection:
            raising.raise_all(connection, events, now)
            take(connection)


def _event(wearer_id: UUID, now: datetime) -> WatchEvent:
    return WatchEvent(
        wearer_id=WearerId(wearer_id), kind=AlertKind.SOS, rule="sos", subject="sos", level=Level.URGENT,
        cause=wearer_id.hex, at=now, received_at=now,
    )  # fmt: skip


def _step_all(engine: Engine, now: datetime) -> None:
    goes_on = True
    while goes_on:
        with engine.begin() as connection:
            goes_on = escalating.work_off(connection, now)
            take(connection)


def _claim_all(engine: Engine, now: datetime) -> None:
    sent = Delivery(outcome=Outcome.SENT)
    while True:
        with engine.begin() as connection:
            messages = outbox.claim(connection, Channel.FCM, now, CLAIMED)
        if not messages:
            return
        with engine.begin() as connection:
            outbox.settle(connection, [Settlement(message=one, delivery=sent, retry=None) for one in messages], now)


def _have_contacts(c: Connection, wearer_ids: Sequence[UUID]) -> None:
    now = datetime.now(UTC) - timedelta(days=1)
    pairs = [(wearer_id, rank, new_id(), new_id()) for wearer_id in wearer_ids for rank in range(1, CONTACTS + 1)]
    c.execute(
        sa.insert(accounts.account),
        [
            {
                "id": account, "city_id": town.CITY, "email": f"{account.hex}@example.org", "name": "contact",
                "role": Role.FAMILY.value, "language": "ja", "password_hash": "-", "created_at": now,
            }
            for _, _, account, _ in pairs
        ],
    )  # fmt: skip
    c.execute(
        sa.insert(push.address),
        [
            {
                "id": address, "channel": "fcm", "kind": "token", "value": address.hex, "language": "ja",
                "created_at": now, "last_seen_at": now,
            }
            for _, _, _, address in pairs
        ],
    )  # fmt: skip
    c.execute(
        sa.insert(accounts.account_address),
        [{"address_id": address, "account_id": account} for _, _, account, address in pairs],
    )
    c.execute(
        sa.insert(households.contact),
        [
            {
                "id": new_id(), "wearer_id": wearer_id, "rank": rank, "name": "contact", "relation": "", "phone": "",
                "account_id": account, "created_at": now,
            }
            for wearer_id, rank, account, _ in pairs
        ],
    )  # fmt: skip
    c.execute(
        sa.insert(households.consent),
        [
            {
                "id": new_id(), "wearer_id": wearer_id, "account_id": account, "role": None, "scopes": ["alerts"],
                "given_as": "contact", "from_at": now, "until_at": None, "given_by": account, "given_at": now,
            }
            for wearer_id, _, account, _ in pairs
        ],
    )  # fmt: skip
