"""What is known of a wearer for all her contracts: where she lived, and when she was away."""

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.db import dialect
from app.kit.ids import AbsenceId, AccountId, WearerId
from app.programmes.contracts import KnownAbsence
from app.programmes.model import Absence, Away, Residence
from app.programmes.tables import absence, residence


def residences(connection: Connection, wearer_ids: Collection[WearerId]) -> dict[WearerId, list[Residence]]:
    """Where these wearers lived, oldest first; who is not known is absent."""
    found: dict[WearerId, list[Residence]] = {}
    if wearer_ids:
        query = sa.select(residence).where(residence.c.wearer_id.in_(list(wearer_ids)))
        for row in connection.execute(query.order_by(residence.c.wearer_id, residence.c.from_on)):
            found.setdefault(row.wearer_id, []).append(Residence(since=row.from_on, ward=row.ward))
    return found


def put_residence(connection: Connection, wearer_id: WearerId, one: Residence) -> None:
    """She lives there since that day; what was said of the same day is replaced."""
    values = {"ward": one.ward}
    statement = dialect.insert(connection, residence).values(wearer_id=wearer_id, from_on=one.since, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["wearer_id", "from_on"], set_=values))


def drop_residence(connection: Connection, wearer_id: WearerId, from_on: date) -> bool:
    """Whether something was said of that day, which is gone now."""
    mine = (residence.c.wearer_id == wearer_id) & (residence.c.from_on == from_on)
    return connection.execute(sa.delete(residence).where(mine)).rowcount == 1


def absences(connection: Connection, wearer_ids: Collection[WearerId]) -> dict[WearerId, list[KnownAbsence]]:
    """When these wearers were away, oldest first; without what was withdrawn."""
    found: dict[WearerId, list[KnownAbsence]] = {}
    if wearer_ids:
        mine = absence.c.wearer_id.in_(list(wearer_ids)) & absence.c.withdrawn_at.is_(None)
        query = sa.select(absence).where(mine).order_by(absence.c.wearer_id, absence.c.from_on, absence.c.id)
        for row in connection.execute(query):
            one = Absence(kind=Away(row.kind), since=row.from_on, until=row.until_on, known_on=row.known_on)
            found.setdefault(row.wearer_id, []).append(KnownAbsence(id=row.id, absence=one))
    return found


def put_absence(connection: Connection, wearer_id: WearerId, one: KnownAbsence) -> None:
    """Keeps an absence, or what is known of it now."""
    away = one.absence
    values = {"kind": away.kind.value, "from_on": away.since, "until_on": away.until, "known_on": away.known_on}
    statement = dialect.insert(connection, absence).values(id=one.id, wearer_id=wearer_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def withdraw_absence(connection: Connection, wearer_id: WearerId, absence_id: AbsenceId, now: datetime) -> bool:
    """Whether there was such an absence, which counts no more."""
    mine = (absence.c.id == absence_id) & (absence.c.wearer_id == wearer_id) & absence.c.withdrawn_at.is_(None)
    return connection.execute(sa.update(absence).where(mine).values(withdrawn_at=now)).rowcount == 1


def names(connection: Connection, account_ids: Collection[AccountId]) -> dict[AccountId, str]:
    """What these people are called."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {row.id: row.name for row in connection.execute(query)}
