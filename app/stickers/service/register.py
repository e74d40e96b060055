"""The register that is shared with the police. Each look at somebody in it is a row that her family reads."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.households import service as households
from app.households.model import Purpose
from app.kit.calendar import local_date
from app.kit.errors import NotFound
from app.kit.ids import AccountId, WearerId, new_id
from app.programmes import networks
from app.programmes import service as programmes
from app.programmes.register import Entry
from app.stickers import numbers
from app.stickers.model import StickerState
from app.stickers.register import Called, Export, Registered, sheet
from app.stickers.store import register as store

PART = 200
EXPORT_MAX = 100_000


class Found(Struct, frozen=True, kw_only=True):
    """A sticker that somebody reads the number of, and whose it is."""

    number: str
    state: StickerState
    stuck_on: str
    whose: Registered


def look_up(connection: Connection, viewer: Viewer, text: str, now: datetime) -> Found:
    """Whose sticker this is: for the police of who agreed that they may know, for staff of everybody in their city, but
    not of who is hidden from the viewer. Raises `NotFound`, the same for all others and for numbers in stock.
    """
    number = numbers.read(text)
    found = None if number is None else store.by_number(connection, viewer.city_id, number)
    if found is None or found.wearer_id is None:
        raise NotFound
    known = _registered(
        connection, viewer, [found.wearer_id], local_date(now), all_of_them=viewer.role is not Role.POLICE
    )
    if not known:
        raise NotFound
    households.look(connection, viewer, found.wearer_id, Purpose.REGISTER, now)
    return Found(number=found.number, state=found.state, stuck_on=found.stuck_on, whose=known[0])


def page_of_register(
    connection: Connection, viewer: Viewer, after: WearerId | None, count: int, now: datetime
) -> list[Registered]:
    """Up to `count` of those who wear stickers of the viewer's city and agreed that the police may know of them, by
    wearer. Each is looked at.
    """
    found = _shared(connection, viewer, after, count, now)
    households.look_at_all(connection, viewer, [one.wearer_id for one in found], Purpose.REGISTER, now)
    return found


def export(connection: Connection, viewer: Viewer, now: datetime) -> bytes:
    """The whole register as a file. That it went out is a row, and so is a look at each who is in it."""
    found = page_of_register(connection, viewer, None, EXPORT_MAX, now)
    store.add_export(connection, viewer.city_id, Export(id=new_id(), rows=len(found), by=viewer.account_id, at=now))
    return sheet(found)


def exports(
    connection: Connection, viewer: Viewer, before: UUID | None, count: int
) -> tuple[list[Export], dict[AccountId, str]]:
    """Up to `count` exports of the register of the viewer's city, newest first, and by whom they were."""
    found = store.exports(connection, viewer.city_id, before, count)
    return found, store.names(connection, {one.by for one in found})


def _shared(
    connection: Connection, viewer: Viewer, after: WearerId | None, count: int, now: datetime
) -> list[Registered]:
    found: list[Registered] = []
    while len(found) < count:
        some = store.holders(connection, viewer.city_id, after, PART)
        found += _registered(connection, viewer, some, local_date(now), all_of_them=False)
        if len(some) < PART:
            break
        after = some[-1]
    return found[:count]


def _registered(
    connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId], today: date, *, all_of_them: bool
) -> list[Registered]:
    """Those of these wearers whom the viewer may know of in the register, by id."""
    open_ids = sorted(households.unhidden(connection, viewer, wearer_ids))
    entries = programmes.in_network(connection, open_ids, today)
    shared = {
        key: one for key, mine in entries.items() if (one := _best(mine, today, all_of_them=all_of_them)) is not None
    }
    ids = open_ids if all_of_them else [key for key in open_ids if key in shared]
    people, stickers = households.wearers_by_id(connection, ids), store.numbers_of(connection, ids)
    contacts = households.contacts_of_wearers(connection, ids)
    found = []
    for key in ids:
        entry = shared.get(key)
        called = [Called(name=one.name, relation=one.relation, phone=one.phone) for one in contacts.get(key, [])]
        found.append(
            Registered(
                wearer_id=key, name=people[key].name, born_on=people[key].born_on,
                network="" if entry is None else networks.packaged()[entry.network].name.ja,
                number="" if entry is None else entry.number, entered_on=None if entry is None else entry.entered_on,
                features="" if entry is None else entry.features, stickers=stickers.get(key, []), contacts=called,
            )
        )  # fmt: skip
    return found


def _best(entries: list[Entry], today: date, *, all_of_them: bool) -> Entry | None:
    """The entry that may be shown: one that is shared with the police, for staff else any."""
    shared = [one for one in entries if one.shared_on(today)]
    return next(iter([*shared, *(entries if all_of_them else [])]), None)
