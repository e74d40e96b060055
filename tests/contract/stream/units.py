"""Units as edges make them, without a database."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from beacon_ingest.messages import DetectorReport, DetectorUnit, Fix, Health, TagHeard, Unit
from tests.build import KAKOGAWA, NOW


def name_of(what: object) -> bytes:
    return sha256(repr(what).encode()).digest()[:16]


def a_unit(number: int = 0, device: int = 1) -> Unit:
    return Unit(
        ingest_ids=(name_of((device, number)),),
        city=KAKOGAWA,
        device_id=UUID(int=device),
        format="owntracks",
        received_at=NOW + timedelta(seconds=number),
        messages=(Fix(device="x", lat_deg=34.0, lon_deg=134.0, at=NOW + timedelta(seconds=number)),),
    )


def a_detector_unit(*tags: int, detector: int = 900) -> DetectorUnit:
    return DetectorUnit(
        ingest_ids=(name_of(("d", detector)), name_of(("before", detector))),
        city=KAKOGAWA,
        device_id=UUID(int=detector),
        format="gateway",
        received_at=NOW,
        report=DetectorReport(sightings=len(tags), strangers=3, skew_s=1.5),
        tags=tuple(TagHeard(tag=UUID(int=tag), city=KAKOGAWA, heard_s=(1_775_012_400,)) for tag in tags),
        health=Health(device="pole", battery_pct=80),
        fix=Fix(device="pole", lat_deg=34.0, lon_deg=134.0, at=NOW),
    )
