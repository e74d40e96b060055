"""What devices are asked to do."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.devices import service
from app.devices.routes.bodies import Asked, CommandIn, CommandOut, command_out
from app.kit.clock import Clock
from app.kit.ids import DeviceId, WearerId


@post(
    "/v1/devices/{device_id:uuid}/commands",
    guards=[May(Action.DEVICE_COMMAND)],
    status_code=200,
    tags=["devices"],
    operation_id="command_device",
    summary="Ask a device to do something",
)
async def command_device(
    device_id: FromPath[UUID],
    data: JSONBody[CommandIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> CommandOut:
    """The command that carries it out; asking twice is one command, and live mode again moves its end.

    For those who may see the place of the wearer who carries it; to ask where somebody is is a look, which the family
    can read. 400 for a device that only reports.
    """
    now = clock()
    return command_out(await database.write(lambda c: service.ask(c, viewer, DeviceId(device_id), data.kind, now)))


@post(
    "/v1/wearers/{wearer_id:uuid}/commands",
    guards=[May(Action.DEVICE_COMMAND)],
    status_code=200,
    tags=["devices"],
    operation_id="command_wearers_devices",
    summary="Ask whatever a wearer carries to do something",
)
async def command_wearers_devices(
    wearer_id: FromPath[UUID],
    data: JSONBody[CommandIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Asked:
    """One command for each device of hers that can be asked, as with a single device.

    For those who may see her place, who need not know what she carries. 400 when nothing of hers can be asked.
    """
    now = clock()
    found = await database.write(lambda c: service.ask_wearer(c, viewer, WearerId(wearer_id), data.kind, now))
    return Asked(kind=data.kind, devices=len(found), expires_at=max(one.expires_at for one in found))


@get(
    "/v1/devices/{device_id:uuid}/commands",
    guards=[May(Action.DEVICE_READ)],
    tags=["devices"],
    operation_id="list_device_commands",
    summary="What a device was asked to do",
)
async def list_device_commands(
    device_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[CommandOut]:
    """Newest first, for those who may know of the device; to families only since its carrier has it."""
    before, now = decode_cursor(cursor, UUID), clock()
    found = await database.read(lambda c: service.commands_of(c, viewer, DeviceId(device_id), before, limit + 1, now))
    return page([command_out(one) for one in found], limit, lambda one: one.id)


ROUTES: list[HTTPRouteHandler] = [command_device, command_wearers_devices, list_device_commands]
