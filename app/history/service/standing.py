"""Where a detector was."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from app.history.doubting import MOVING
from app.history.model import Spot
from app.history.store import positions
from app.tags.snapshot import Placed

VEHICLE_PLACE_AGE = timedelta(seconds=120)
"""Where a bus was more than two minutes away from that second, it was somewhere else."""


def spot_of(connection: Connection, detector_id: UUID, detector: Placed, at: datetime) -> Spot | None:
    """Where the detector was at that second: where it is fixed, or where the vehicle was."""
    if detector.kind in MOVING:
        found = positions.place_at(connection, detector.city_id, detector_id, at, VEHICLE_PLACE_AGE)
        if found is not None:
            return Spot(found.lat_deg, found.lon_deg, detector.range_m)
        return None
    if detector.lat_deg is None or detector.lon_deg is None:
        return None
    return Spot(detector.lat_deg, detector.lon_deg, detector.range_m)
