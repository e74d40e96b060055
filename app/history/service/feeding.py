"""What a vendor is told of passages of its tags, over the API and at its hook, and how it says where it is."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from app.db.page import decode_cursor, encode_cursor
from app.history.model import Passage
from app.history.store.questions import Fed
from app.tags import heard

From = Annotated[datetime, Meta(description="first sighting")]
Until = Annotated[datetime, Meta(description="last sighting so far")]
Moments = Annotated[int, Meta(description="in how many seconds it was heard; of a long stay in how many coarser steps")]
Doubtful = Annotated[
    bool, Meta(description="heard elsewhere sooner than anybody gets there: a copied tag or a wrong clock")
]


class FedPassage(Struct, frozen=True, kw_only=True):
    """A passage of one of a vendor's tags. One that was changed by what came late comes again under the same `id`. One
    that became part of another comes again with `gone`, and all else is null.
    """

    id: UUID
    gone: Annotated[bool, Meta(description="it is part of another passage now: forget it")] = False
    tag: UUID | None = None
    scheme: str | None = None
    identity: Annotated[str | None, Meta(description="what the tag calls itself over the air")] = None
    detector: UUID | None = None
    detector_name: str | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    from_at: From | None = None
    until_at: Until | None = None
    moments: Moments | None = None
    rssi_dbm_max: float | None = None
    doubtful: Doubtful | None = None


class _After(Struct, frozen=True, array_like=True):
    """The number of the last passage of a feed that was read."""

    serial: int


def fed(one: Fed, name: str | None) -> FedPassage:
    passage = one.passage
    if passage is None:
        return FedPassage(id=one.id, gone=True)
    return FedPassage(
        id=one.id,
        tag=passage.tag_id,
        scheme=one.scheme,
        identity=one.identity,
        detector=passage.detector_id,
        detector_name=name,
        lat_deg=passage.lat_deg,
        lon_deg=passage.lon_deg,
        from_at=passage.opened_at,
        until_at=passage.last_at,
        moments=moments(passage),
        rssi_dbm_max=passage.rssi_dbm_max,
        doubtful=passage.doubtful,
    )


def moments(one: Passage) -> int:
    """In how many seconds or coarser steps it was heard."""
    return heard.from_bytes(one.heard, int(one.opened_at.timestamp())).count


def cursor_of(serial: int) -> str:
    """How a vendor is told that it has everything up to this number."""
    return encode_cursor(_After(serial))


def serial_of(cursor: str | None) -> int | None:
    """The number in what a vendor was told. Raises `InvalidInput`."""
    after = decode_cursor(cursor, _After)
    return None if after is None else after.serial
