"""Contacts of a wearer in order, and one's own entries as a contact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType, field
from sqlalchemy.engine import Connection

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import Page
from app.households import service
from app.households.model import CONTACT_SCOPES, CONTACTS_MAX, Contact, Scope
from app.households.routes.fields import Name
from app.kit.clock import Clock
from app.kit.ids import AccountId, ContactId, WearerId
from app.push.reach import ChannelReach, Reach, by_channel, reach

Relation = Annotated[str, Meta(max_length=100, description="what the contact is to her: daughter, neighbour …")]
Phone = Annotated[str, Meta(max_length=30, pattern=r"^[-+() 0-9]*$", description="telephone number; may be empty")]
Rank = Annotated[int, Meta(ge=1, le=CONTACTS_MAX, description="place in the order of telling, from 1")]


class ContactBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new contact."""

    name: Name
    relation: Relation = ""
    phone: Phone = ""
    account_id: UUID | None = None
    rank: Annotated[Rank | None, Meta(description="at the end without it")] = None
    scopes: Annotated[
        list[Scope],
        Meta(max_length=len(Scope), description="what the contact's account may see; empty: nothing by this"),
    ] = field(default_factory=lambda: sorted(CONTACT_SCOPES))


class ContactChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; absent fields stay as they are, null takes the account away."""

    name: Name | UnsetType = UNSET
    relation: Relation | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    account_id: UUID | UnsetType | None = UNSET


class ContactOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole order."""

    contacts: Annotated[list[UUID], Meta(max_length=CONTACTS_MAX, description="every contact once, first told first")]


class SharesPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether one agrees that one's own place is taken, by phone or tag."""

    shares_place: bool


class ContactShown(Struct, frozen=True, kw_only=True):
    """Somebody who is told (緊急連絡先)."""

    id: UUID
    wearer_id: UUID
    rank: int
    name: str
    relation: str
    phone: str
    account_id: UUID | None
    shares_place: Annotated[bool, Meta(description="agreed that the place of their own phone or tag is taken")]
    created_at: datetime
    reachable: Annotated[
        Reach | None,
        Meta(description="`unanswered`: no phone of theirs answers; `no`: they registered none; null: no account"),
    ]
    channels: Annotated[list[ChannelReach], Meta(description="the same of each channel over which they are told")]


class OwnContactShown(Struct, frozen=True, kw_only=True):
    """An entry of oneself as a contact."""

    id: UUID
    wearer_id: UUID
    relation: str
    shares_place: bool


@get(
    "/v1/wearers/{wearer_id:uuid}/contacts",
    guards=[May(Action.WEARER_READ)],
    operation_id="list_contacts",
    summary="Contacts in order",
    tags=["contacts"],
)
async def list_contacts(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[ContactShown]:
    """All contacts of a wearer in the order in which they are told; there are few, so it is one page.

    For those who manage her, and those who see her alerts and so must know whom to call; for others it is a 404.
    """
    now = clock()
    items = await database.read(lambda c: _shown(c, service.contacts_of(c, viewer, WearerId(wearer_id), now)))
    return Page(items=items)


@post(
    "/v1/wearers/{wearer_id:uuid}/contacts",
    guards=[May(Action.CONTACT_WRITE)],
    operation_id="add_contact",
    summary="Add a contact",
    tags=["contacts"],
)
async def add_contact(
    wearer_id: FromPath[UUID],
    data: JSONBody[ContactBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ContactShown:
    """Adds a contact; those after it move down. With an account it may see place and alerts unless `scopes` says else.

    For her household, clerks of her city and administrators; for others, and for an account of another city, it is a
    404. A full list, and an account that cannot be on it, are a 409. Nobody of the office makes themselves see: a 403.
    """
    now = clock()
    account_id = None if data.account_id is None else AccountId(data.account_id)

    def add(connection: Connection) -> ContactShown:
        one = service.new_contact(
            connection,
            viewer,
            WearerId(wearer_id),
            data.name,
            relation=data.relation,
            phone=data.phone,
            account_id=account_id,
            rank=data.rank,
            scopes=data.scopes,
            now=now,
        )
        return _one_shown(connection, one)

    return await database.write(add)


@get(
    "/v1/wearers/{wearer_id:uuid}/contacts/{contact_id:uuid}",
    guards=[May(Action.WEARER_READ)],
    operation_id="read_contact",
    summary="A contact",
    tags=["contacts"],
)
async def read_contact(
    wearer_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ContactShown:
    """One contact, for the same people as the list."""
    now, ids = clock(), (WearerId(wearer_id), ContactId(contact_id))
    return await database.read(lambda c: _one_shown(c, service.contact(c, viewer, *ids, now)))


@patch(
    "/v1/wearers/{wearer_id:uuid}/contacts/{contact_id:uuid}",
    guards=[May(Action.CONTACT_WRITE)],
    operation_id="change_contact",
    summary="Change a contact",
    tags=["contacts"],
)
async def change_contact(
    wearer_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    data: JSONBody[ContactChange],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ContactShown:
    """Changes what is given. Another account is another person: it gets a contact's consent, the former one loses it.

    The place of a contact's phone is not shared by this: only the contact can agree to that. For her household, clerks
    of her city and administrators; for others it is a 404. An account that cannot be on the list is a 409.
    """
    now, ids = clock(), (WearerId(wearer_id), ContactId(contact_id))
    account_id = AccountId(data.account_id) if isinstance(data.account_id, UUID) else data.account_id

    def change(connection: Connection) -> ContactShown:
        one = service.change_contact(
            connection,
            viewer,
            *ids,
            name=data.name,
            relation=data.relation,
            phone=data.phone,
            account_id=account_id,
            now=now,
        )
        return _one_shown(connection, one)

    return await database.write(change)


@delete(
    "/v1/wearers/{wearer_id:uuid}/contacts/{contact_id:uuid}",
    guards=[May(Action.CONTACT_WRITE)],
    operation_id="remove_contact",
    summary="Remove a contact",
    tags=["contacts"],
)
async def remove_contact(
    wearer_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Takes a contact off the list; those after it move up, and what its account saw as a contact ends.

    For her household, clerks of her city and administrators; for others it is a 404.
    """
    now, ids = clock(), (WearerId(wearer_id), ContactId(contact_id))
    await database.write(lambda c: service.remove_contact(c, viewer, *ids, now))


@put(
    "/v1/wearers/{wearer_id:uuid}/contacts/order",
    guards=[May(Action.CONTACT_WRITE)],
    operation_id="order_contacts",
    summary="Put the contacts in order",
    tags=["contacts"],
)
async def order_contacts(
    wearer_id: FromPath[UUID],
    data: JSONBody[ContactOrder],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[ContactShown]:
    """Puts all contacts in this order at once.

    For her household, clerks of her city and administrators; for others it is a 404. A contact named twice is a 400; a
    list that is not the present one, because somebody changed it meanwhile, is a 409.
    """
    now, wanted = clock(), [ContactId(contact_id) for contact_id in data.contacts]

    def order(connection: Connection) -> list[ContactShown]:
        return _shown(connection, service.order_contacts(connection, viewer, WearerId(wearer_id), wanted, now))

    return Page(items=await database.write(order))


@get(
    "/v1/contacts",
    guards=[May(Action.SELF)],
    operation_id="list_own_contacts",
    summary="Where you are a contact",
    tags=["contacts"],
)
async def list_own_contacts(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Page[OwnContactShown]:
    """The lists on which one's own account stands as a contact, also where one may not see anything. Everybody may."""
    found = await database.read(lambda c: service.contacts_that_are(c, viewer))
    return Page(items=[_own(one) for one in found])


@put(
    "/v1/contacts/{contact_id:uuid}/shares-place",
    guards=[May(Action.SELF)],
    operation_id="share_place",
    summary="Agree that your own place is taken, by phone or tag, or take that back",
    tags=["contacts"],
)
async def share_place(
    contact_id: FromPath[UUID],
    data: JSONBody[SharesPlace],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> OwnContactShown:
    """Agrees, or takes it back, for oneself as a contact; a tag that one carries is given back by that. To everybody
    but the contact's own account it is a 404.
    """
    now, wanted = clock(), ContactId(contact_id)
    return _own(await database.write(lambda c: service.share_place(c, viewer, wanted, data.shares_place, now)))


def _shown(connection: Connection, some: Sequence[Contact]) -> list[ContactShown]:
    addresses = service.addresses_of(connection, some)
    return [
        ContactShown(
            id=one.id,
            wearer_id=one.wearer_id,
            rank=one.rank,
            name=one.name,
            relation=one.relation,
            phone=one.phone,
            account_id=one.account_id,
            shares_place=one.shares_place_since is not None,
            created_at=one.created_at,
            reachable=reach(addresses[one.id]) if one.id in addresses else None,
            channels=by_channel(addresses.get(one.id, ())),
        )
        for one in some
    ]


def _one_shown(connection: Connection, one: Contact) -> ContactShown:
    return _shown(connection, [one])[0]


def _own(one: Contact) -> OwnContactShown:
    return OwnContactShown(
        id=one.id,
        wearer_id=one.wearer_id,
        relation=one.relation,
        shares_place=one.shares_place_since is not None,
    )


ROUTES: list[HTTPRouteHandler] = [
    list_contacts,
    add_contact,
    read_contact,
    change_contact,
    remove_contact,
    order_contacts,
    list_own_contacts,
    share_place,
]
