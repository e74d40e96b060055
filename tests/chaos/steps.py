"""Steps of escalations under kills: time passes for every open alert while the service is down, and what was due then is
done once by whoever comes next.
"""

from collections import Counter
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.alerts.tables import alert, telling
from app.db.engine import sqlite_engine
from app.push.tables import message
from app.push.tokens import Purpose, Tokens
from app.simulator.fcm_standin import FcmStandIn

_OPEN = (alert.c.state == "open") & alert.c.due_at.is_not(None)


def let_be_due(folder: Path, at: datetime) -> None:
    """The next step of every open alert was due at `at`."""
    engine = sqlite_engine(folder / "data")
    with engine.begin() as connection:
        connection.execute(sa.update(alert).where(_OPEN).values(due_at=at))
    engine.dispose()


def are_done(connection: Connection, at: datetime) -> bool:
    """Whether nothing is left of what was due at `at`."""
    left = sa.select(sa.func.count()).select_from(alert).where(_OPEN, alert.c.due_at <= at)
    return connection.execute(left).scalar_one() == 0


def check_steps(connection: Connection, phones: FcmStandIn, secret: bytes, least: int) -> None:
    """Every turn of every alert was told, with one message to each phone, that arrived unless a newer one about the
    same took its place; and there were at least so many turns.
    """
    turns: dict[object, list[int]] = {}
    for row in connection.execute(sa.select(telling.c.alert_id, telling.c.turn).order_by(telling.c.turn)):
        turns.setdefault(row.alert_id, []).append(row.turn)
    last = {row.id: row.turn for row in connection.execute(sa.select(alert.c.id, alert.c.turn))}
    assert {key: list(range(1, turn + 1)) for key, turn in last.items()} == {key: turns.get(key, []) for key in last}
    assert least <= sum(last.values())
    told = sa.select(message.c.on_behalf, message.c.id, message.c.about, message.c.state)
    messages = connection.execute(told.where(message.c.on_behalf.is_not(None)).order_by(message.c.id)).all()
    assert {1} == set(Counter(row.on_behalf for row in messages).values())
    tokens = Tokens(secret)
    arrived = {tokens.read(push.message["data"]["receipt"], Purpose.RECEIPT) for push in phones.received}
    newest = {row.about: row.id for row in messages}
    for row in messages:
        assert row.id in arrived or (row.state == "cancelled" and row.id != newest[row.about]), row
