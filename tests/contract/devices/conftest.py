"""Hana's town, her watch and her daughter's phone."""

import pytest
from sqlalchemy.engine import Connection

from app.devices import service
from app.devices.model import Device
from tests.build import NOW
from tests.contract.households.cast import KAKOGAWA, Cast


@pytest.fixture
def cast(connection: Connection) -> Cast:
    return Cast(connection)


@pytest.fixture
def watch(connection: Connection, cast: Cast) -> Device:
    """A watch that Hana carries."""
    device, _ = service.enrol(
        connection, city_id=KAKOGAWA, format="watch", external_id="8800000015", name="watch", interval_s=600, now=NOW
    )
    service.assign(connection, device.id, wearer_id=cast.hana.id, now=NOW)
    return device


@pytest.fixture
def phone(connection: Connection, cast: Cast) -> Device:
    """A phone that nobody carries yet."""
    device, _ = service.enrol(
        connection, city_id=KAKOGAWA, format="owntracks", external_id="owntracks/aiko/phone", name="phone", now=NOW
    )
    return device
