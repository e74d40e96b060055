"""By what a family knows the guard at its door."""

import hashlib
import hmac
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.dispatch.store import duty, units
from app.dispatch.units import Member, UnitKind
from app.dispatch.word import word_of_day
from app.kit.errors import NotFound
from app.kit.ids import UnitId


class Proof(Struct, frozen=True, kw_only=True):
    """Who comes: the unit, its company and its people, and the word that they say at the door."""

    unit_id: UnitId
    unit_name: str
    kind: UnitKind
    vehicle: str | None
    company_name: str
    company_phone: str
    word: str
    people: list[Member]


def proof(connection: Connection, secret: bytes, unit_id: UnitId, now: datetime) -> Proof:
    """The proof of a unit, for its own people and for whom it goes to. Its word is that of the day on which it went
    out, so that it does not change at midnight between two who stand at a door. `secret` is the service's own. Raises
    `NotFound`.
    """
    unit = units.unit_by_id(connection, unit_id)
    company = None if unit is None else units.company_by_id(connection, unit.company_id)
    if unit is None or company is None:
        raise NotFound
    task = duty.task_of(connection, unit_id)
    zone = ZoneInfo(accounts.city(connection, unit.city_id).zone)
    day = (now if task is None else task.taken_at).astimezone(zone).date()
    on_duty = duty.guards_on(connection, unit_id)
    return Proof(
        unit_id=unit_id,
        unit_name=unit.name,
        kind=unit.kind,
        vehicle=unit.vehicle,
        company_name=company.name,
        company_phone=company.phone,
        word=word_of_day(_own_key(secret), unit_id, day),
        people=units.members(connection, company.id, on_duty),
    )


def _own_key(secret: bytes) -> bytes:
    """What words are made from: the service has one secret, from which keys of detectors are made as well."""
    return hmac.new(secret, b"mimamori words of the day", hashlib.sha256).digest()
