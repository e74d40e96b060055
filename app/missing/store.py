"""Every query of searches, and what they ask of tags and detectors."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.alerts.tables import alert
from app.db import dialect
from app.db.tables import heartbeat
from app.history.model import KnownBy
from app.kit.ids import AccountId, AlertId, CityId, FactId, SearchId, TagId, WearerId
from app.missing.model import Ended, Fact, FactKind, Find, Point, Search, State
from app.missing.tables import search, search_fact
from app.tags.model import DetectorKind
from app.tags.tables import detector, detector_health, tag, tag_carrier

STANDING = (DetectorKind.FIXED, DetectorKind.FACILITY, DetectorKind.HOME)
"""Detectors that are where they are said to be."""

_GONE = (
    "last_at", "last_lat_deg", "last_lon_deg", "last_accuracy_m", "last_known_by", "find_lat_deg", "find_lon_deg"
)  # fmt: skip


def add(connection: Connection, one: Search) -> bool:
    """Whether the search was opened; not when one for her is open."""
    values = {
        "id": one.id, "city_id": one.city_id, "wearer_id": one.wearer_id, "alert_id": one.alert_id,
        "reason": one.reason, "opened_by": one.opened_by, "opened_at": one.opened_at,
    }  # fmt: skip
    if one.last is not None:
        values |= {
            "last_at": one.last.at, "last_lat_deg": one.last.lat_deg, "last_lon_deg": one.last.lon_deg,
            "last_accuracy_m": one.last.accuracy_m, "last_known_by": one.last.known_by.value,
        }  # fmt: skip
    return (
        connection.execute(dialect.insert(connection, search).values(**values).on_conflict_do_nothing()).rowcount == 1
    )


def one(connection: Connection, search_id: SearchId) -> Search | None:
    """The search of that id."""
    row = connection.execute(sa.select(search).where(search.c.id == search_id)).one_or_none()
    return None if row is None else _search(row)


def open_of(connection: Connection, wearer_id: WearerId) -> SearchId | None:
    """The search for her that goes on."""
    query = sa.select(search.c.id).where(search.c.wearer_id == wearer_id, search.c.closed_at.is_(None))
    found: SearchId | None = connection.execute(query).scalar_one_or_none()
    return found


def newest(
    connection: Connection,
    wearer_ids: Collection[UUID],
    state: State | None,
    before: tuple[datetime, UUID] | None,
    count: int,
) -> list[Search]:
    """Up to `count` searches for these wearers, newest first, after the cursor `before` (opened_at, id)."""
    query = sa.select(search).where(search.c.wearer_id.in_(list(wearer_ids)))
    if state is not None:
        query = query.where(search.c.closed_at.is_(None) if state == "open" else search.c.closed_at.is_not(None))
    if before is not None:
        at, key = before
        query = query.where(sa.or_(search.c.opened_at < at, sa.and_(search.c.opened_at == at, search.c.id < key)))
    query = query.order_by(search.c.opened_at.desc(), search.c.id.desc()).limit(count)
    return [_search(row) for row in connection.execute(query)]


def close(
    connection: Connection, search_id: SearchId, by: AccountId | None, ended: Ended, find: Find | None, now: datetime
) -> bool:
    """Whether the search was open and is closed now."""
    values: dict[str, Any] = {"closed_by": by, "closed_at": now, "ended": ended.value}
    if find is not None:
        values |= {
            "find_at": find.at, "find_lat_deg": find.lat_deg, "find_lon_deg": find.lon_deg, "score": find.score,
            "score_first_rings": find.score_first_rings, "score_newest_rings": find.score_newest_rings,
        }  # fmt: skip
    mine = (search.c.id == search_id) & search.c.closed_at.is_(None)
    return connection.execute(sa.update(search).where(mine).values(**values)).rowcount == 1


def close_all(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Calls off what is open for a wearer."""
    mine = (search.c.wearer_id == wearer_id) & search.c.closed_at.is_(None)
    values = {"closed_at": now, "ended": Ended.CALLED_OFF.value}
    connection.execute(sa.update(search).where(mine).values(**values))


def locked(connection: Connection, search_id: SearchId) -> Search | None:
    """The search; on PostgreSQL its row stays locked, so that nobody closes it meanwhile."""
    row = connection.execute(sa.select(search).where(search.c.id == search_id).with_for_update()).one_or_none()
    return None if row is None else _search(row)


def add_fact(connection: Connection, fact: Fact) -> None:
    """Keeps a fact."""
    values = {name: getattr(fact, name) for name in fact.__struct_fields__} | {"kind": fact.kind.value}
    connection.execute(sa.insert(search_fact).values(**values))


def withdraw(connection: Connection, search_id: SearchId, fact_id: FactId, by: AccountId, now: datetime) -> bool:
    """Whether there was such a fact, which counts no more from now on."""
    one = search_fact.c
    mine = (one.id == fact_id) & (one.search_id == search_id) & one.withdrawn_at.is_(None)
    values = {"withdrawn_at": now, "withdrawn_by": by}
    return connection.execute(sa.update(search_fact).where(mine).values(**values)).rowcount == 1


def facts_of(connection: Connection, search_id: SearchId, until: datetime | None = None) -> list[Fact]:
    """What was told to a search and not withdrawn, in order; where a moment is said, only what was told by then."""
    query = sa.select(search_fact).where(search_fact.c.search_id == search_id, search_fact.c.withdrawn_at.is_(None))
    if until is not None:
        query = query.where(search_fact.c.received_at <= until)
    return [_fact(row) for row in connection.execute(query.order_by(search_fact.c.id))]


def facts_after(connection: Connection, search_id: SearchId, after: UUID | None, count: int) -> list[Fact]:
    """Up to `count` of them, after the fact `after`."""
    query = sa.select(search_fact).where(search_fact.c.search_id == search_id, search_fact.c.withdrawn_at.is_(None))
    if after is not None:
        query = query.where(search_fact.c.id > after)
    return [_fact(row) for row in connection.execute(query.order_by(search_fact.c.id).limit(count))]


def numbers_of_facts(connection: Connection, search_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many facts each of these searches has; one without any is absent."""
    mine = search_fact.c.search_id.in_(list(search_ids)) & search_fact.c.withdrawn_at.is_(None)
    query = sa.select(search_fact.c.search_id, sa.func.count()).where(mine).group_by(search_fact.c.search_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def numbers_of_kinds(connection: Connection, search_id: SearchId) -> dict[FactKind, int]:
    """How many facts of each kind a search has; of what it has none, nothing."""
    mine = (search_fact.c.search_id == search_id) & search_fact.c.withdrawn_at.is_(None)
    query = sa.select(search_fact.c.kind, sa.func.count()).where(mine).group_by(search_fact.c.kind)
    return {FactKind(row[0]): row[1] for row in connection.execute(query)}


def names_of(connection: Connection, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def wearer_of_alert(connection: Connection, alert_id: AlertId) -> WearerId | None:
    """Whom an alert is about."""
    found: WearerId | None = connection.execute(
        sa.select(alert.c.wearer_id).where(alert.c.id == alert_id)
    ).scalar_one_or_none()
    return found


def tags_worn(connection: Connection, wearer_id: WearerId, since: datetime) -> list[TagId]:
    """The tags that she has worn all the time since then, and wears."""
    one = tag_carrier.c
    query = (
        sa.select(one.tag_id)
        .join(tag, tag.c.id == one.tag_id)
        .where(one.wearer_id == wearer_id, one.from_at <= since, one.until_at.is_(None), tag.c.ended_at.is_(None))
    )
    return list(connection.execute(query).scalars())


def detectors_within(
    connection: Connection, city_id: CityId, lat: tuple[float, float], lon: tuple[float, float]
) -> Sequence[Any]:
    """Standing detectors of a city between two latitudes and two longitudes: id, kind, name, lat_deg, lon_deg, range_m,
    created_at.
    """
    one = detector.c
    columns = (one.id, one.kind, one.name, one.lat_deg, one.lon_deg, one.range_m, one.created_at)
    here = (one.city_id == city_id) & one.ended_at.is_(None) & one.kind.in_([kind.value for kind in STANDING])
    there = one.lat_deg.between(*lat) & one.lon_deg.between(*lon)
    return connection.execute(sa.select(*columns).where(here, there).order_by(one.id)).all()


def never_heard(connection: Connection, detector_ids: Collection[UUID]) -> set[UUID]:
    """Those of these detectors of which nothing was ever heard."""
    known = sa.select(detector_health.c.detector_id).where(detector_health.c.detector_id.in_(list(detector_ids)))
    return set(detector_ids) - set(connection.execute(known).scalars())


def last_outage(connection: Connection) -> tuple[datetime, datetime] | None:
    """From when until when the service itself was last down; None where it never was."""
    query = sa.select(heartbeat.c.down_since, heartbeat.c.up_since).where(heartbeat.c.name == "service")
    row = connection.execute(query).one_or_none()
    return None if row is None or row.down_since >= row.up_since else (row.down_since, row.up_since)


def forget_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes what was told earlier, at most `rows_max` facts, and the places and reasons of searches that were opened
    earlier. How many. Whether and how well a search ended stays.
    """
    old = sa.select(search_fact.c.id).where(search_fact.c.received_at < before).limit(rows_max)
    facts = connection.execute(sa.delete(search_fact).where(search_fact.c.id.in_(old))).rowcount
    placed = search.c.last_at.is_not(None) | search.c.find_lat_deg.is_not(None) | (search.c.reason != "")
    values: dict[str, Any] = dict.fromkeys(_GONE) | {"reason": ""}
    gone = connection.execute(sa.update(search).where(search.c.opened_at < before, placed).values(**values))
    return facts + gone.rowcount


def _search(row: sa.Row[Any]) -> Search:
    last = None
    if row.last_at is not None:
        last = Point(
            at=row.last_at, lat_deg=row.last_lat_deg, lon_deg=row.last_lon_deg, accuracy_m=row.last_accuracy_m,
            known_by=KnownBy(row.last_known_by),
        )  # fmt: skip
    find = None
    if row.find_at is not None:
        find = Find(
            at=row.find_at, lat_deg=row.find_lat_deg, lon_deg=row.find_lon_deg, score=row.score,
            score_first_rings=row.score_first_rings, score_newest_rings=row.score_newest_rings,
        )  # fmt: skip
    return Search(
        id=row.id, city_id=row.city_id, wearer_id=row.wearer_id, alert_id=row.alert_id, reason=row.reason, last=last,
        opened_by=row.opened_by, opened_at=row.opened_at, closed_by=row.closed_by, closed_at=row.closed_at,
        ended=None if row.ended is None else Ended(row.ended), find=find,
    )  # fmt: skip


def _fact(row: sa.Row[Any]) -> Fact:
    return Fact(
        id=row.id, search_id=row.search_id, kind=FactKind(row.kind), at=row.at, data=row.data, by=row.by,
        received_at=row.received_at,
    )  # fmt: skip
