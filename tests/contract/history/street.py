"""A street with poles, a tag that Hana wears, and what detectors say."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import UNSET, Struct
from sqlalchemy.engine import Connection

from app.history.tables import open_passage, passage
from app.tags import heard
from app.tags import service as tags
from app.tags.model import Detector, DetectorKind, Tag
from app.tags.registration import DetectorDraft
from beacon_ingest.messages import DetectorReport, DetectorUnit, Fix, TagHeard
from tests.build import HOME, KAKOGAWA, NOW, Town, town
from tests.contract.history.build import off


class Street(Struct, kw_only=True):
    """Two poles 100 m apart, one 20 km away, a bus; and Hana's tag."""

    town: Town
    tag: Tag
    gate: Detector
    corner: Detector
    far: Detector
    bus: Detector


def street(connection: Connection) -> Street:
    cast = town(connection, NOW - timedelta(days=2))
    tag = tags.register_tag(
        connection,
        city_id=KAKOGAWA,
        vendor="Aruku",
        scheme="ibeacon",
        identity="acfd065e-c3c0-11e3-9bbe-1a514932ac01/1/2",
        now=NOW - timedelta(days=2),
    )
    tags.assign_tag(connection, tag.id, cast.hana.id, now=NOW - timedelta(days=1))
    return Street(
        town=cast,
        tag=tag,
        gate=pole(connection, "東門", 0),
        corner=pole(connection, "角", 100),
        far=pole(connection, "遠く", 20_000),
        bus=tags.register_detector(connection, KAKOGAWA, DetectorDraft(kind=DetectorKind.VEHICLE, name="3号車"), NOW),
    )


def pole(connection: Connection, name: str, metres_east: float) -> Detector:
    place = off(metres_east)
    draft = DetectorDraft(kind=DetectorKind.FIXED, name=name, lat_deg=place.lat_deg, lon_deg=place.lon_deg)
    return tags.register_detector(connection, KAKOGAWA, draft, NOW - timedelta(days=2))


def body(
    detector: Detector,
    tag: Tag,
    seconds: Sequence[float] = (),
    *,
    received: float | None = None,
    rssi_dbm: float = -70,
    battery_pct: float | None = None,
    buttons: Sequence[tuple[int, float]] = (),
    place: tuple[float, float] | None = None,
    stamp: object = None,
) -> DetectorUnit:
    """What a detector heard of a tag in these seconds after NOW, received at the last of them unless told otherwise."""
    start_s = int(NOW.timestamp())
    received_at = at(max(seconds, default=0.0) if received is None else received)
    name = repr((detector.id, tag.id, tuple(seconds), rssi_dbm, battery_pct, tuple(buttons), place, stamp)).encode()
    said = TagHeard(
        tag=tag.id,
        city=tag.city_id,
        heard_s=tuple(sorted({start_s + int(second) for second in seconds})),
        rssi_dbm_max=rssi_dbm,
        battery_pct=UNSET if battery_pct is None else battery_pct,
        buttons=tuple((count, start_s + int(second), start_s + int(second)) for count, second in buttons),
    )
    return DetectorUnit(
        ingest_ids=(hashlib.sha256(name).digest()[:16],),
        city=detector.city_id,
        device_id=detector.id,
        format="gateway",
        received_at=received_at,
        report=DetectorReport(sightings=len(seconds)),
        tags=(said,) if seconds else (),
        fix=UNSET if place is None else Fix(device="", at=received_at, lat_deg=place[0], lon_deg=place[1]),
    )


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def passages(connection: Connection) -> list[tuple[str, int, int, int]]:
    """Every stored passage, open or not: (detector's id, first, last, moments), seconds after NOW, in order."""
    found = []
    for table in (open_passage, passage):
        for row in connection.execute(sa.select(table)):
            first_s = int(row.opened_at.timestamp())
            count = heard.from_bytes(row.heard, first_s).count
            found.append((str(row.detector_id), _after(row.opened_at), _after(row.last_at), count))
    return sorted(found)


def of(detectors: Iterable[tuple[Detector, int, int, int]]) -> list[tuple[str, int, int, int]]:
    return sorted((str(one.id), first, last, count) for one, first, last, count in detectors)


def _after(moment: datetime) -> int:
    return round((moment - NOW).total_seconds())


__all__ = ["HOME", "Street", "at", "body", "of", "passages", "pole", "street"]
