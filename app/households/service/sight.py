"""May they see her? Every room asks here before it shows anything of a wearer, and notes each look at her place."""

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
import structlog
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.db import intents
from app.households.access import Access, Facts, decide, decide_managing, seen
from app.households.model import Contact, KnownWearer, Look, Purpose, Scope, Told, Wearer
from app.households.store import contacts, looks, people, sight
from app.kit.errors import NotFound
from app.kit.ids import AccountId, ContactId, HouseholdId, WearerId, new_id

log = structlog.get_logger()

SIGHT_LOST = "sight_lost"
"""The intent that whatever waits to be told about a household goes only to those who still may know."""

PLACE_WITHDRAWN = "place_withdrawn"
"""The intent that what was kept of a contact's own place goes, since they agree no more that it is taken."""


def lose_sight(connection: Connection, household_id: HouseholdId, now: datetime) -> None:
    """Notes that somebody may see less of this household from now on; what waits to be told to them must not go out."""
    intents.intend(connection, SIGHT_LOST, str(new_id()), {"household_id": str(household_id)}, now)


def place_withdrawn(connection: Connection, contact_ids: Iterable[ContactId], now: datetime) -> None:
    """Notes that contacts agree no more that their own place is taken. What asks for it sees that at once; what was
    kept is deleted, and a tag that they carried is theirs no more.
    """
    for contact_id in contact_ids:
        intents.intend(connection, PLACE_WITHDRAWN, str(new_id()), {"contact_id": str(contact_id)}, now)


def visible_wearer(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, scope: Scope | None, now: datetime
) -> Wearer:
    """The wearer, if the viewer may see `scope` of her, or for None may know of her at all. Raises `NotFound`."""
    wearer, facts = _facts(connection, viewer, wearer_id)
    return _granted(decide(facts, scope, now), viewer, wearer)


def managed_wearer(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Wearer:
    """The wearer, if the viewer manages her: her household, her city's clerks, administrators. Raises `NotFound`."""
    wearer, facts = _facts(connection, viewer, wearer_id)
    return _granted(decide_managing(facts), viewer, wearer)


def administered_wearer(connection: Connection, viewer: Viewer, wearer_id: WearerId) -> Wearer:
    """The wearer, if the viewer manages her, or is of the office of her city and she has ended: what is owed outlives
    the watching. Raises `NotFound`.
    """
    wearer, facts = _facts(connection, viewer, wearer_id)
    if viewer.role is not Role.FAMILY:
        facts = msgspec.structs.replace(facts, ended=False)
    return _granted(decide_managing(facts), viewer, wearer)


def attended_wearer(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Wearer:
    """The wearer, if the viewer manages her or sees her alerts, and so must know whom to call. Raises `NotFound`."""
    wearer, facts = _facts(connection, viewer, wearer_id)
    managing = decide_managing(facts)
    return _granted(managing if managing.granted else decide(facts, Scope.ALERTS, now), viewer, wearer)


def known_wearer(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> KnownWearer:
    """The wearer and what the viewer may do and see. Raises `NotFound`."""
    wearer, facts = _facts(connection, viewer, wearer_id)
    _granted(decide(facts, None, now), viewer, wearer)
    return _known(wearer, facts, now)


def known_wearers(
    connection: Connection,
    viewer: Viewer,
    household_id: HouseholdId | None,
    after: WearerId | None,
    count: int,
    now: datetime,
) -> list[KnownWearer]:
    """Up to `count` of the wearers whom the viewer may know of, by id."""
    ids = sight.visible_page(connection, viewer, household_id, after, count, now)
    found = sight.facts_of(connection, viewer, ids)
    return [_known(*found[wearer_id], now) for wearer_id in ids]


def visible_wearer_ids(
    connection: Connection,
    viewer: Viewer,
    scope: Scope | None,
    now: datetime,
    among: Collection[WearerId] | None = None,
) -> frozenset[WearerId]:
    """All wearers, or those `among` some, of whom the viewer may see `scope`, or may know at all."""
    return sight.visible_ids(connection, viewer, scope, now, among)


def wearers_by_id(connection: Connection, wearer_ids: Collection[WearerId]) -> dict[WearerId, Wearer]:
    """These wearers, whoever asks; ended ones too."""
    return people.wearers_by_id(connection, wearer_ids)


def unhidden(connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId]) -> frozenset[WearerId]:
    """Those of these wearers of the viewer's city who are watched over and are not hidden from the viewer: whoever asks
    this shows them on another ground than a consent of households.
    """
    return sight.unhidden(connection, viewer, wearer_ids)


def contacts_of_wearers(connection: Connection, wearer_ids: Collection[WearerId]) -> dict[WearerId, list[Contact]]:
    """The contacts of these wearers in order, whoever asks."""
    return contacts.of_wearers(connection, wearer_ids)


def contacts_by_id(connection: Connection, contact_ids: Collection[ContactId]) -> dict[ContactId, Contact]:
    """Those of these contacts who are still on a list, whoever asks."""
    return contacts.by_id(connection, contact_ids)


def contact_who_asks(
    connection: Connection, wearer_id: WearerId, account_id: AccountId | None, contact_id: ContactId | None = None
) -> Contact | None:
    """The entry in the list of contacts of a wearer that is this account's, or that has this id; None for everybody
    else, and for whom she is hidden from.
    """
    own = [] if account_id is None else contacts.of_account(connection, account_id)
    named = [] if contact_id is None else list(contacts.by_id(connection, [contact_id]).values())
    return next((one for one in [*own, *named] if one.wearer_id == wearer_id), None)


def told(connection: Connection, wearer_id: WearerId, now: datetime) -> list[Told]:
    """Who is told of alerts, in order: contacts whose account may see them now and from whom she is not hidden."""
    return told_of(connection, [wearer_id], now, TOLD_OF_ALERTS)[wearer_id]


TOLD_OF_ALERTS = frozenset({Scope.ALERTS})


def told_of(
    connection: Connection, wearer_ids: Collection[WearerId], now: datetime, scopes: frozenset[Scope]
) -> dict[WearerId, list[Told]]:
    """As `told` for many wearers at once, of what only those may know who may see all `scopes`."""
    return sight.told(connection, wearer_ids, now, scopes)


def look(connection: Connection, viewer: Viewer, wearer_id: WearerId, purpose: Purpose, now: datetime) -> None:
    """Notes that the viewer looks at a place: one row a viewer, wearer, purpose and ten minutes."""
    looks.add(connection, [wearer_id], viewer.account_id, purpose, now)


def look_at_all(
    connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId], purpose: Purpose, now: datetime
) -> None:
    """As `look` for many wearers at once."""
    looks.add(connection, wearer_ids, viewer.account_id, purpose, now)


def looks_at(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    before: tuple[datetime, AccountId, Purpose] | None,
    count: int,
    now: datetime,
) -> list[Look]:
    """Up to `count` looks at a wearer whom the viewer manages, newest first. Raises `NotFound`."""
    managed_wearer(connection, viewer, wearer_id, now)
    return looks.page(connection, wearer_id, before, count)


def _facts(connection: Connection, viewer: Viewer, wearer_id: WearerId) -> tuple[Wearer, Facts]:
    found = sight.facts_of(connection, viewer, [wearer_id]).get(wearer_id)
    if found is None:
        raise NotFound
    return found


def _known(wearer: Wearer, facts: Facts, now: datetime) -> KnownWearer:
    return KnownWearer(wearer=wearer, manages=decide_managing(facts).granted, sees=seen(facts, now))


def _granted(access: Access, viewer: Viewer, wearer: Wearer) -> Wearer:
    if not access.granted:
        log.info("sight_refused", reason=access.reason, account=str(viewer.account_id), wearer=str(wearer.id))
        raise NotFound
    return wearer
