"""Hana's town with two gates of a school, and a family that expects her there."""

from datetime import time
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.tags import service as tags
from app.tags.model import Detector, DetectorKind, Tag
from app.tags.registration import DetectorDraft
from app.watch import service as watch
from app.watch.model import Expectation
from app.watch.service import Draft
from tests.build import KAKOGAWA, Town, town, viewer
from tests.unit.watch.build import SCHOOL_DAYS, clock

DAWN = clock("5:00")


class School(Struct, kw_only=True):
    """The town, its database, the gates of the school, and the tag that Hana wears."""

    connection: Connection
    town: Town
    east: Detector
    west: Detector
    tag: Tag

    def draft(self, **different: Any) -> Draft:
        """At either gate on school days, from 7:45 to 8:30."""
        fields: dict[str, Any] = {
            "name": "学校の正門",
            "detector_ids": [self.east.id, self.west.id],
            "weekdays": SCHOOL_DAYS,
            "from_time": time(7, 45),
            "by_time": time(8, 30),
        }
        return Draft(**fields | different)

    def expect(self, **different: Any) -> Expectation:
        """What her daughter expects of Hana since dawn."""
        by = viewer(self.town.daughter)
        return watch.expect(self.connection, by, self.town.hana.id, self.draft(**different), DAWN)


@pytest.fixture
def school(connection: Connection) -> School:
    cast = town(connection, DAWN)
    east, west = (
        tags.register_detector(
            connection,
            KAKOGAWA,
            DetectorDraft(kind=DetectorKind.FIXED, name=name, lat_deg=34.757, lon_deg=134.841),
            DAWN,
        )
        for name in ("東門", "西門")
    )
    identity = "acfd065e-c3c0-11e3-9bbe-1a514932ac01/1/2"
    tag = tags.register_tag(connection, city_id=KAKOGAWA, vendor="Aruku", scheme="ibeacon", identity=identity, now=DAWN)
    tags.assign_tag(connection, tag.id, cast.hana.id, now=DAWN)
    return School(connection=connection, town=cast, east=east, west=west, tag=tag)
