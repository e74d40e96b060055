"""Devices are enrolled, changed, ended."""

from uuid import UUID

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.devices import service
from app.devices.routes.bodies import DeviceIn, DeviceOut, DevicePatch, EnrolledOut, KeyOut, device_out
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import CityId, DeviceId


@get(
    "/v1/devices",
    guards=[May(Action.DEVICE_READ)],
    tags=["devices"],
    operation_id="list_devices",
    summary="The devices that you may know of",
)
async def list_devices(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DeviceOut]:
    """The clerk's: all of the city. Everybody else's: what the people carry whom they manage or whose health they may
    see, and their own phone as a contact. What is hidden from the viewer is left out.
    """
    after, now = decode_cursor(cursor, UUID), clock()
    views = await database.read(lambda c: service.visible_devices(c, viewer, after, limit + 1, now))
    return page([device_out(view) for view in views], limit, lambda one: one.id)


@post(
    "/v1/devices",
    guards=[May(Action.DEVICE_WRITE)],
    tags=["devices"],
    operation_id="enrol_device",
    summary="Enrol a device",
    raises_problems=[NotFound],
)
async def enrol_device(
    data: JSONBody[DeviceIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> EnrolledOut:
    """The device, enrolled, and its key, which is shown this once.

    400 for a format that is not spoken or a key that the format cannot show, 404 for another city, 409 when it is
    enrolled already.
    """
    now = clock()
    view, key = await database.write(
        lambda c: service.new_device(
            c,
            viewer,
            city_id=None if data.city_id is None else CityId(data.city_id),
            format=data.format,
            external_id=data.external_id,
            name=data.name,
            forwarder=data.forwarder,
            key_required=data.key_required,
            interval_s=data.interval_s,
            now=now,
        )
    )
    return EnrolledOut(device=device_out(view), key=key)


@get(
    "/v1/devices/{device_id:uuid}",
    guards=[May(Action.DEVICE_READ)],
    tags=["devices"],
    operation_id="get_device",
    summary="One device",
)
async def get_device(
    device_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> DeviceOut:
    """One of the devices of the list; 404 for every other."""
    now = clock()
    return device_out(await database.read(lambda c: service.visible_device(c, viewer, DeviceId(device_id), now)))


@patch(
    "/v1/devices/{device_id:uuid}",
    guards=[May(Action.DEVICE_WRITE)],
    tags=["devices"],
    operation_id="change_device",
    summary="Change a device's name or interval",
)
async def change_device(
    device_id: FromPath[UUID],
    data: JSONBody[DevicePatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> DeviceOut:
    """The device as it is from now on. For the clerk of its city."""
    now = clock()
    return device_out(
        await database.write(
            lambda c: service.change_visible(
                c,
                viewer,
                DeviceId(device_id),
                None if data.name is UNSET else data.name,
                None if data.interval_s is UNSET else data.interval_s,
                now,
            )
        )
    )


@delete(
    "/v1/devices/{device_id:uuid}",
    guards=[May(Action.DEVICE_WRITE)],
    tags=["devices"],
    operation_id="end_device",
    summary="End a device",
)
async def end_device(
    device_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Nothing is heard of it any more and nobody carries it. What it reported stays. For the clerk of its city."""
    now = clock()
    await database.write(
        lambda c: service.end_device(c, service.managed_device(c, viewer, DeviceId(device_id), now).id, now)
    )


@post(
    "/v1/devices/{device_id:uuid}/key",
    status_code=200,
    guards=[May(Action.DEVICE_WRITE)],
    tags=["devices"],
    operation_id="rotate_device_key",
    summary="Give a device a new key",
)
async def rotate_device_key(
    device_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> KeyOut:
    """A fresh key, shown this once; the old one is refused within 10 s. For the clerk of its city."""
    now = clock()
    key = await database.write(
        lambda c: service.rotate_key(c, service.managed_device(c, viewer, DeviceId(device_id), now).id)
    )
    return KeyOut(key=key)


ROUTES: list[HTTPRouteHandler] = [list_devices, enrol_device, get_device, change_device, end_device, rotate_device_key]
