"""What a viewer may see of devices and do with them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.devices import health
from app.devices.commands import kinds_of
from app.devices.model import Carrier, Command, CommandKind, Device, DeviceHealth
from app.devices.service.devices import change_device, enrol
from app.devices.service.holders import assign
from app.devices.service.orders import order
from app.devices.store import devices, holders, orders, reports
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import CityId, ContactId, DeviceId, WearerId

_OFFICE = frozenset({Role.CLERK, Role.ADMINISTRATOR})


class DeviceView(Struct, frozen=True, kw_only=True):
    """A device as a viewer may see it. `health` is None when nothing is known, or nothing may be."""

    device: Device
    carrier: Carrier | None
    health: DeviceHealth | None


def visible_devices(
    connection: Connection, viewer: Viewer, after: UUID | None, count: int, now: datetime
) -> list[DeviceView]:
    """Up to `count` devices, in the order of their ids: the office's of its city, everybody else's of their people.

    Their people are the wearers whom they manage or may see the health of, and they themselves as contacts.
    """
    if viewer.role in _OFFICE:
        return _views(connection, viewer, devices.page_of_city(connection, viewer, after, count), now)
    people = holders.sight(connection, viewer, households.visible_wearer_ids(connection, viewer, None, now), now)
    wearer_ids = people.managed | people.health
    return _views(connection, viewer, devices.page_of_people(connection, viewer, wearer_ids, after, count), now)


def visible_device(connection: Connection, viewer: Viewer, device_id: DeviceId, now: datetime) -> DeviceView:
    """One of the devices of `visible_devices`. Raises `NotFound` for every other."""
    device = devices.by_id(connection, device_id)
    holder = holders.holders(connection, [device_id]).get(device_id)
    people = holders.sight(connection, viewer, [holder.about] if holder else [], now)
    if viewer.role in _OFFICE:
        seen = device.city_id == viewer.city_id or viewer.role is Role.ADMINISTRATOR
    else:
        seen = holder is not None and _is_theirs(viewer, holder, people)
    if not seen or (holder is not None and holder.about in people.hidden):
        raise NotFound
    return _views(connection, viewer, [device], now)[0]


def managed_device(connection: Connection, viewer: Viewer, device_id: DeviceId, now: datetime) -> Device:
    """A device that the viewer looks after: of the clerk's city, any for an administrator. Raises `NotFound`."""
    if viewer.role not in _OFFICE:
        raise NotFound
    return visible_device(connection, viewer, device_id, now).device


def new_device(
    connection: Connection,
    viewer: Viewer,
    *,
    city_id: CityId | None,
    format: str,
    external_id: str,
    name: str,
    forwarder: bool,
    key_required: bool | None,
    interval_s: int,
    now: datetime,
) -> tuple[DeviceView, str]:
    """A device and its key, in the viewer's own city unless an administrator says another. Raises as `enrol`."""
    if city_id not in (None, viewer.city_id) and viewer.role is not Role.ADMINISTRATOR:
        raise NotFound
    device, key = enrol(
        connection,
        city_id=city_id or viewer.city_id,
        format=format,
        external_id=external_id,
        name=name,
        forwarder=forwarder,
        key_required=key_required,
        interval_s=interval_s,
        now=now,
    )
    return DeviceView(device=device, carrier=None, health=None), key


def change_visible(
    connection: Connection, viewer: Viewer, device_id: DeviceId, name: str | None, interval_s: int | None, now: datetime
) -> DeviceView:
    """A device that the viewer looks after, with another name or interval. Raises `NotFound`."""
    managed_device(connection, viewer, device_id, now)
    change_device(connection, device_id, name=name, interval_s=interval_s)
    return visible_device(connection, viewer, device_id, now)


def hand_over(
    connection: Connection,
    viewer: Viewer,
    device_id: DeviceId,
    wearer_id: WearerId | None,
    contact_id: ContactId | None,
    now: datetime,
) -> DeviceView:
    """The device with whom it is handed to, by somebody who manages both. Raises as `assign`."""
    managed_device(connection, viewer, device_id, now)
    if wearer_id is None:
        assert contact_id is not None
        agreed = holders.agreement(connection, contact_id)
        if agreed is None:
            raise NotFound
        households.managed_wearer(connection, viewer, agreed.wearer_id, now)
    else:
        households.managed_wearer(connection, viewer, wearer_id, now)
    assign(connection, device_id, wearer_id, contact_id, now=now)
    return visible_device(connection, viewer, device_id, now)


def views_of_wearer(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> list[DeviceView]:
    """What a wearer carries now, for those who manage them or may see their health. Raises `NotFound`."""
    people = holders.sight(connection, viewer, [wearer_id], now)
    if wearer_id not in people.managed | people.health:
        raise NotFound
    return _views(connection, viewer, holders.devices_of_wearer(connection, wearer_id), now)


def ask(connection: Connection, viewer: Viewer, device_id: DeviceId, kind: CommandKind, now: datetime) -> Command:
    """An order by somebody who may see the place of whoever carries the device, or by the contact herself.

    To ask where somebody is, once or all the time, is a look at their place. Raises `NotFound` and as `order`.
    """
    devices.by_id(connection, device_id)
    holder = holders.holders(connection, [device_id]).get(device_id)
    if holder is None:
        raise NotFound
    if holder.carrier.wearer_id is not None:
        households.visible_wearer(connection, viewer, holder.carrier.wearer_id, Scope.PLACE, now)
        if kind is not CommandKind.LIVE_OFF:
            households.look(connection, viewer, holder.carrier.wearer_id, Purpose.LIVE, now)
    elif holder.account_id != viewer.account_id:
        raise NotFound
    return order(connection, device_id, kind, viewer.account_id, now)


def ask_wearer(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, kind: CommandKind, now: datetime
) -> list[Command]:
    """The same order to everything that the wearer carries and that can be asked, by somebody who may see her place.

    Such a person need not know what she carries. Raises `NotFound`, and `InvalidInput` when nothing can be asked.
    """
    households.visible_wearer(connection, viewer, wearer_id, Scope.PLACE, now)
    able = [one.id for one in holders.devices_of_wearer(connection, wearer_id) if kind in kinds_of(one)]
    if not able:
        raise InvalidInput("She carries nothing that can be asked; it only reports.", "kind")
    return [ask(connection, viewer, device_id, kind, now) for device_id in able]


def commands_of(
    connection: Connection, viewer: Viewer, device_id: DeviceId, before: UUID | None, count: int, now: datetime
) -> list[Command]:
    """Up to `count` commands of a visible device, newest first; to others than the office of this carrier only."""
    view = visible_device(connection, viewer, device_id, now)
    since = None if viewer.role in _OFFICE or view.carrier is None else view.carrier.from_at
    return orders.page(connection, device_id, since, before, count)


def _is_theirs(viewer: Viewer, holder: holders.Holder, people: holders.Sight) -> bool:
    if holder.carrier.wearer_id is None:
        return holder.account_id == viewer.account_id
    return holder.about in people.managed | people.health


def _may_know_all(viewer: Viewer, holder: holders.Holder | None, people: holders.Sight) -> bool:
    """Whether the viewer may see how the person who carries it is: by consent, or because it is the viewer."""
    if holder is None:
        return False
    if holder.carrier.wearer_id is None:
        return holder.account_id == viewer.account_id
    return holder.about in people.health


def _views(connection: Connection, viewer: Viewer, found: Sequence[Device], now: datetime) -> list[DeviceView]:
    """The devices with their carriers and health; without consent only what is about the device."""
    device_ids = [device.id for device in found]
    held = holders.holders(connection, device_ids)
    known = reports.of(connection, device_ids)
    people = holders.sight(connection, viewer, {holder.about for holder in held.values()}, now)
    views: list[DeviceView] = []
    for device in found:
        holder, report = held.get(device.id), known.get(device.id)
        if report is not None and not _may_know_all(viewer, holder, people):
            report = health.of_the_thing(report)
        views.append(DeviceView(device=device, carrier=holder.carrier if holder else None, health=report))
    return views
