"""Detectors come as a file of a spreadsheet and go as one."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.devices.store.devices import has_city
from app.kit.errors import NotFound
from app.kit.ids import CityId, DetectorId
from app.tags.exporting import exported
from app.tags.importing import Reading, RowError, within_town, without_registered
from app.tags.service.detectors import register_detectors
from app.tags.service.views import own_city
from app.tags.store import detectors


class Imported(Struct, frozen=True, kw_only=True):
    """What became of a file: how many rows it has, how many of them are right, and what was registered."""

    rows: int
    right: int
    detector_ids: tuple[DetectorId, ...]
    errors: list[RowError]


def import_detectors(
    connection: Connection,
    viewer: Viewer,
    city_id: CityId | None,
    reading: Reading,
    *,
    partial: bool,
    dry_run: bool,
    anywhere: bool,
    now: datetime,
) -> Imported:
    """What became of a file that was read. With anything wrong in it nothing is registered, unless `partial`: then the
    rows that are right are. A `dry_run` only tells. Places far from the town are taken with `anywhere`.

    Raises `NotFound` for a city that is not the viewer's to change.
    """
    city = own_city(viewer, city_id)
    if not has_city(connection, city):
        raise NotFound
    registered = detectors.of_city(connection, city)
    places = [(one.lat_deg, one.lon_deg) for one in registered if one.lat_deg is not None and one.lon_deg is not None]
    placed = reading if anywhere else within_town(reading, places)
    checked = without_registered(placed, registered, _taken(connection, reading))
    right = [row.draft for row in checked.rows if not row.errors]
    errors = checked.errors
    made = [] if dry_run or (errors and not partial) else register_detectors(connection, city, right, now)
    return Imported(rows=len(checked.rows), right=len(right), detector_ids=tuple(one.id for one in made), errors=errors)


def export_detectors(connection: Connection, viewer: Viewer, city_id: CityId | None) -> bytes:
    """The file of all detectors of the viewer's city, or of the one that an administrator says. Raises `NotFound`."""
    return exported(detectors.of_city(connection, own_city(viewer, city_id)))


def _taken(connection: Connection, reading: Reading) -> set[tuple[str, str]]:
    """Formats and names of the file under which a detector of any city is registered."""
    names: dict[str, set[str]] = {}
    for row in reading.rows:
        if row.draft.external_id is not None:
            names.setdefault(row.draft.format, set()).add(row.draft.external_id)
    return {(format, name) for format, wanted in names.items() for name in detectors.taken(connection, format, wanted)}
