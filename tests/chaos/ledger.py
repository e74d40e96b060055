"""What must be true in the end, whatever went wrong."""

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.alerts.tables import alert, alert_cause
from app.db.postgres import postgres_engine
from app.db.tables import dead_letter
from app.history.tables import position
from app.push.model import Level
from app.push.tables import message
from app.watch.tables import watch_failure
from tests.chaos.installation import Installation
from tests.chaos.poles import check_notices, check_passages


class Tally(Struct, frozen=True):
    """How much was acknowledged and is there."""

    places: int
    sightings: int
    presses: int


def check(here: Installation) -> Tally:
    """Nothing acknowledged is missing, nothing is there twice, everything came in order, each alert is there once."""
    engine = postgres_engine(here.where)
    with engine.connect() as connection:
        places = _check_places(connection, here)
        _check_alerts(connection, here)
        check_passages(connection, here.load.poles)
        check_notices(connection, here.phones)
        for table in (dead_letter, watch_failure):
            assert 0 == connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    engine.dispose()
    assert {status for _, status in here.load.answers} <= {200, 503}, here.load.answers
    sightings = sum(len(one.acknowledged) for one in here.load.poles)
    return Tally(places, sightings, len(here.load.cast.pressers))


def untold(here: Installation) -> str:
    """What waits to be told, and when it is due: for somebody who was not told in time."""
    engine = postgres_engine(here.where)
    columns = (message.c.kind, message.c.state, message.c.attempts, message.c.created_at, message.c.due_at)
    query = sa.select(*columns, sa.func.now()).where(message.c.state.in_(["waiting", "sending"]))
    with engine.connect() as connection:
        rows = connection.execute(query).all()
        alerts = connection.execute(sa.select(sa.func.count()).where(alert.c.kind == "sos")).scalar_one()
    engine.dispose()
    return "\n".join([f"{alerts} SOS are known; what waits:", *(" ".join(map(str, row)) for row in rows)])


def _check_places(connection: Connection, here: Installation) -> int:
    """Also that each wearer's places were committed in the order in which they were acknowledged."""
    cast = here.load.cast
    committed_at = sa.literal_column("pg_xact_commit_timestamp(position.xmin)", sa.DateTime(timezone=True))
    stored: dict[UUID, list[tuple[int, datetime]]] = defaultdict(list)
    query = sa.select(position.c.device_id, position.c.fix_at, committed_at.label("at")).order_by(position.c.fix_at)
    for row in connection.execute(query):
        stored[row.device_id].append((round((row.fix_at - cast.start).total_seconds()), row.at))
    for phone in cast.phones:
        numbers = Counter(number for number, _ in stored[phone.device.id])
        missing = phone.acknowledged - numbers.keys()
        assert set() == missing, f"{len(missing)} acknowledged places are gone: {sorted(missing)[:5]}"
        assert {1} == set(numbers.values())
        assert numbers.keys() <= set(range(phone.sent + 1)), "what nobody said"
        for (one, before), (other, after) in pairwise(stored[phone.device.id]):
            assert before <= after, f"{other} was stored before {one}"
    return sum(len(phone.acknowledged) for phone in cast.phones)


def _check_alerts(connection: Connection, here: Installation) -> None:
    everyone = {one.wearer_id: 1 for one in here.load.cast.pressers}
    alerts = Counter(connection.execute(sa.select(alert.c.wearer_id).where(alert.c.kind == "sos")).scalars())
    causes = Counter(
        connection.execute(sa.select(alert_cause.c.wearer_id).where(alert_cause.c.wearer_id.in_(everyone))).scalars()
    )
    assert everyone == dict(alerts)
    assert everyone == dict(causes)
    states = connection.execute(sa.select(message.c.state).where(message.c.level != Level.NEWS.value)).scalars()
    assert set(states) <= {"sent", "sending"}, "who sent it may have died before it could say so"
    told = Counter(push.token for push in here.phones.received if push.message["data"]["kind"].startswith("alert."))
    assert {f"phone-of-w{number}" for number in range(len(everyone))} <= told.keys()
