"""Companies that send guards, and the people in them."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post, put
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May, SlowWork
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.accounts.routes.fields import CityCode, Name
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.dispatch.service import staffing as service
from app.dispatch.units import PHOTO_SIZE, Company, Member
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import AccountId, CityId, CompanyId
from app.pictures import FILE_BYTES_MAX, drawn_anew

JPEG = "image/jpeg"
PHOTO_BODY_BYTES_MAX: Final = FILE_BYTES_MAX * 4 // 3 + 1024
"""A file in base64, and the JSON around it."""
DRAWING: Final = SlowWork(threads=1, waiting_max=4)
"""Not that of finders: however many photos come from the street, the office does not wait behind them."""
Code = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}(?!\n)$", description="what contracts and bills call it; one in a city")
]
Phone = Annotated[str, Meta(pattern=r"^\+?[0-9][0-9 -]{4,18}(?!\n)$", description="where its control room is reached")]
Licence = Annotated[
    str,
    Meta(min_length=1, max_length=40, description="of the public safety commission (認定番号); without: no guard work"),
]
Badge = Annotated[str, Meta(min_length=1, max_length=40, description="as it stands on the badge")]


class CompanyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new company."""

    code: Code
    name: Name
    phone: Phone
    licence: Licence | None = None
    city_id: CityCode | UnsetType = UNSET


class CompanyPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change about a company; what is absent stays."""

    name: Name | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    licence: Licence | UnsetType | None = UNSET


class CompanyOut(Struct, frozen=True, kw_only=True):
    """A company as it is shown."""

    id: UUID
    city_id: int
    code: str
    name: str
    phone: str
    licence: str | None
    created_at: datetime


class MemberIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody of the company."""

    badge: Badge | None = None


class MemberOut(Struct, frozen=True, kw_only=True):
    """Somebody of a company: a guard, or somebody of its control room."""

    account: UUID
    name: str
    is_guard: bool
    badge: str | None
    has_photo: bool


class PhotoIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photo of a face."""

    jpeg: Annotated[
        bytes, Meta(min_length=1, description="the file in base64: a JPEG, or a PNG or WebP, of at most 12 MB")
    ]


@get(
    "/v1/companies",
    guards=[May(Action.UNIT_READ)],
    tags=["units"],
    operation_id="list_companies",
    summary="The companies that send guards",
)
async def list_companies(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[CompanyOut]:
    """For staff those of the city, for administrators all, oldest first; for guards and control rooms their own."""
    after = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: service.companies(c, viewer, after, limit + 1))
    return page([_out(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/companies",
    guards=[May(Action.COMPANY_WRITE)],
    tags=["units"],
    operation_id="add_company",
    summary="Add a company",
    raises_problems=[NotFound],
)
async def add_company(
    data: JSONBody[CompanyIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> CompanyOut:
    """Adds a company to one's own city; an administrator may name another. For clerks and administrators. 404
    for another city, 409 for a code that is taken.
    """
    now, values = clock(), msgspec.structs.asdict(data)
    city = values.pop("city_id")
    city_id = None if isinstance(city, UnsetType) else CityId(city)
    return _out(await database.write(lambda c: service.add_company(c, viewer, city_id, values, now)))


@get(
    "/v1/companies/{company_id:uuid}",
    guards=[May(Action.UNIT_READ)],
    tags=["units"],
    operation_id="get_company",
    summary="One company",
)
async def get_company(
    company_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> CompanyOut:
    """One of the companies of the list; 404 for every other."""
    return _out(await database.read(lambda c: service.visible_company(c, viewer, CompanyId(company_id))))


@patch(
    "/v1/companies/{company_id:uuid}",
    guards=[May(Action.COMPANY_WRITE)],
    tags=["units"],
    operation_id="change_company",
    summary="Change a company",
)
async def change_company(
    company_id: FromPath[UUID],
    data: JSONBody[CompanyPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> CompanyOut:
    """The company as it is from now on; its code stays. For clerks and administrators. 409 for taking its licence away
    while it has units for guard work.
    """
    values = changes(data)
    return _out(await database.write(lambda c: service.change_company(c, viewer, CompanyId(company_id), values)))


@delete(
    "/v1/companies/{company_id:uuid}",
    guards=[May(Action.COMPANY_WRITE)],
    tags=["units"],
    operation_id="end_company",
    summary="End a company",
)
async def end_company(
    company_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends a company and its units: nobody of it is sent any more. For clerks and administrators. 409 while one of its
    units is out.
    """
    now = clock()
    await database.write(lambda c: service.end_company(c, viewer, CompanyId(company_id), now))


@get(
    "/v1/companies/{company_id:uuid}/crew",
    guards=[May(Action.UNIT_READ)],
    tags=["units"],
    operation_id="list_crew",
    summary="The people of a company",
)
async def list_crew(
    company_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Page[MemberOut]:
    """All guards of a company and the people of its control room, by name. For the company itself and staff."""
    found = await database.read(lambda c: service.crew(c, viewer, CompanyId(company_id)))
    return Page(items=[member_out(one) for one in found])


@put(
    "/v1/companies/{company_id:uuid}/crew/{guard_id:uuid}",
    guards=[May(Action.COMPANY_WRITE)],
    tags=["units"],
    operation_id="put_crew",
    summary="Make somebody one of a company",
)
async def put_crew(
    company_id: FromPath[UUID],
    guard_id: FromPath[UUID],
    data: JSONBody[MemberIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> MemberOut:
    """An account of the role guard or control_room is of this company from now on, and of no other. For clerks and
    administrators. 400 for another role, 409 for who is on duty for another company.
    """
    now = clock()
    return member_out(
        await database.write(
            lambda c: service.put_member(c, viewer, CompanyId(company_id), AccountId(guard_id), data.badge, now)
        )
    )


@delete(
    "/v1/companies/{company_id:uuid}/crew/{guard_id:uuid}",
    guards=[May(Action.COMPANY_WRITE)],
    tags=["units"],
    operation_id="drop_crew",
    summary="Take somebody out of a company",
)
async def drop_crew(
    company_id: FromPath[UUID],
    guard_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Somebody is of this company no more, and off duty; the photo is deleted. For clerks and administrators. 409 while
    his unit is out.
    """
    now = clock()
    await database.write(lambda c: service.drop_member(c, viewer, CompanyId(company_id), AccountId(guard_id), now))


@put(
    "/v1/crew/{guard_id:uuid}/photo",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="put_photo",
    summary="Set the photo of a guard",
    request_max_body_size=PHOTO_BODY_BYTES_MAX,
    status_code=204,
)
async def put_photo(
    guard_id: FromPath[UUID],
    data: JSONBody[PhotoIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Keeps the photo that families see when he comes: drawn anew as a JPEG of at most 640 pixels and 150 kB, without
    what the camera wrote beside the picture (where it was taken). For the control room of his company, clerks and
    administrators. 400 for what is no such file, or is damaged.
    """
    now, guard = clock(), AccountId(guard_id)
    await database.read(lambda c: service.must_see_member(c, viewer, guard))  # Nobody else makes us draw.
    photo = await DRAWING.run(drawn_anew, data.jpeg, PHOTO_SIZE, "jpeg")
    await database.write(lambda c: service.put_photo(c, viewer, guard, photo, now))


@get(
    "/v1/crew/{guard_id:uuid}/photo",
    guards=[May(Action.UNIT_READ)],
    tags=["units"],
    operation_id="get_photo",
    summary="The photo of a guard",
    media_type=JPEG,
    responses={200: ResponseSpec(bytes, generate_examples=False, media_type=JPEG, description="a JPEG file")},
)
async def get_photo(
    guard_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Response[bytes]:
    """For his company and staff; 404 for others, and where there is none. Families get it with the turn-out."""
    return jpeg(await database.read(lambda c: service.photo(c, viewer, AccountId(guard_id))))


def jpeg(file: bytes) -> Response[bytes]:
    """A picture that nobody keeps on the way."""
    return Response(file, media_type=JPEG, headers=[ResponseHeader(name="Cache-Control", value="no-store")])


def changes(data: Struct) -> dict[str, Any]:
    """The fields of a body that are not absent."""
    return {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}


def member_out(one: Member) -> MemberOut:
    """Somebody of a company as they are shown."""
    return MemberOut(
        account=one.account_id, name=one.name, is_guard=one.is_guard, badge=one.badge, has_photo=one.has_photo
    )


def _out(one: Company) -> CompanyOut:
    return CompanyOut(
        id=one.id,
        city_id=one.city_id,
        code=one.code,
        name=one.name,
        phone=one.phone,
        licence=one.licence,
        created_at=one.created_at,
    )


ROUTES: list[HTTPRouteHandler] = [
    list_companies, add_company, get_company, change_company, end_company, list_crew, put_crew, drop_crew, put_photo,
    get_photo,
]  # fmt: skip
