"""The queries of companies, units and the people in them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role
from app.accounts.tables import account
from app.db import dialect
from app.dispatch.tables import company, crew, crew_photo, unit
from app.dispatch.units import Areas, Base, Capability, Company, Member, Unit, UnitKind, Work
from app.kit.ids import AccountId, CityId, CompanyId, UnitId
from app.pictures import Picture

ROLES = (Role.GUARD, Role.CONTROL_ROOM)
"""Who can be of a company. Whoever has another role since is not, whatever stands in the table."""


def add_company(connection: Connection, one: Company) -> bool:
    """Whether the company was added; not while another of its city has its code."""
    values = msgspec.structs.asdict(one)
    statement = dialect.insert(connection, company).values(**values)
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def company_by_id(connection: Connection, company_id: CompanyId) -> Company | None:
    """The company, unless it has ended."""
    query = sa.select(company).where(company.c.id == company_id, company.c.ended_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _company(row)


def company_by_code(connection: Connection, city_id: CityId, code: str) -> Company | None:
    """The company that goes by this code in a city."""
    query = sa.select(company).where(company.c.city_id == city_id, company.c.code == code, company.c.ended_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _company(row)


def companies(
    connection: Connection, city_id: CityId | None, only: CompanyId | None, after: UUID | None, count: int
) -> list[Company]:
    """Up to `count` companies of a city (None: of all), oldest first, after the cursor; only one of them if asked."""
    query = sa.select(company).where(company.c.ended_at.is_(None))
    if city_id is not None:
        query = query.where(company.c.city_id == city_id)
    if only is not None:
        query = query.where(company.c.id == only)
    if after is not None:
        query = query.where(company.c.id > after)
    return [_company(row) for row in connection.execute(query.order_by(company.c.id).limit(count))]


def update_company(connection: Connection, company_id: CompanyId, values: Mapping[str, Any]) -> None:
    """Changes columns of a company."""
    connection.execute(sa.update(company).where(company.c.id == company_id).values(**values))


def company_of(connection: Connection, account_id: AccountId) -> CompanyId | None:
    """The company that somebody is of, as a guard or in its control room; none once it has ended."""
    query = (
        sa.select(crew.c.company_id)
        .join(company, company.c.id == crew.c.company_id)
        .join(account, account.c.id == crew.c.account_id)
        .where(crew.c.account_id == account_id, company.c.ended_at.is_(None))
        .where(account.c.role.in_([role.value for role in ROLES]), account.c.disabled_at.is_(None))
    )
    found: CompanyId | None = connection.execute(query).scalar_one_or_none()
    return found


def put_member(
    connection: Connection, account_id: AccountId, company_id: CompanyId, badge: str | None, now: datetime
) -> None:
    """Makes somebody one of a company's, and of no other."""
    values = {"company_id": company_id, "badge": badge, "since_at": now}
    statement = dialect.insert(connection, crew).values(account_id=account_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))


def drop_member(connection: Connection, account_id: AccountId, company_id: CompanyId) -> bool:
    """Whether somebody was one of a company's and is not any more; the photo goes with that."""
    mine = (crew.c.account_id == account_id) & (crew.c.company_id == company_id)
    dropped = connection.execute(sa.delete(crew).where(mine)).rowcount == 1
    if dropped:
        connection.execute(sa.delete(crew_photo).where(crew_photo.c.account_id == account_id))
    return dropped


def members(
    connection: Connection, company_id: CompanyId, account_ids: Collection[AccountId] | None = None
) -> list[Member]:
    """The people of a company, or those of them, by name; without those whose account has ended."""
    query = (
        sa.select(crew, account.c.name, account.c.role, crew_photo.c.at)
        .join(account, account.c.id == crew.c.account_id)
        .outerjoin(crew_photo, crew_photo.c.account_id == crew.c.account_id)
        .where(crew.c.company_id == company_id, account.c.disabled_at.is_(None))
        .where(account.c.role.in_([role.value for role in ROLES]))
        .order_by(account.c.name, crew.c.account_id)
    )
    if account_ids is not None:
        query = query.where(crew.c.account_id.in_(list(account_ids)))
    return [
        Member(
            account_id=AccountId(row.account_id),
            company_id=CompanyId(row.company_id),
            name=row.name,
            is_guard=row.role == Role.GUARD,
            badge=row.badge,
            has_photo=row.at is not None,
        )
        for row in connection.execute(query)
    ]


def put_photo(connection: Connection, account_id: AccountId, photo: Picture, now: datetime) -> None:
    """Keeps a photo instead of the one before."""
    values = {"jpeg": photo, "at": now}
    statement = dialect.insert(connection, crew_photo).values(account_id=account_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))


def photo(connection: Connection, account_id: AccountId) -> bytes | None:
    """The photo of somebody, a JPEG file."""
    query = sa.select(crew_photo.c.jpeg).where(crew_photo.c.account_id == account_id)
    found: bytes | None = connection.execute(query).scalar_one_or_none()
    return found


def add_unit(connection: Connection, one: Unit) -> None:
    """Keeps a unit."""
    connection.execute(sa.insert(unit).values(**unit_values(msgspec.structs.asdict(one))))


def unit_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a unit as its columns hold them."""
    found = dict(values)
    for name in ("areas", "base"):
        if found.get(name) is not None:
            found[name] = msgspec.to_builtins(found[name])
        elif name in found:
            found[name] = sa.null()
    if "capabilities" in found:
        found["capabilities"] = sorted(one.value for one in found["capabilities"])
    return {name: getattr(value, "value", value) for name, value in found.items()}


def update_unit(connection: Connection, unit_id: UnitId, values: Mapping[str, Any]) -> None:
    """Changes fields of a unit."""
    connection.execute(sa.update(unit).where(unit.c.id == unit_id).values(**unit_values(values)))


def unit_by_id(connection: Connection, unit_id: UnitId, *, lock: bool = False) -> Unit | None:
    """The unit, unless it has ended. With `lock` its row stays locked on PostgreSQL: who decides by who is on duty or
    whether it is out waits for the others who do.
    """
    query = sa.select(unit).where(unit.c.id == unit_id, unit.c.ended_at.is_(None))
    if lock:
        query = query.with_for_update(key_share=True)
    row = connection.execute(query).one_or_none()
    return None if row is None else unit_of(row)


def units(
    connection: Connection, city_id: CityId | None, only: CompanyId | None, after: UUID | None, count: int
) -> list[Unit]:
    """Up to `count` units of a city (None: of all), or of one company, oldest first, after the cursor."""
    query = sa.select(unit).where(unit.c.ended_at.is_(None))
    if city_id is not None:
        query = query.where(unit.c.city_id == city_id)
    if only is not None:
        query = query.where(unit.c.company_id == only)
    if after is not None:
        query = query.where(unit.c.id > after)
    return [unit_of(row) for row in connection.execute(query.order_by(unit.c.id).limit(count))]


def unit_of(row: Any) -> Unit:
    """A unit as its row says. A capability that this version does not know is none that it can ask for."""
    return Unit(
        id=UnitId(row.id),
        city_id=CityId(row.city_id),
        company_id=CompanyId(row.company_id),
        name=row.name,
        kind=UnitKind(row.kind),
        work=Work(row.work),
        capabilities=frozenset(Capability(one) for one in row.capabilities if one in _CAPABILITIES),
        areas=None if row.areas is None else msgspec.convert(row.areas, Areas),
        base=None if row.base is None else msgspec.convert(row.base, Base),
        vehicle=row.vehicle,
        check_every_min=row.check_every_min,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


_CAPABILITIES = frozenset(Capability)


def _company(row: Any) -> Company:
    return Company(
        id=CompanyId(row.id),
        city_id=CityId(row.city_id),
        code=row.code,
        name=row.name,
        phone=row.phone,
        licence=row.licence,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
