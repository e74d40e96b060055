"""A family tries its stickers, and a city exercises: nothing of that is an alert, and nobody outside hears of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role, Viewer
from app.alerts.service import finding
from app.alerts.service.telling import KEPT
from app.households import service as households
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, CityId, DrillId, WearerId, new_id
from app.push import outbox
from app.push.model import Level
from app.push.render import DRILL
from app.stickers import numbers
from app.stickers.model import Sticker
from app.stickers.store import drills as store
from app.stickers.store.drills import Drill, Trial
from app.stickers.threads import DRILL_MAX, TEST_FOR, Mode, Thread

OFFICE = frozenset({Role.CLERK, Role.ADMINISTRATOR})


class Exercise(Struct, frozen=True, kw_only=True):
    """What a tap on a sticker is at a moment, and whose test or which exercise."""

    mode: Mode
    drill_id: DrillId | None = None
    begun_by: AccountId | None = None


class DrillView(Struct, frozen=True, kw_only=True):
    """An exercise with what is printed on its stickers, and who takes part."""

    drill: Drill
    numbers: list[str]
    people: list[AccountId]


def going_on(connection: Connection, sticker: Sticker, now: datetime) -> Exercise:
    """An exercise of the city goes before a test of the family. While somebody says that they are with her, neither
    keeps anybody from saying so too.
    """
    assert sticker.wearer_id is not None
    if finding.going_on(connection, sticker.wearer_id) is not None:
        return Exercise(mode=Mode.REAL)
    drill_id = store.of_sticker(connection, sticker.id, now)
    if drill_id is not None:
        return Exercise(mode=Mode.DRILL, drill_id=drill_id)
    test = store.test_of(connection, sticker.wearer_id, now)
    return Exercise(mode=Mode.REAL) if test is None else Exercise(mode=Mode.TEST, begun_by=test.begun_by)


def tell(connection: Connection, thread: Thread, sticker: Sticker, now: datetime) -> None:
    """Tells who began the test, or who takes part in the exercise, that a tap came through."""
    if thread.drill_id is not None:
        people = store.people_of(connection, [thread.drill_id])[thread.drill_id]
        drill = store.drill(connection, thread.drill_id)
        assert drill is not None, "the thread's row refers to it"
        kind, params = "sticker.drill", {"drill_name": drill.name, DRILL: "1"}
    else:
        people = [] if thread.begun_by is None else [thread.begun_by]
        kind, params = "sticker.test", {}
    zone = accounts.city(connection, thread.city_id).zone
    params |= {"number": sticker.number, "at": now.isoformat(), "received": now.isoformat(), "zone": zone}
    notes = [
        outbox.Note(
            city_id=thread.city_id,
            address_id=address.id,
            channel=address.channel,
            unique_key=f"{kind}:{thread.id.hex}:{address.id.hex}",
            kind=kind,
            level=Level.NOTICE,
            about=f"{kind}:{thread.id.hex}",
            params=params,
            expires_at=now + KEPT[Level.NOTICE],
        )
        for some in accounts.addresses_of(connection, people).values()
        for address in some
    ]
    outbox.put_all(connection, notes, now)


def begin_test(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Trial:
    """For half an hour a tap on her stickers tells only the viewer. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    test = Trial(wearer_id=wearer_id, begun_by=viewer.account_id, until_at=now + TEST_FOR)
    store.put_test(connection, test)
    return test


def end_test(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> None:
    """A tap is the real thing again. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    store.end_test(connection, wearer_id)


def test_of(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Trial | None:
    """The test that goes on, if one does. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    return store.test_of(connection, wearer_id, now)


def make_drill(
    connection: Connection, viewer: Viewer, *, name: str, from_at: datetime, until_at: datetime,
    stickers: Sequence[str], people: Sequence[UUID], now: datetime,
) -> DrillView:  # fmt: skip
    """An exercise of the city that its people are of. Raises `NotFound` for accounts that are not the viewer's to
    manage, `InvalidInput`, and `Conflict` for a sticker that is in another one.
    """
    cities = {accounts.managed_account(connection, viewer, AccountId(one)).city_id for one in people}
    if len(cities) != 1:
        raise InvalidInput("All people of an exercise are of one city.", "people")
    (city_id,) = cities
    if not now < until_at or not from_at < until_at <= from_at + DRILL_MAX:
        raise InvalidInput("An exercise ends in the future, after it begins, and within 24 hours.", "until_at")
    wanted = [numbers.read(one) for one in stickers]
    found = store.stickers_by_number(connection, city_id, [one for one in wanted if one is not None])
    for place, one in enumerate(wanted):
        if one not in found:
            raise InvalidInput("No sticker of this number was given to anybody.", f"stickers[{place}]")
    if store.overlapping(connection, list(found.values()), from_at, until_at):
        raise Conflict("A sticker is in another exercise at that time.")
    one_drill = Drill(
        id=DrillId(new_id()),
        city_id=city_id,
        name=name,
        from_at=from_at,
        until_at=until_at,
        made_by=viewer.account_id,
        made_at=now,
    )
    store.add(connection, one_drill, sorted(set(found.values())), [AccountId(one) for one in sorted(set(people))])
    return _shown(connection, [one_drill])[0]


def drills(connection: Connection, viewer: Viewer, before: UUID | None, count: int) -> list[DrillView]:
    """Up to `count` exercises of the viewer's city, newest first."""
    return _shown(connection, store.newest(connection, CityId(viewer.city_id), before, count))


def end_drill(connection: Connection, viewer: Viewer, drill_id: DrillId, now: datetime) -> DrillView:
    """The exercise, over; once more changes nothing. Raises `NotFound`."""
    found = store.drill(connection, drill_id)
    if found is None or (found.city_id != viewer.city_id and viewer.role is not Role.ADMINISTRATOR):
        raise NotFound
    store.end(connection, drill_id, now)
    ended = store.drill(connection, drill_id)
    assert ended is not None
    return _shown(connection, [ended])[0]


def drills_seen(connection: Connection, viewer: Viewer) -> list[DrillId]:
    """The exercises whose threads the viewer reads: who takes part, and the office of the city."""
    mine = store.drills_of(connection, viewer.account_id)
    if viewer.role in OFFICE:
        mine += [one.id for one in store.newest(connection, viewer.city_id, None, 100) if one.id not in mine]
    return mine


def _shown(connection: Connection, found: Sequence[Drill]) -> list[DrillView]:
    keys = [one.id for one in found]
    printed, people = store.numbers_of(connection, keys), store.people_of(connection, keys)
    return [DrillView(drill=one, numbers=printed.get(one.id, []), people=people.get(one.id, [])) for one in found]
