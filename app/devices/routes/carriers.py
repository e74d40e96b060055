"""Who carries a device."""

from uuid import UUID

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import Page
from app.devices import service
from app.devices.routes.bodies import CarrierIn, DeviceOut, device_out
from app.kit.clock import Clock
from app.kit.errors import InvalidInput
from app.kit.ids import ContactId, DeviceId, WearerId


@put(
    "/v1/devices/{device_id:uuid}/carrier",
    guards=[May(Action.DEVICE_WRITE)],
    tags=["devices"],
    operation_id="hand_over_device",
    summary="Hand a device to somebody",
)
async def hand_over_device(
    device_id: FromPath[UUID],
    data: JSONBody[CarrierIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> DeviceOut:
    """The device with whom it is carried by from now on; what was measured before stays with whoever carried it then.

    For the clerk of its city. 409 for a contact who has not agreed that their place is taken, and for a forwarder.
    """
    if (data.wearer_id is None) == (data.contact_id is None):
        raise InvalidInput("A device is carried by a wearer or by a contact, by one of them.", "wearer_id")
    wearer_id = None if data.wearer_id is None else WearerId(data.wearer_id)
    contact_id = None if data.contact_id is None else ContactId(data.contact_id)
    now = clock()
    return device_out(
        await database.write(lambda c: service.hand_over(c, viewer, DeviceId(device_id), wearer_id, contact_id, now))
    )


@delete(
    "/v1/devices/{device_id:uuid}/carrier",
    guards=[May(Action.DEVICE_WRITE)],
    tags=["devices"],
    operation_id="release_device",
    summary="Take a device back",
)
async def release_device(
    device_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Nobody carries it from now on; once is enough. For the clerk of its city."""
    now = clock()
    await database.write(
        lambda c: service.release(c, service.managed_device(c, viewer, DeviceId(device_id), now).id, now)
    )


@get(
    "/v1/wearers/{wearer_id:uuid}/devices",
    guards=[May(Action.DEVICE_READ)],
    tags=["devices"],
    operation_id="list_wearer_devices",
    summary="What a wearer carries, and how it is",
)
async def list_wearer_devices(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[DeviceOut]:
    """All of them on one page, for those who manage the wearer or may see their health. Steps and whether it is worn
    are shown only by consent to health.
    """
    now = clock()
    views = await database.read(lambda c: service.views_of_wearer(c, viewer, WearerId(wearer_id), now))
    return Page(items=[device_out(view) for view in views])


ROUTES: list[HTTPRouteHandler] = [hand_over_device, release_device, list_wearer_devices]
