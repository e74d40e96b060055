"""Devices come, change and go, and the edge's registry follows."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Connection

from app.db import session
from app.db.session import Hint
from app.devices import service
from app.devices.model import CommandKind, Device
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import CityId, DeviceId, new_id, secret_hash
from tests.build import NOW
from tests.contract.households.cast import CHIYODA, KAKOGAWA, Cast

HOUR = timedelta(hours=1)


def test_an_enrolled_device_may_speak_with_its_key(connection: Connection, cast: Cast) -> None:
    device, key = service.enrol(
        connection, city_id=KAKOGAWA, format="owntracks", external_id="hana", name="Hana's phone", now=NOW
    )

    (entry,) = service.registry_entries(connection)
    assert (device.id, KAKOGAWA, "owntracks", "hana") == (
        entry.device_id, entry.city, entry.format, entry.external_id,
    )  # fmt: skip
    assert secret_hash(key) == entry.key_hash
    assert entry.key_required
    assert not device.spoofable


def test_a_watch_that_can_show_no_key_is_marked_as_spoofable(watch: Device) -> None:
    assert watch.spoofable


def test_every_change_of_who_may_speak_makes_a_new_version_and_a_hint(connection: Connection, cast: Cast) -> None:
    session.take(connection)
    versions = [service.registry_version(connection)]
    device, _ = service.enrol(connection, city_id=KAKOGAWA, format="osmand", external_id="1", name="one", now=NOW)
    versions.append(service.registry_version(connection))
    hints = [session.take(connection)]
    service.rotate_key(connection, device.id)
    versions.append(service.registry_version(connection))
    hints.append(session.take(connection))
    service.end_device(connection, device.id, NOW)
    versions.append(service.registry_version(connection))
    hints.append(session.take(connection))

    assert versions == [0, 1, 2, 3]
    assert hints == [[Hint("registry")]] * 3


def test_a_new_key_ends_the_old_one(connection: Connection, cast: Cast) -> None:
    device, old = service.enrol(
        connection, city_id=KAKOGAWA, format="owntracks", external_id="hana", name="phone", now=NOW
    )

    new = service.rotate_key(connection, device.id)

    assert old != new
    assert [secret_hash(new)] == [entry.key_hash for entry in service.registry_entries(connection)]


def test_the_same_device_is_enrolled_once_while_it_lives(connection: Connection, watch: Device) -> None:
    with pytest.raises(Conflict):
        service.enrol(connection, city_id=CHIYODA, format="watch", external_id="8800000015", name="mine", now=NOW)

    service.end_device(connection, watch.id, NOW)
    again, _ = service.enrol(
        connection, city_id=CHIYODA, format="watch", external_id="8800000015", name="mine", now=NOW
    )

    assert [again.id] == [entry.device_id for entry in service.registry_entries(connection)]


def test_one_name_in_two_formats_is_two_devices(connection: Connection, watch: Device) -> None:
    service.enrol(connection, city_id=KAKOGAWA, format="osmand", external_id="8800000015", name="phone", now=NOW)

    assert len(service.registry_entries(connection)) == 2


def test_a_city_that_does_not_use_the_service_enrols_nothing(connection: Connection, cast: Cast) -> None:
    with pytest.raises(NotFound):
        service.enrol(connection, city_id=CityId(11002), format="watch", external_id="1", name="one", now=NOW)


def test_a_name_is_one_line(connection: Connection, watch: Device) -> None:
    with pytest.raises(InvalidInput):
        service.change_device(connection, watch.id, name="a\nb")

    assert service.change_device(connection, watch.id, name=" 時計 ").name == "時計"


def test_another_interval_is_what_live_mode_goes_back_to(connection: Connection, watch: Device) -> None:
    service.order(connection, watch.id, CommandKind.LIVE_ON, None, NOW)

    service.change_device(connection, watch.id, interval_s=900)

    (off,) = service.pending(connection, watch.id, NOW + HOUR)
    assert (off.kind, off.interval_s) == (CommandKind.LIVE_OFF, 900)
    assert {watch.id: 900} == service.intervals_of(connection, [watch.id])


def test_an_ended_device_is_unknown_carried_by_nobody_and_told_nothing(connection: Connection, watch: Device) -> None:
    service.order(connection, watch.id, CommandKind.LOCATE, None, NOW)

    service.end_device(connection, watch.id, NOW + HOUR)

    assert service.registry_entries(connection) == []
    assert service.due_device_ids(connection, NOW + HOUR) == []
    (carrier,) = service.carried(connection, [watch.id])[watch.id].carriers
    assert carrier.until_at == NOW + HOUR
    with pytest.raises(NotFound):
        service.rotate_key(connection, watch.id)


def test_a_device_that_never_was_is_not_found(connection: Connection, cast: Cast) -> None:
    for change in (
        lambda: service.rotate_key(connection, DeviceId(new_id())),
        lambda: service.end_device(connection, DeviceId(new_id()), NOW),
        lambda: service.release(connection, DeviceId(new_id()), NOW),
        lambda: service.order(connection, DeviceId(new_id()), CommandKind.LOCATE, None, NOW),
        lambda: service.assign(connection, DeviceId(new_id()), wearer_id=cast.hana.id, now=NOW),
    ):
        with pytest.raises(NotFound):
            change()
