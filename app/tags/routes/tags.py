"""Tags are registered, changed, worn, ended."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import ContactId, TagId, WearerId
from app.tags import service
from app.tags.routes.bodies import TagContactIn, TagIn, TagOut, TagPatch, TagWearerIn, city_of, tag_out
from app.tags.service import views

VendorFilter = Annotated[str, Meta(min_length=1, max_length=100, description="only this vendor's")]


@get(
    "/v1/tags",
    guards=[May(Action.TAG_READ)],
    tags=["tags"],
    operation_id="list_tags",
    summary="The tags that you may know of",
)
async def list_tags(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    wearer_id: FromQuery[UUID | None] = None,
    vendor: FromQuery[VendorFilter | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[TagOut]:
    """The clerk's: all of the city. Everybody else's: what the people wear whom they manage or whose health they may
    see. `wearer_id` and `vendor` narrow it down.
    """
    after, now = decode_cursor(cursor, UUID), clock()
    only = None if wearer_id is None else WearerId(wearer_id)
    found = await database.read(
        lambda c: views.visible_tags(c, viewer, wearer_id=only, vendor=vendor, after=after, count=limit + 1, now=now)
    )
    return page([tag_out(view) for view in found], limit, lambda one: one.id)


@post(
    "/v1/tags",
    guards=[May(Action.TAG_WRITE)],
    tags=["tags"],
    operation_id="register_tag",
    summary="Register a tag",
    raises_problems=[NotFound],
)
async def register_tag(
    data: JSONBody[TagIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TagOut:
    """The tag, which is known at the edge within 10 s. For clerks and administrators.

    400 for an identity that no tag has, or that many have unless `mac` says which; 404 for another city, 409 when it is
    registered already or its address is that of another.
    """
    now = clock()
    return tag_out(
        await database.write(
            lambda c: views.new_tag(
                c,
                viewer,
                city_id=city_of(data.city_id),
                vendor=data.vendor,
                scheme=data.scheme,
                identity=data.identity,
                mac=data.mac,
                name=data.name,
                interval_s=data.interval_s,
                now=now,
            )
        )
    )


@get("/v1/tags/{tag_id:uuid}", guards=[May(Action.TAG_READ)], tags=["tags"], operation_id="get_tag", summary="One tag")
async def get_tag(
    tag_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TagOut:
    """One of the tags of the list; 404 for every other."""
    now = clock()
    return tag_out(await database.read(lambda c: views.visible_tag(c, viewer, TagId(tag_id), now)))


@patch(
    "/v1/tags/{tag_id:uuid}",
    guards=[May(Action.TAG_WRITE)],
    tags=["tags"],
    operation_id="change_tag",
    summary="Change a tag's name or vendor",
)
async def change_tag(
    tag_id: FromPath[UUID],
    data: JSONBody[TagPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TagOut:
    """The tag as it is from now on. For the clerk of its city."""
    now = clock()
    name = None if data.name is UNSET else data.name
    vendor = None if data.vendor is UNSET else data.vendor
    return tag_out(
        await database.write(lambda c: views.change_visible_tag(c, viewer, TagId(tag_id), name, vendor, now))
    )


@delete(
    "/v1/tags/{tag_id:uuid}",
    guards=[May(Action.TAG_WRITE)],
    tags=["tags"],
    operation_id="end_tag",
    summary="End a tag",
)
async def end_tag(
    tag_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Who hears it hears a stranger, and nobody wears it. Its passages stay. For the clerk of its city."""
    now = clock()
    await database.write(lambda c: service.end_tag(c, views.managed_tag(c, viewer, TagId(tag_id), now).id, now))


@put(
    "/v1/tags/{tag_id:uuid}/wearer",
    guards=[May(Action.TAG_WRITE)],
    tags=["tags"],
    operation_id="hand_over_tag",
    summary="Give a tag to a wearer",
)
async def hand_over_tag(
    tag_id: FromPath[UUID],
    data: JSONBody[TagWearerIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TagOut:
    """The tag with whom it is worn by from now on, or from a moment before. What was heard before stays with whoever
    wore it then.

    For the clerk of its city. 409 when somebody else wore it after that moment.
    """
    now = clock()
    wearer_id, from_at = WearerId(data.wearer_id), data.from_at
    return tag_out(
        await database.write(lambda c: views.hand_over_tag(c, viewer, TagId(tag_id), wearer_id, from_at, now))
    )


@delete(
    "/v1/tags/{tag_id:uuid}/wearer",
    guards=[May(Action.TAG_WRITE)],
    tags=["tags"],
    operation_id="release_tag",
    summary="Take a tag back",
)
async def release_tag(
    tag_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Nobody wears it from now on; once is enough. For the clerk of its city."""
    now = clock()
    await database.write(lambda c: service.release_tag(c, views.managed_tag(c, viewer, TagId(tag_id), now).id, now))


@put(
    "/v1/tags/{tag_id:uuid}/contact",
    guards=[May(Action.TAG_WRITE)],
    tags=["tags"],
    operation_id="lend_tag",
    summary="Give a tag to a contact, as their own",
)
async def lend_tag(
    tag_id: FromPath[UUID],
    data: JSONBody[TagContactIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TagOut:
    """The tag with the contact who carries it from now on: where it is heard beside the wearer, she has company. It
    makes no passages. It ends when the contact agrees no more that their own place is taken.

    For the clerk of its city. 409 for a contact who has not agreed.
    """
    now = clock()
    contact_id = ContactId(data.contact_id)
    return tag_out(await database.write(lambda c: views.lend_visible_tag(c, viewer, TagId(tag_id), contact_id, now)))


@delete(
    "/v1/tags/{tag_id:uuid}/contact",
    guards=[May(Action.TAG_WRITE)],
    tags=["tags"],
    operation_id="take_tag_from_contact",
    summary="Take a tag back from a contact",
)
async def take_tag_from_contact(
    tag_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """No contact carries it from now on; once is enough. For the clerk of its city."""
    now = clock()
    await database.write(lambda c: service.end_loan(c, views.managed_tag(c, viewer, TagId(tag_id), now).id, now))


ROUTES: list[HTTPRouteHandler] = [
    list_tags,
    register_tag,
    get_tag,
    change_tag,
    end_tag,
    hand_over_tag,
    release_tag,
    lend_tag,
    take_tag_from_contact,
]
