"""Contacts in order, and whether a contact's own phone may be placed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Viewer
from app.accounts.names import one_line
from app.households import contact_order, words
from app.households.model import CONTACT_SCOPES, CONTACTS_MAX, Contact, GivenAs, Scope, Wearer
from app.households.service.consents import give_consent, must_be_lettable, must_not_be_own
from app.households.service.sight import attended_wearer, lose_sight, managed_wearer, place_withdrawn
from app.households.store import consents, contacts, people
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AccountId, ContactId, WearerId, new_id
from app.push.model import Address


def add_contact(
    connection: Connection,
    wearer_id: WearerId,
    name: str,
    *,
    relation: str = "",
    phone: str = "",
    account_id: AccountId | None = None,
    rank: int | None = None,
    scopes: Collection[Scope] = CONTACT_SCOPES,
    by: AccountId | None = None,
    now: datetime,
) -> Contact:
    """A new contact at place `rank`, or at the end. Its account gets consent to `scopes`, given by `by` or by itself.

    Raises `NotFound` for an unknown wearer or account, `Conflict` for a full list, for an account that is on it
    already, and for one that she is hidden from.
    """
    wearer = _locked(connection, wearer_id)
    others = contacts.of_wearer(connection, wearer_id)
    if len(others) >= CONTACTS_MAX:
        raise Conflict(f"A wearer has at most {CONTACTS_MAX} contacts.")
    if account_id is not None:
        _must_be_new(connection, wearer, others, account_id)
    contact_id = ContactId(new_id())
    order = contact_order.inserted([one.id for one in others], contact_id, rank)
    contact = Contact(
        id=contact_id,
        wearer_id=wearer_id,
        rank=order.index(contact_id) + 1,
        name=one_line(name, "name"),
        relation=words.line(relation, "relation"),
        phone=words.line(phone, "phone"),
        account_id=account_id,
        created_at=now,
    )
    contacts.add(connection, contact)
    _write_order(connection, [*others, contact], order)
    if account_id is not None and scopes:
        _let(connection, wearer_id, account_id, scopes, by or account_id, now)
    return contact


def new_contact(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    name: str,
    *,
    relation: str,
    phone: str,
    account_id: AccountId | None,
    rank: int | None,
    scopes: Collection[Scope],
    now: datetime,
) -> Contact:
    """A new contact of a wearer whom the viewer manages. Raises as `add_contact`, and `NotAllowed`."""
    managed_wearer(connection, viewer, wearer_id, now)
    if scopes:
        must_not_be_own(viewer, account_id, None)
    return add_contact(
        connection,
        wearer_id,
        name,
        relation=relation,
        phone=phone,
        account_id=account_id,
        rank=rank,
        scopes=scopes,
        by=viewer.account_id,
        now=now,
    )


def contacts_of(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> list[Contact]:
    """The contacts in order, for those who manage her or see her alerts. Raises `NotFound`."""
    attended_wearer(connection, viewer, wearer_id, now)
    return contacts.of_wearer(connection, wearer_id)


def addresses_of(connection: Connection, some: Collection[Contact]) -> dict[ContactId, list[Address]]:
    """Where each of the contacts that have an account is reached: whoever sees the list needs to know whom to call."""
    account_ids = {one.id: one.account_id for one in some if one.account_id is not None}
    addresses = accounts.addresses_of(connection, set(account_ids.values()))
    return {contact_id: addresses.get(account_id, []) for contact_id, account_id in account_ids.items()}


def contact(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, contact_id: ContactId, now: datetime
) -> Contact:
    """One contact, for those who manage her or see her alerts. Raises `NotFound`."""
    attended_wearer(connection, viewer, wearer_id, now)
    return _of(connection, wearer_id, contact_id)


def change_contact(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    contact_id: ContactId,
    *,
    name: str | UnsetType = UNSET,
    relation: str | UnsetType = UNSET,
    phone: str | UnsetType = UNSET,
    account_id: AccountId | UnsetType | None = UNSET,
    now: datetime,
) -> Contact:
    """The contact after the change; what is not given stays. Another account is another person's phone and eyes.

    So the old account loses what it had as this contact, the new one gets a contact's consent, and nobody has agreed
    any more that a phone's place is taken. Raises `NotFound`, `NotAllowed`, `Conflict` as `add_contact`.
    """
    managed_wearer(connection, viewer, wearer_id, now)
    wearer = _locked(connection, wearer_id)
    before = _of(connection, wearer_id, contact_id)
    values: dict[str, object] = {}
    if name is not UNSET:
        values["name"] = one_line(name, "name")
    if relation is not UNSET:
        values["relation"] = words.line(relation, "relation")
    if phone is not UNSET:
        values["phone"] = words.line(phone, "phone")
    if account_id is not UNSET and account_id != before.account_id:
        values |= {"account_id": account_id, "shares_place_since": None}
        _change_account(connection, viewer, wearer, before.account_id, account_id, now)
        place_withdrawn(connection, [contact_id], now)
    if values:
        contacts.change(connection, contact_id, values)
    return _of(connection, wearer_id, contact_id)


def remove_contact(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, contact_id: ContactId, now: datetime
) -> None:
    """Takes a contact off the list, with the consent that came with it; the others move up. Raises `NotFound`."""
    wearer = managed_wearer(connection, viewer, wearer_id, now)
    _locked(connection, wearer_id)
    gone = _of(connection, wearer_id, contact_id)
    others = contacts.of_wearer(connection, wearer_id)
    contacts.change(connection, contact_id, {"ended_at": now, "shares_place_since": None})
    place_withdrawn(connection, [contact_id], now)
    _write_order(connection, others, contact_order.removed([one.id for one in others], contact_id))
    if gone.account_id is not None:
        consents.revoke_contact(connection, wearer_id, gone.account_id, viewer.account_id, now)
        lose_sight(connection, wearer.household_id, now)


def order_contacts(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, wanted: Sequence[ContactId], now: datetime
) -> list[Contact]:
    """The contacts in their new order. Raises `NotFound`, `InvalidInput`, and `Conflict` if the list has changed."""
    managed_wearer(connection, viewer, wearer_id, now)
    _locked(connection, wearer_id)
    before = contacts.of_wearer(connection, wearer_id)
    _write_order(connection, before, contact_order.reordered([one.id for one in before], wanted))
    return contacts.of_wearer(connection, wearer_id)


def contacts_that_are(connection: Connection, viewer: Viewer) -> list[Contact]:
    """Where the viewer is a contact."""
    return contacts.of_account(connection, viewer.account_id)


def share_place(connection: Connection, viewer: Viewer, contact_id: ContactId, shares: bool, now: datetime) -> Contact:
    """The contact after it agreed that its own phone's place is taken, or took that back. Nobody can do it for them.

    It needs no consent of the wearer's family: who can see nothing any more must still be able to end it. Raises
    `NotFound` for everybody but the contact's own account.
    """
    own = contacts.of_account(connection, viewer.account_id, contact_id)
    if not own:
        raise NotFound
    _locked(connection, own[0].wearer_id)
    own = contacts.of_account(connection, viewer.account_id, contact_id)  # She may have been hidden while we waited.
    if not own:
        raise NotFound
    if shares is not (own[0].shares_place_since is not None):
        contacts.change(connection, contact_id, {"shares_place_since": now if shares else None})
        if not shares:
            place_withdrawn(connection, [contact_id], now)
    return contacts.by_id(connection, [contact_id])[contact_id]


def _locked(connection: Connection, wearer_id: WearerId) -> Wearer:
    wearer = people.locked_wearer(connection, wearer_id)
    if wearer is None:
        raise NotFound
    return wearer


def _of(connection: Connection, wearer_id: WearerId, contact_id: ContactId) -> Contact:
    found = contacts.by_id(connection, [contact_id]).get(contact_id)
    if found is None or found.wearer_id != wearer_id:
        raise NotFound
    return found


def _write_order(connection: Connection, before: Sequence[Contact], order: Sequence[ContactId]) -> None:
    contacts.set_ranks(connection, contact_order.moves({one.id: one.rank for one in before}, order))


def _must_be_new(connection: Connection, wearer: Wearer, others: Sequence[Contact], account_id: AccountId) -> None:
    must_be_lettable(connection, wearer, account_id)
    if any(one.account_id == account_id for one in others):
        raise Conflict("This account is a contact already.")


def _change_account(
    connection: Connection,
    viewer: Viewer,
    wearer: Wearer,
    old: AccountId | None,
    new: AccountId | None,
    now: datetime,
) -> None:
    if old is not None:
        consents.revoke_contact(connection, wearer.id, old, viewer.account_id, now)
        lose_sight(connection, wearer.household_id, now)
    if new is not None:
        must_not_be_own(viewer, new, None)
        _must_be_new(connection, wearer, contacts.of_wearer(connection, wearer.id), new)
        _let(connection, wearer.id, new, CONTACT_SCOPES, viewer.account_id, now)


def _let(
    connection: Connection,
    wearer_id: WearerId,
    account_id: AccountId,
    scopes: Collection[Scope],
    by: AccountId,
    now: datetime,
) -> None:
    give_consent(
        connection,
        wearer_id,
        scopes=scopes,
        account_id=account_id,
        given_as=GivenAs.CONTACT,
        by=by,
        now=now,
    )
