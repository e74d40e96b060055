"""Towns whose devices fell silent together: noticed when silences are due, told to staff, over when they are heard."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db import intents
from app.devices import service as devices
from app.kit.ids import CityId
from app.watch import outage, store
from app.watch.outage import Outage

DEVICES_SILENT = "devices_silent"
"""Intent: staff of a town is told that many devices fell silent together."""

DEVICES_HEARD = "devices_heard"
"""Intent: staff is told that they are heard again."""

ASKED_FROM = 5
"""So many of one town must be due at once before all its devices are looked at."""

REMEMBERED = timedelta(days=2)
"""What was said before an outage that began longer ago than this has been judged."""


def of_towns(connection: Connection, due: Mapping[UUID, CityId], now: datetime) -> dict[int, Outage]:
    """The last outage of each town of those who are due. One that begins is noted here."""
    counts = Counter(due.values())
    known = store.last_outages(connection, counts, now - REMEMBERED)
    for city_id, count in counts.items():
        last = known.get(city_id)
        if count < ASKED_FROM or (last is not None and last.until_at is None):
            continue
        found = outage.began(devices.heard_since(connection, city_id, now - outage.ACTIVE), now)
        if found is None:
            continue
        one = Outage(city_id=city_id, from_at=found[0], devices=found[1])
        # What did not come back from the last one is no new one.
        is_new = last is None or one.from_at > last.from_at + outage.AT_ONCE
        if is_new and store.begin_outage(connection, one, now):
            known[city_id] = one
            _tell(connection, DEVICES_SILENT, one, now)
    return known


def judge(connection: Connection, now: datetime) -> None:
    """Notes which outages are over."""
    for one in store.outages_going_on(connection):
        heard = len(devices.heard_since(connection, one.city_id, now - outage.QUIET))
        if outage.is_over(one, heard, now) and store.end_outage(connection, one, now):
            _tell(connection, DEVICES_HEARD, one, now)


def _tell(connection: Connection, kind: str, one: Outage, now: datetime) -> None:
    payload = {
        "city_id": one.city_id, "from_at": one.from_at.isoformat(), "devices": one.devices, "at": now.isoformat(),
    }  # fmt: skip
    intents.intend(connection, kind, f"{one.city_id}:{one.from_at.isoformat()}", payload, now)
