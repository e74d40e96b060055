"""A company with guards and units, and what they do."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import Connection

from app.accounts.model import Account, Role
from app.dispatch.store import duty, units
from app.dispatch.units import Company, Unit, UnitKind, UnitPlace
from app.kit.ids import CityId, CompanyId, IncidentId, UnitId, new_id
from tests.build import KAKOGAWA, NOW, account
from tests.unit.dispatch.build import at_m


def a_company(connection: Connection, code: str = "keibi", city: CityId = KAKOGAWA, **more: Any) -> Company:
    """A company that does guard work."""
    values: dict[str, Any] = {
        "id": CompanyId(new_id()), "city_id": city, "code": code, "name": f"{code}警備保障",
        "phone": "079-000-0000", "licence": "兵庫県公安委員会 第63000001号",
        "created_at": NOW,
    }  # fmt: skip
    one = Company(**values | more)
    assert units.add_company(connection, one)
    return one


def a_unit(connection: Connection, company: Company, name: str = "第一", **more: Any) -> Unit:
    """A guard of the company."""
    values: dict[str, Any] = {
        "id": UnitId(new_id()), "city_id": company.city_id, "company_id": company.id, "name": name,
        "kind": UnitKind.GUARD, "created_at": NOW,
    }  # fmt: skip
    one = Unit(**values | more)
    units.add_unit(connection, one)
    return one


def a_guard(connection: Connection, company: Company, name: str = "guard") -> Account:
    """A guard of the company, with an account."""
    one = account(connection, name, f"警備 {name}", Role.GUARD, city=company.city_id)
    units.put_member(connection, one.id, company.id, "0001", NOW)
    return one


def on_duty(connection: Connection, unit: Unit, guard: Account, now: datetime = NOW) -> None:
    """The guard goes on duty in the unit."""
    assert duty.begin(connection, unit.id, guard.id, guard.id, now)


def is_at(connection: Connection, unit: Unit, guard: Account, north_m: float, at: datetime = NOW) -> None:
    """The guard's phone says where the unit is."""
    lat_deg, lon_deg = at_m(north_m)
    place = UnitPlace(at=at, received_at=at, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=10.0)
    duty.put_place(connection, unit.id, guard.id, place)


def an_incident() -> IncidentId:
    """Something a unit goes out for."""
    return IncidentId(uuid4())
