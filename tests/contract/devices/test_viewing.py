"""Who may know of which device, see how it is, and ask it."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.devices import service
from app.devices.health import HealthRow
from app.devices.model import CommandKind, Device, DeviceHealth
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import NotFound
from app.kit.ids import DeviceId, new_id
from tests.build import NOW
from tests.contract.households.cast import Cast

HOUR = timedelta(hours=1)
LOCATE, LIVE_ON, LIVE_OFF = CommandKind


@pytest.fixture(autouse=True)
def reported(connection: Connection, watch: Device) -> None:
    """Hana's watch said how it is, and how she is."""
    row = HealthRow(device_id=watch.id, heard_at=NOW, said_at=NOW, battery_pct=80.0, steps=900, wearing=True)
    service.save_health(connection, [row])


def let(connection: Connection, cast: Cast, viewer: Viewer, *scopes: Scope) -> None:
    households.give_consent(
        connection,
        cast.hana.id,
        scopes=scopes,
        account_id=viewer.account_id,
        by=cast.daughter.account_id,
        now=NOW,
    )


def seen(connection: Connection, viewer: Viewer) -> set[DeviceId]:
    """The devices of the viewer's list; one by one they are the same."""
    listed = {view.device.id for view in service.visible_devices(connection, viewer, None, 50, NOW)}
    assert listed == {one for one in everything(connection) if finds(connection, viewer, one)}
    return listed


def everything(connection: Connection) -> list[DeviceId]:
    return [DeviceId(entry.device_id) for entry in service.registry_entries(connection)]


def finds(connection: Connection, viewer: Viewer, device_id: DeviceId) -> bool:
    try:
        return service.visible_device(connection, viewer, device_id, NOW).device.id == device_id
    except NotFound:
        return False


def health(connection: Connection, viewer: Viewer, device: Device) -> DeviceHealth:
    view = service.visible_device(connection, viewer, device.id, NOW)
    assert view.health is not None
    return view.health


def test_the_office_knows_all_devices_of_its_city_and_no_others(
    connection: Connection, cast: Cast, watch: Device, phone: Device
) -> None:
    assert {watch.id, phone.id} == seen(connection, cast.clerk)
    assert seen(connection, cast.clerk_abroad) == set()
    assert {watch.id, phone.id} == seen(connection, cast.administrator_abroad)


def test_the_household_knows_what_its_wearers_carry(
    connection: Connection, cast: Cast, watch: Device, phone: Device
) -> None:
    assert {watch.id} == seen(connection, cast.daughter)
    assert seen(connection, cast.chika) == set()
    assert seen(connection, cast.family_abroad) == set()


def test_others_know_what_a_wearer_carries_by_consent_to_health_and_to_nothing_else(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    let(connection, cast, cast.operator, Scope.PLACE, Scope.TRACK, Scope.ALERTS)
    assert seen(connection, cast.operator) == set()

    let(connection, cast, cast.operator, Scope.HEALTH)
    assert {watch.id} == seen(connection, cast.operator)


def test_a_contact_knows_her_own_phone_while_she_is_on_the_list(
    connection: Connection, cast: Cast, phone: Device
) -> None:
    contact = households.add_contact(
        connection, cast.hana.id, "Aiko", account_id=cast.aiko.account_id, scopes=(), now=NOW
    )
    households.share_place(connection, cast.aiko, contact.id, True, NOW)
    service.assign(connection, phone.id, contact_id=contact.id, now=NOW)
    assert {phone.id} == seen(connection, cast.aiko)

    households.remove_contact(connection, cast.daughter, cast.hana.id, contact.id, NOW)
    assert seen(connection, cast.aiko) == set()


@pytest.mark.parametrize("role", ["daughter", "colleague", "administrator"])
def test_a_device_does_not_lead_to_somebody_who_is_hidden(
    connection: Connection, cast: Cast, watch: Device, phone: Device, role: str
) -> None:
    viewer: Viewer = getattr(cast, role)
    cast.hide_hana_from(connection, viewer)

    assert watch.id not in seen(connection, viewer)
    with pytest.raises(NotFound):
        service.views_of_wearer(connection, viewer, cast.hana.id, NOW)
    with pytest.raises(NotFound):
        service.ask(connection, viewer, watch.id, LOCATE, NOW)


def test_nothing_is_handed_to_somebody_who_is_hidden(connection: Connection, cast: Cast, phone: Device) -> None:
    contact = households.add_contact(connection, cast.hana.id, "Aiko", account_id=cast.aiko.account_id, now=NOW)
    households.share_place(connection, cast.aiko, contact.id, True, NOW)
    cast.hide_hana_from(connection, cast.colleague)

    with pytest.raises(NotFound):
        service.hand_over(connection, cast.colleague, phone.id, cast.hana.id, None, NOW)
    with pytest.raises(NotFound):
        service.hand_over(connection, cast.colleague, phone.id, None, contact.id, NOW)
    assert service.hand_over(connection, cast.clerk, phone.id, None, contact.id, NOW).carrier is not None


def test_the_office_sees_how_the_device_is_and_by_consent_how_the_person_is(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    assert _said(health(connection, cast.clerk, watch)) == (80.0, None, None)

    let(connection, cast, cast.clerk, Scope.HEALTH)
    assert _said(health(connection, cast.clerk, watch)) == (80.0, 900, True)


def test_the_family_sees_how_the_person_is(connection: Connection, cast: Cast, watch: Device) -> None:
    (view,) = service.views_of_wearer(connection, cast.daughter, cast.hana.id, NOW)

    assert view.health is not None
    assert _said(view.health) == (80.0, 900, True)


def test_what_a_wearer_carries_is_unknown_to_everybody_else(connection: Connection, cast: Cast, watch: Device) -> None:
    let(connection, cast, cast.guard, Scope.PLACE)
    for viewer in (cast.guard, cast.chika, cast.operator, cast.clerk_abroad, cast.family_abroad):
        with pytest.raises(NotFound):
            service.views_of_wearer(connection, viewer, cast.hana.id, NOW)


def test_to_ask_where_somebody_is_is_a_look_that_the_family_can_read(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    let(connection, cast, cast.operator, Scope.PLACE)

    service.ask(connection, cast.operator, watch.id, LIVE_ON, NOW)
    service.ask(connection, cast.son, watch.id, LOCATE, NOW)
    service.ask(connection, cast.daughter, watch.id, LIVE_OFF, NOW)

    looks = households.looks_at(connection, cast.daughter, cast.hana.id, None, 50, NOW)
    assert {("operator", Purpose.LIVE), ("son", Purpose.LIVE)} == {(one.viewer_name, one.purpose) for one in looks}


def test_only_those_who_may_see_the_place_ask_and_those_who_may_not_leave_no_look(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    let(connection, cast, cast.operator, Scope.HEALTH, Scope.ALERTS)

    for viewer in (cast.operator, cast.chika, cast.clerk, cast.family_abroad):
        with pytest.raises(NotFound):
            service.ask(connection, viewer, watch.id, LOCATE, NOW)
    assert service.due_device_ids(connection, NOW) == []
    assert households.looks_at(connection, cast.daughter, cast.hana.id, None, 50, NOW) == []


def test_a_device_that_nobody_carries_is_asked_by_nobody(connection: Connection, cast: Cast, phone: Device) -> None:
    for viewer in (cast.daughter, cast.operator, cast.administrator):
        with pytest.raises(NotFound):
            service.ask(connection, viewer, phone.id, LOCATE, NOW)


def test_a_contacts_phone_is_asked_by_the_contact_only(connection: Connection, cast: Cast, phone: Device) -> None:
    contact = households.add_contact(connection, cast.hana.id, "Aiko", account_id=cast.aiko.account_id, now=NOW)
    households.share_place(connection, cast.aiko, contact.id, True, NOW)
    service.assign(connection, phone.id, contact_id=contact.id, now=NOW)

    with pytest.raises(NotFound):
        service.ask(connection, cast.daughter, phone.id, LOCATE, NOW)
    service.ask(connection, cast.aiko, phone.id, LOCATE, NOW)

    assert [phone.id] == service.due_device_ids(connection, NOW)


def test_a_family_does_not_see_what_a_device_was_asked_before_it_was_theirs(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    service.ask(connection, cast.daughter, watch.id, LOCATE, NOW)
    other = households.create_household(connection, cast.hana.city_id, "Ito", [cast.chika.account_id], NOW)
    ken = cast.wearer(connection, "Ken", other.id)
    service.hand_over(connection, cast.clerk, watch.id, ken.id, None, NOW + HOUR)
    service.ask(connection, cast.chika, watch.id, LIVE_ON, NOW + 2 * HOUR)

    def kinds(viewer: Viewer) -> list[CommandKind]:
        return [one.kind for one in service.commands_of(connection, viewer, watch.id, None, 50, NOW + 2 * HOUR)]

    assert kinds(cast.chika) == [LIVE_OFF, LIVE_ON]
    assert kinds(cast.clerk) == [LIVE_OFF, LIVE_ON, LOCATE]
    with pytest.raises(NotFound):
        kinds(cast.daughter)


def test_a_list_goes_on_after_the_last_id(connection: Connection, cast: Cast, watch: Device, phone: Device) -> None:
    first = service.visible_devices(connection, cast.clerk, None, 1, NOW)
    rest = service.visible_devices(connection, cast.clerk, first[0].device.id, 50, NOW)

    assert sorted([watch.id, phone.id]) == [view.device.id for view in first + rest]


def test_an_administrator_enrols_in_any_city_and_a_clerk_in_their_own(connection: Connection, cast: Cast) -> None:
    def enrolled(viewer: Viewer) -> int:
        view, _ = service.new_device(
            connection,
            viewer,
            city_id=cast.hana.city_id,
            format="osmand",
            external_id=str(new_id()),
            name="phone",
            forwarder=False,
            key_required=None,
            interval_s=300,
            now=NOW,
        )
        return view.device.city_id

    assert cast.hana.city_id == enrolled(cast.administrator_abroad) == enrolled(cast.clerk)
    with pytest.raises(NotFound):
        enrolled(cast.clerk_abroad)


def test_only_the_office_of_the_city_changes_a_device(connection: Connection, cast: Cast, watch: Device) -> None:
    for viewer in (cast.daughter, cast.operator, cast.clerk_abroad):
        with pytest.raises(NotFound):
            service.change_visible(connection, viewer, watch.id, "mine", None, NOW)

    assert viewer.role is Role.CLERK
    assert service.change_visible(connection, cast.clerk, watch.id, "hers", None, NOW).device.name == "hers"


def _said(one: DeviceHealth) -> tuple[float | None, int | None, bool | None]:
    return one.battery_pct, one.steps, one.wearing
