"""A security company for the world of permissions: a guard who is on duty, and where he is."""

from datetime import timedelta

from sqlalchemy.engine import Connection

from app.accounts.model import Account
from app.alerts.policies import Calendar
from app.dispatch.store import duty, units, watching
from app.dispatch.units import Company, Planned, Unit, UnitKind, UnitPlace
from app.kit.ids import CityId, CompanyId, RotaId, UnitId, new_id
from tests.build import NOW

EARLIER = NOW - timedelta(days=10)


def serve(
    c: Connection, city: CityId, company_name: str, unit_name: str, guard: Account, lat_deg: float
) -> tuple[Company, Unit]:
    """A company and its unit, in which the guard is on duty; his phone has told where he is, and his photo is known."""
    company = Company(
        id=CompanyId(new_id()), city_id=city, code=company_name.replace(" ", "-"), name=company_name,
        phone="079-000-0000", licence="1", created_at=EARLIER,
    )  # fmt: skip
    unit = Unit(
        id=UnitId(new_id()), city_id=city, company_id=company.id, name=unit_name, kind=UnitKind.GUARD,
        created_at=EARLIER,
    )  # fmt: skip
    units.add_company(c, company)
    units.add_unit(c, unit)
    units.put_member(c, guard.id, company.id, None, EARLIER)
    units.put_photo(c, guard.id, b"\xff\xd8", EARLIER)
    duty.begin(c, unit.id, guard.id, guard.id, EARLIER)
    place = UnitPlace(at=NOW, received_at=NOW, lat_deg=lat_deg + 0.7, lon_deg=134.8, accuracy_m=9.0)
    duty.put_place(c, unit.id, guard.id, place)
    return company, unit


def plan_hours(c: Connection, unit: Unit, guard: Account) -> RotaId:
    """The guard is on the rota of the unit."""
    planned = Planned(id=RotaId(new_id()), unit_id=unit.id, account_id=guard.id, from_on=EARLIER.date(), until_on=None)
    watching.add_planned(c, unit.city_id, planned, Calendar(from_minute=0, until_minute=1440), guard.id, EARLIER)
    return planned.id
