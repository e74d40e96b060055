"""Devices are handed over and taken back; what was measured belongs to whoever carried them then."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role
from app.db import intents
from app.db.session import savepoint
from app.devices import service
from app.devices.carriers import carrier_at
from app.devices.model import Device
from app.households import service as households
from app.households.model import Contact
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import ContactId, WearerId, new_id
from tests.build import NOW
from tests.contract.households.cast import CHIYODA, KAKOGAWA, Cast, add_viewer

HOUR = timedelta(hours=1)


def aiko(connection: Connection, cast: Cast, shares: bool = True) -> Contact:
    """Aiko on Hana's list, who agreed that her phone's place is taken, or did not."""
    contact = households.add_contact(connection, cast.hana.id, "Aiko", account_id=cast.aiko.account_id, now=NOW)
    return households.share_place(connection, cast.aiko, contact.id, shares, NOW) if shares else contact


def test_a_late_fix_belongs_to_whoever_carried_the_device_then(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    ken = cast.wearer(connection, "Ken")
    service.assign(connection, watch.id, wearer_id=ken.id, now=NOW + HOUR)

    history = service.carried(connection, [watch.id])[watch.id].carriers

    then, since = carrier_at(history, NOW + HOUR / 2), carrier_at(history, NOW + 2 * HOUR)
    assert [cast.hana.id, ken.id] == [one and one.wearer_id for one in (then, since)]


def test_the_carriers_of_a_batch_are_one_query_and_then_only_asked_whether_they_changed(
    connection: Connection, cast: Cast, watch: Device, phone: Device
) -> None:
    service.assign(connection, phone.id, contact_id=aiko(connection, cast).id, now=NOW)
    stranger = new_id()
    service.carried(connection, [new_id()])  # Which versions there are is known.
    statements: list[str] = []
    sa.event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    found = service.carried(connection, [watch.id, phone.id, stranger])

    assert len(statements) == 2
    assert [1, 1, 0] == [len(found[one].carriers) for one in (watch.id, phone.id, stranger)]
    assert found == service.carried(connection, [watch.id, phone.id, stranger])
    assert len(statements) == 3


def test_a_change_that_failed_leaves_nothing_behind_in_what_is_kept(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    service.carried(connection, [watch.id])
    ken = cast.wearer(connection, "Ken")

    def hand_over_and_fail() -> None:
        with savepoint(connection):
            service.assign(connection, watch.id, wearer_id=ken.id, now=NOW + HOUR)
            assert len(service.carried(connection, [watch.id])[watch.id].carriers) == 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        hand_over_and_fail()

    service.change_device(connection, watch.id, interval_s=900)

    kept = service.carried(connection, [watch.id])[watch.id]
    assert [cast.hana.id] == [one.wearer_id for one in kept.carriers]
    assert kept.interval_s == 900


def test_to_hand_a_device_to_its_carrier_again_changes_nothing(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    before = service.carried(connection, [watch.id])

    service.assign(connection, watch.id, wearer_id=cast.hana.id, now=NOW + HOUR)

    assert before == service.carried(connection, [watch.id])


def test_a_device_can_be_handed_over_after_the_fact_but_not_before_it(
    connection: Connection, cast: Cast, watch: Device, phone: Device
) -> None:
    carrier = service.assign(connection, phone.id, wearer_id=cast.hana.id, now=NOW, from_at=NOW - HOUR)
    assert carrier.from_at == NOW - HOUR

    with pytest.raises(InvalidInput):
        service.assign(connection, watch.id, wearer_id=cast.hana.id, now=NOW, from_at=NOW + HOUR)
    ken = cast.wearer(connection, "Ken")
    with pytest.raises(Conflict):
        service.assign(connection, watch.id, wearer_id=ken.id, now=NOW + HOUR, from_at=NOW - HOUR)


def test_only_a_contact_who_agreed_carries_a_device(connection: Connection, cast: Cast, phone: Device) -> None:
    contact = aiko(connection, cast, shares=False)
    with pytest.raises(Conflict):
        service.assign(connection, phone.id, contact_id=contact.id, now=NOW)

    households.share_place(connection, cast.aiko, contact.id, True, NOW + HOUR)
    service.assign(connection, phone.id, contact_id=contact.id, now=NOW + HOUR)

    (carrier,) = service.carried(connection, [phone.id])[phone.id].carriers
    assert contact.id == carrier.contact_id


def test_a_contact_who_takes_the_agreement_back_is_placed_no_more_and_again_only_from_then_on(
    connection: Connection, cast: Cast, phone: Device
) -> None:
    contact = aiko(connection, cast)
    service.assign(connection, phone.id, contact_id=contact.id, now=NOW)

    households.share_place(connection, cast.aiko, contact.id, False, NOW + HOUR)
    assert not service.carried(connection, [phone.id])[phone.id].carriers

    households.share_place(connection, cast.aiko, contact.id, True, NOW + 2 * HOUR)
    history = service.carried(connection, [phone.id])[phone.id].carriers
    assert carrier_at(history, NOW + HOUR) is None
    assert carrier_at(history, NOW + 2 * HOUR) is not None


def test_a_contact_who_is_taken_off_the_list_is_placed_no_more(
    connection: Connection, cast: Cast, phone: Device
) -> None:
    contact = aiko(connection, cast)
    service.assign(connection, phone.id, contact_id=contact.id, now=NOW)

    households.remove_contact(connection, cast.daughter, cast.hana.id, contact.id, NOW + HOUR)

    assert not service.carried(connection, [phone.id])[phone.id].carriers
    assert service.release_contact(connection, contact.id, NOW + HOUR) == 1
    assert service.release_contact(connection, contact.id, NOW + HOUR) == 0


def test_nobody_of_another_city_is_handed_a_device(connection: Connection, cast: Cast, watch: Device) -> None:
    abroad = households.create_household(connection, CHIYODA, "Sato", [cast.family_abroad.account_id], NOW)
    mari = cast.wearer(connection, "Mari", abroad.id)

    for wearer_id in (mari.id, WearerId(new_id())):
        with pytest.raises(NotFound):
            service.assign(connection, watch.id, wearer_id=wearer_id, now=NOW)
    with pytest.raises(NotFound):
        service.assign(connection, watch.id, contact_id=ContactId(new_id()), now=NOW)


def test_a_server_that_speaks_for_others_is_carried_by_nobody(connection: Connection, cast: Cast) -> None:
    server, _ = service.enrol(
        connection, city_id=KAKOGAWA, format="traccar", external_id="office", name="Traccar", forwarder=True, now=NOW
    )

    with pytest.raises(Conflict):
        service.assign(connection, server.id, wearer_id=cast.hana.id, now=NOW)


def test_a_wearer_who_ended_and_her_contacts_give_everything_back(
    connection: Connection, cast: Cast, watch: Device, phone: Device
) -> None:
    service.assign(connection, phone.id, contact_id=aiko(connection, cast).id, now=NOW)
    ken = cast.wearer(connection, "Ken")
    other, _ = service.enrol(connection, city_id=KAKOGAWA, format="watch", external_id="2", name="Ken's", now=NOW)
    service.assign(connection, other.id, wearer_id=ken.id, now=NOW)

    assert service.release_all(connection, cast.hana.id, NOW + HOUR) == 2
    assert service.release_all(connection, cast.hana.id, NOW + HOUR) == 0
    assert service.devices_of_wearer(connection, cast.hana.id) == []
    assert [other.id] == [device.id for device in service.devices_of_wearer(connection, ken.id)]


def test_whoever_watches_learns_that_a_device_was_given_back(connection: Connection, cast: Cast, watch: Device) -> None:
    ken = cast.wearer(connection, "Ken")

    service.assign(connection, watch.id, wearer_id=ken.id, now=NOW + HOUR)
    service.release(connection, watch.id, NOW + 2 * HOUR)
    service.release(connection, watch.id, NOW + 3 * HOUR)

    told = [one.payload for one in intents.due(connection, NOW + 3 * HOUR) if one.kind == service.DEVICE_RELEASED]
    assert told == [{"wearer_id": str(wearer.id), "device_id": str(watch.id)} for wearer in (cast.hana, ken)]


def test_a_guard_never_hands_out_devices(connection: Connection, cast: Cast, watch: Device) -> None:
    for viewer in (cast.guard, cast.operator, cast.daughter, add_viewer(connection, "police", Role.POLICE)):
        with pytest.raises(NotFound):
            service.hand_over(connection, viewer, watch.id, cast.hana.id, None, NOW)
