"""Places where people say that somebody is. They stand in her history with what is measured, each with how it is known;
rules do not judge them and learn nothing of them, since a finder's phone, or a finder, can lie.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db.session import hint
from app.geo.quality import judge, stated_accuracy_m
from app.history.model import SAID, KnownBy, Said
from app.history.store import said as store
from app.households import service as households
from app.kit.errors import InvalidInput
from app.kit.ids import CityId, WearerId


def note_place(
    connection: Connection,
    *,
    city_id: CityId,
    wearer_id: WearerId,
    source_id: UUID,
    at: datetime,
    received_at: datetime,
    lat_deg: float,
    lon_deg: float,
    accuracy_m: float | None,
    known_by: KnownBy,
    now: datetime,
) -> bool:
    """Keeps where somebody says that she was at a moment; whether it is new. What one source, the sticker, says of one
    moment is kept once, and of whom nobody watches any more nothing is kept.

    Raises `InvalidInput` for what would be no position of a device either: no place on Earth, a clock that is wrong, a
    radius that tells nothing. How far it is from her other places is for people to judge: the tracker may be the one
    that is wrong.
    """
    assert known_by in SAID, "what a device measures goes the way of devices"
    refused, _ = judge(
        None, lat_deg=lat_deg, lon_deg=lon_deg, at=at, accuracy_m=accuracy_m, known_by=known_by, received_at=received_at
    )
    if refused is not None:
        raise InvalidInput(f"This place cannot be taken: {refused.value}.", "place")
    wearer = households.wearers_by_id(connection, [wearer_id]).get(wearer_id)
    if wearer is None or (wearer.ended_at is not None and wearer.ended_at <= now):
        return False
    said = Said(
        source_id=source_id,
        at=at,
        city_id=city_id,
        wearer_id=wearer_id,
        received_at=received_at,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        accuracy_m=stated_accuracy_m(accuracy_m),
        known_by=known_by,
    )
    is_new = store.keep(connection, said)
    if is_new:
        hint(connection, "place", str(wearer_id))
    return is_new
