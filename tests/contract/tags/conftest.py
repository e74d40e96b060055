"""Hana's town, her tag and the detector at the east gate."""

import pytest
from sqlalchemy.engine import Connection

from app.tags import service
from app.tags.model import Detector, DetectorKind, Tag
from app.tags.registration import DetectorDraft
from tests.build import NOW
from tests.contract.households.cast import KAKOGAWA, Cast

UUID_OF_TOWN = "acfd065e-c3c0-11e3-9bbe-1a514932ac01"
GATE = DetectorDraft(kind=DetectorKind.FIXED, name="東門", lat_deg=34.757, lon_deg=134.841)


@pytest.fixture
def cast(connection: Connection) -> Cast:
    return Cast(connection)


@pytest.fixture
def tag(connection: Connection, cast: Cast) -> Tag:
    """A tag that nobody wears yet."""
    return service.register_tag(
        connection, city_id=KAKOGAWA, vendor="Aruku", scheme="ibeacon", identity=f"{UUID_OF_TOWN}/1/2", now=NOW
    )


@pytest.fixture
def gate(connection: Connection, cast: Cast) -> Detector:
    """A detector that has a place."""
    return service.register_detector(connection, KAKOGAWA, GATE, NOW)
