"""Units that are free, around the middle of the garden."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.dispatch.nearest import Free
from app.dispatch.units import Base, Unit, UnitKind, UnitPlace
from app.geo.measure import travelled
from app.kit.ids import CityId, CompanyId, UnitId
from tests.build import HOME, NOW

COMPANY = CompanyId(UUID(int=1))


def at_m(north_m: float) -> tuple[float, float]:
    """The place so many metres north of the garden."""
    return travelled(HOME.lat_deg, HOME.lon_deg, 0.0, north_m)


def a_unit(number: int, **more: Any) -> Unit:
    """A guard who may go anywhere, unless told otherwise."""
    values: dict[str, Any] = {
        "id": UnitId(UUID(int=number)), "city_id": CityId(282103), "company_id": COMPANY, "name": f"unit {number}",
        "kind": UnitKind.GUARD, "created_at": NOW,
    }  # fmt: skip
    return Unit(**values | more)


def free(
    number: int, north_m: float | None = None, *, age_s: float = 0.0, base_m: float | None = None, **more: Any
) -> Free:
    """One who told `age_s` seconds ago that it is so far north of the garden, or whose base is."""
    base = None if base_m is None else Base(lat_deg=at_m(base_m)[0], lon_deg=at_m(base_m)[1])
    place = None
    if north_m is not None:
        at = NOW - timedelta(seconds=age_s)
        place = UnitPlace(at=at, received_at=at, lat_deg=at_m(north_m)[0], lon_deg=at_m(north_m)[1], accuracy_m=10.0)
    return Free(unit=a_unit(number, base=base, **more), company_name="Keibi", place=place)
