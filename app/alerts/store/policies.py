"""The queries of escalation policies and of duty tables."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.alerts.duty import DUTY_ROLES, Shift
from app.alerts.policies import Calendar, Policy
from app.alerts.preferences import Preference
from app.alerts.store.reading import read
from app.alerts.tables import duty_shift, escalation_policy, preference
from app.db import dialect
from app.households.tables import contact, wearer
from app.kit.ids import AccountId, CityId, ShiftId, WearerId

OF_CITY = ""


class Kept(Struct, frozen=True, kw_only=True):
    """A policy, when it was changed last and by whom."""

    policy: Policy
    changed_at: datetime
    changed_by: AccountId


def about(wearer_id: WearerId | None) -> str:
    """What a policy is kept under: a wearer, or the city itself."""
    return OF_CITY if wearer_id is None else wearer_id.hex


def policy(connection: Connection, city_id: CityId, wearer_id: WearerId | None) -> Kept | None:
    """The policy of a wearer, or of the city; none when this version cannot read it."""
    table = escalation_policy
    query = sa.select(table).where(table.c.city_id == city_id, table.c.about == about(wearer_id))
    row = connection.execute(query).one_or_none()
    found = None if row is None else _policy(row.policy)
    if row is None or found is None:
        return None
    return Kept(policy=found, changed_at=row.changed_at, changed_by=AccountId(row.changed_by))


def policies(
    connection: Connection, wearers: Mapping[WearerId, CityId]
) -> tuple[Mapping[WearerId, Policy], Mapping[CityId, Policy]]:
    """The policies of those of the wearers who have one, and of their cities; without what this version cannot read."""
    table = escalation_policy
    names = [OF_CITY, *(wearer_id.hex for wearer_id in wearers)]
    query = sa.select(table.c.city_id, table.c.about, table.c.policy).where(
        table.c.city_id.in_(set(wearers.values())), table.c.about.in_(names)
    )
    found = {
        (row.city_id, row.about): one for row in connection.execute(query) if (one := _policy(row.policy)) is not None
    }
    own = {
        wearer_id: found[city_id, wearer_id.hex]
        for wearer_id, city_id in wearers.items()
        if (city_id, wearer_id.hex) in found
    }
    return own, {CityId(city_id): one for (city_id, name), one in found.items() if not name}


def _policy(value: Any) -> Policy | None:
    """The policy that a row keeps. An older version also said there whether turn-outs may begin so (`lets_dispatch`);
    now the schemes say it, and the rules that stand beside it still count.
    """
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if name != "lets_dispatch"}
    return read(value, Policy)


def put_policy(
    connection: Connection, city_id: CityId, wearer_id: WearerId | None, one: Policy, by: AccountId, now: datetime
) -> None:
    """Keeps a policy instead of the one before."""
    values = {"policy": msgspec.to_builtins(one), "changed_at": now, "changed_by": by}
    statement = dialect.insert(connection, escalation_policy).values(city_id=city_id, about=about(wearer_id), **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["city_id", "about"], set_=values))


def drop_policy(connection: Connection, city_id: CityId, wearer_id: WearerId | None) -> bool:
    """Takes a policy back; whether there was one."""
    table = escalation_policy
    where = (table.c.city_id == city_id, table.c.about == about(wearer_id))
    return connection.execute(sa.delete(table).where(*where)).rowcount == 1


def preferences(connection: Connection, account_ids: Collection[AccountId]) -> dict[AccountId, Preference]:
    """How those of the accounts who chose it want to be told; without what this version cannot read."""
    if not account_ids:
        return {}
    table = preference
    query = sa.select(table.c.account_id, table.c.preference).where(table.c.account_id.in_(list(account_ids)))
    return {
        AccountId(row.account_id): one
        for row in connection.execute(query)
        if (one := read(row.preference, Preference)) is not None
    }


def put_preference(connection: Connection, account_id: AccountId, one: Preference, now: datetime) -> None:
    """Keeps how somebody wants to be told."""
    values = {"preference": msgspec.to_builtins(one), "changed_at": now}
    statement = dialect.insert(connection, preference).values(account_id=account_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))


def wearers_told(connection: Connection, account_id: AccountId) -> list[WearerId]:
    """The wearers of whom somebody is a contact."""
    query = (
        sa.select(contact.c.wearer_id)
        .join(wearer, wearer.c.id == contact.c.wearer_id)
        .where(contact.c.account_id == account_id, contact.c.ended_at.is_(None), wearer.c.ended_at.is_(None))
    )
    return [WearerId(one) for one in dict.fromkeys(connection.execute(query).scalars())]


def shifts(connection: Connection, city_ids: Collection[CityId]) -> dict[CityId, list[Shift]]:
    """The duty tables of cities: whose hours have not ended, of accounts that are not disabled and still may answer for
    the city, oldest first.
    """
    table = duty_shift
    query = (
        sa.select(table)
        .join(account, account.c.id == table.c.account_id)
        .where(table.c.city_id.in_(list(city_ids)), table.c.ended_at.is_(None), account.c.disabled_at.is_(None))
        .where(account.c.role.in_([role.value for role in DUTY_ROLES]))
        .order_by(table.c.id)
    )
    found: dict[CityId, list[Shift]] = {}
    for row in connection.execute(query):
        hours = read(row.hours, Calendar)
        if hours is None:
            continue
        shift = Shift(
            id=ShiftId(row.id),
            account_id=AccountId(row.account_id),
            hours=hours,
            from_on=row.from_on,
            until_on=row.until_on,
        )
        found.setdefault(CityId(row.city_id), []).append(shift)
    return found


def add_shift(connection: Connection, city_id: CityId, one: Shift, by: AccountId, now: datetime) -> None:
    """Adds a row to the duty table of a city."""
    row = {
        "id": one.id,
        "city_id": city_id,
        "account_id": one.account_id,
        "hours": msgspec.to_builtins(one.hours),
        "from_on": one.from_on,
        "until_on": one.until_on,
        "created_at": now,
        "created_by": by,
    }
    connection.execute(sa.insert(duty_shift), [row])


def end_shift(connection: Connection, city_id: CityId | None, shift_id: ShiftId, now: datetime) -> bool:
    """Takes a row off the duty table of a city, or of whichever it is in; whether it was there."""
    table = duty_shift
    where = [table.c.id == shift_id, table.c.ended_at.is_(None)]
    if city_id is not None:
        where.append(table.c.city_id == city_id)
    return connection.execute(sa.update(table).where(*where).values(ended_at=now)).rowcount == 1
