"""One's own telephone numbers: reached through the town's gateways of SMS, voice and LINE."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.engine import Connection

from app.accounts import service
from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.numbers import recipient
from app.accounts.permissions import Action
from app.accounts.routes.addresses import AddressShown, shown_address
from app.accounts.routes.fields import Language, given
from app.config import Settings
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict, InvalidInput, TooMany
from app.kit.ids import AddressId
from app.push.codes import DIGITS, Codes


class Gateways(Struct, kw_only=True, frozen=True):
    """Through what people can be reached here besides phones."""

    items: list[str]


class NumberBody(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A number, and the gateway that reaches it."""

    gateway: Annotated[str, Meta(min_length=1, max_length=20, description="one of `GET /v1/gateways`")]
    to: Annotated[str, Meta(min_length=1, max_length=40, description="090-1234-5678, +81…; of `line` the user's id")]
    language: Language | UnsetType = UNSET


class CodeBody(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The code that was sent."""

    code: Annotated[str, Meta(pattern=rf"^[0-9]{{{DIGITS}}}(?!\n)$", description="six digits")]


@get(
    "/v1/gateways",
    guards=[May(Action.SELF)],
    operation_id="gateways",
    summary="Which gateways there are",
    tags=["me"],
)
async def gateways(settings: NamedDependency[Settings]) -> Gateways:
    """The names of the town's gateways, such as `sms`, `voice`, `line`. Everybody may."""
    return Gateways(items=sorted(settings.gateways))


@post(
    "/v1/me/numbers",
    guards=[May(Action.SELF)],
    operation_id="add_number",
    summary="Register a telephone number",
    tags=["me"],
    raises_problems=[Conflict, TooMany],
)
async def add_number(
    viewer: NamedDependency[Viewer],
    data: JSONBody[NumberBody],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
) -> AddressShown:
    """Registers a number at which one wants to be told; it becomes one of one's addresses. A code of six digits goes
    there, to be given back within ten minutes: nothing else does before. Everybody may, for at most five numbers; three
    codes an hour for one number, ten a day for one account.

    Again sends another code, unless the number is confirmed.
    """
    if data.gateway not in settings.gateways:
        raise InvalidInput("There is no such gateway here.", "gateway")
    to, now = recipient(data.gateway, data.to), clock()

    def add(connection: Connection) -> AddressShown:
        account, _ = service.own_account(connection, viewer)
        language = given(data.language) or account.language
        return shown_address(service.add_number(connection, viewer, data.gateway, to, language, now))

    return await database.write(add)


@post(
    "/v1/me/addresses/{address_id:uuid}/code",
    status_code=200,
    guards=[May(Action.SELF)],
    operation_id="give_code",
    summary="Show that a number is one's own",
    tags=["me"],
    raises_problems=[Conflict],
)
async def give_code(
    address_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    data: JSONBody[CodeBody],
    database: NamedDependency[Database],
    detector_secret: NamedDependency[bytes],
    clock: NamedDependency[Clock],
) -> AddressShown:
    """Gives back the code that was sent to one of one's own numbers. Then it has `confirmed_at`; with a wrong code it
    stays as it was. After five wrong ones, or ten minutes, there must be a new one (409). Everybody may.
    """
    now, codes = clock(), Codes(detector_secret)
    confirmed = await database.write(lambda c: service.confirm(c, viewer, AddressId(address_id), data.code, codes, now))
    return shown_address(confirmed)


ROUTES: list[HTTPRouteHandler] = [gateways, add_number, give_code]
