"""Two processes on one PostgreSQL: while one is amid a transaction, the other waits for it exactly where it must, and
then knows what it did.
"""

import asyncio
import threading
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts import service as accounts
from app.alerts.service import acting
from app.alerts.tables import alert, alert_cause, alert_history
from app.config import Settings
from app.db import intents, tables, units
from app.db.engine import Database
from app.db.locks import one_at_a_time
from app.devices import service as devices
from app.history import service as history
from app.households import service as households
from app.kit.errors import Conflict, NotFound, TooMany
from app.pipeline import process
from app.push import outbox
from app.push.model import AddressKind, Channel, Level
from app.push.tables import address
from app.tags import service as tags
from app.watch.movement.allowances import FineScope
from app.watch.tables import allowance
from tests.build import KAKOGAWA, NOW, a_fix, an_alarm, minutes, unit, viewer
from tests.contract.alerts.test_fine import strays
from tests.contract.history.street import Street, at, body, passages, street

pytestmark = pytest.mark.postgresql

Work = Callable[[Connection], Any]
PATIENCE_S = 10
IN_TURN = sorted(("one", "two"), key=lambda name: zlib.crc32(name.encode()))
"""Names in the order in which they are waited for."""


class Sides(Struct):
    """A street, and two processes that look after it."""

    one: Database
    other: Database
    here: Street

    async def meanwhile(self, first: Work, second: Work, *, waits: bool = True) -> Any:
        """What came of `second`, which begins while `first` has done its work and not committed yet; `waits` says
        whether it must wait for that.
        """
        with self.one.engine.connect() as connection:
            with connection.begin():
                first(connection)
                told = asyncio.ensure_future(asyncio.wait_for(self.other.write(second), PATIENCE_S))
                waited = await self._settled(told)
            assert waits is waited
            return await told

    async def _settled(self, told: "asyncio.Future[Any]") -> bool:
        """Whether somebody waits for a lock, as soon as that is known."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        while not told.done():
            if await self.one.read(lambda c: c.execute(sa.text(query)).scalar_one()):
                return True
            await asyncio.sleep(0)
        return False


@pytest.fixture
async def sides(database: Database) -> AsyncIterator[Sides]:
    here = await database.write(street)
    other = Database(database.engine.url.render_as_string(hide_password=False))
    other.start()
    yield Sides(database, other, here)
    await other.stop()


def rows(connection: Connection, query: sa.Select[Any]) -> list[Any]:
    return [tuple(row) for row in connection.execute(query)]


async def test_a_unit_that_two_digest_is_digested_once(sides: Sides) -> None:
    said = unit(sides.here.town.watch, a_fix(), an_alarm("sos"))
    await sides.meanwhile(lambda c: process(c, [said], NOW), lambda c: process(c, [said], NOW))

    assert 1 == len(await sides.one.read(lambda c: rows(c, sa.select(alert_cause.c.cause))))
    assert [] == await sides.one.read(lambda c: rows(c, sa.select(tables.dead_letter.c.error)))


async def test_a_dead_letter_that_two_replay_is_replayed_once(sides: Sides) -> None:
    said = unit(sides.here.town.watch, a_fix(), an_alarm("sos"))
    await sides.one.write(lambda c: units.bury(c, said, "a defect"))
    letter_id = (await sides.one.read(lambda c: units.dead_letters(c, None, 1)))[0].id

    def replay(connection: Connection) -> None:
        assert said == units.exhume(connection, letter_id, None)
        units.replayed(connection, letter_id, None, NOW)

    with pytest.raises(NotFound):
        await sides.meanwhile(replay, replay)


async def test_two_presses_at_once_of_one_who_was_never_heard_are_one_alert(sides: Sides) -> None:
    """Neither finds a state of hers, nor an alert."""
    presses = [unit(sides.here.town.watch, an_alarm("sos", at=NOW - minutes(number))) for number in (0, 3)]
    await sides.meanwhile(lambda c: process(c, presses[:1], NOW), lambda c: process(c, presses[1:], NOW))

    found = await sides.one.read(lambda c: rows(c, sa.select(alert.c.state)))
    assert [("open",)] == found
    assert 2 == len(await sides.one.read(lambda c: rows(c, sa.select(alert_cause.c.cause))))
    assert [] == await sides.one.read(lambda c: rows(c, sa.select(tables.dead_letter.c.error)))


async def test_what_two_hear_of_one_tag_at_one_pole_is_one_passage(sides: Sides) -> None:
    here = sides.here
    first, second = (body(here.gate, here.tag, [second]) for second in (0, 5))
    await sides.meanwhile(lambda c: process(c, [first], at(10)), lambda c: process(c, [second], at(10)))

    ((_, first_s, last_s, heard),) = await sides.one.read(passages)
    assert (0, 5, 2) == (first_s, last_s, heard)


async def test_a_passage_that_goes_on_is_not_closed_with_what_it_was(sides: Sides) -> None:
    here = sides.here
    await sides.one.write(lambda c: process(c, [body(here.gate, here.tag, [0])], at(1)))
    again = body(here.gate, here.tag, [20, 40], received=50)
    await sides.meanwhile(lambda c: process(c, [again], at(50)), lambda c: history.close_over(c, at(400)))

    ((_, first_s, last_s, heard),) = await sides.one.read(passages)
    assert (0, 40, 3) == (first_s, last_s, heard)


async def test_a_hand_over_is_waited_for_by_what_is_heard(sides: Sides) -> None:
    here = sides.here

    def given_back(connection: Connection) -> None:
        tags.release_tag(connection, here.tag.id, at(0))

    await sides.meanwhile(given_back, lambda c: process(c, [body(here.gate, here.tag, [10])], at(11)))
    query = sa.text("SELECT wearer_id FROM open_passage")

    assert [None] == await sides.one.read(lambda c: list(c.execute(query).scalars()))


async def test_lines_of_alerts_are_numbered_in_the_order_of_their_commits(sides: Sides) -> None:
    """A reader who has seen number 2 must not find a number 1 afterwards."""
    here = sides.here.town

    def other_wearer(connection: Connection) -> Any:
        home = households.create_household(connection, KAKOGAWA, "田中", [here.outsider.id], NOW)
        ito = households.create_wearer(connection, home.id, "伊藤 イト", now=NOW)
        watch, _ = devices.enrol(
            connection, city_id=KAKOGAWA, format="watch", external_id="9999999999", name="二台目", now=NOW
        )
        devices.assign(connection, watch.id, ito.id, now=NOW)
        return watch

    watch = await sides.one.write(other_wearer)
    pressed = unit(watch, an_alarm("sos", device="9999999999"))
    await sides.meanwhile(
        lambda c: process(c, [unit(here.watch, an_alarm("sos"))], NOW), lambda c: process(c, [pressed], NOW)
    )
    query = sa.select(alert.c.wearer_id).join(alert_history, alert_history.c.alert_id == alert.c.id)
    order = await sides.one.read(lambda c: list(c.execute(query.order_by(alert_history.c.number)).scalars()))

    assert here.hana.id == order[0]
    assert 2 == len(set(order))


async def test_of_two_who_take_an_alert_one_has_it(sides: Sides) -> None:
    here = sides.here.town
    await sides.one.write(lambda c: process(c, [unit(here.watch, an_alarm("sos"))], NOW))
    (alert_id,) = await sides.one.read(lambda c: list(c.execute(sa.select(alert.c.id)).scalars()))

    def taken_by(one: Any) -> Work:
        return lambda c: acting.acknowledge(c, viewer(one), alert_id, NOW)

    with pytest.raises(Conflict):
        await sides.meanwhile(taken_by(here.daughter), taken_by(here.son))
    assert [(here.daughter.id,)] == await sides.one.read(lambda c: rows(c, sa.select(alert.c.acknowledged_by)))


async def test_what_two_say_is_fine_at_once_was_said_once(sides: Sides) -> None:
    here = sides.here.town
    one = await sides.one.write(lambda c: strays(c, here))

    def fine_to(who: Any) -> Work:
        return lambda c: acting.fine(c, viewer(who), one.id, FineScope.HERE, NOW)

    await sides.meanwhile(fine_to(here.daughter), fine_to(here.son))
    assert [(here.daughter.id,)] == await sides.one.read(lambda c: rows(c, sa.select(allowance.c.said_by)))
    assert [(here.daughter.id,)] == await sides.one.read(lambda c: rows(c, sa.select(alert.c.ended_by)))


async def test_evidence_that_comes_while_somebody_takes_the_alert_is_kept(sides: Sides) -> None:
    here = sides.here.town
    await sides.one.write(lambda c: process(c, [unit(here.watch, an_alarm("sos"))], NOW))
    (alert_id,) = await sides.one.read(lambda c: list(c.execute(sa.select(alert.c.id)).scalars()))
    again = unit(here.watch, an_alarm("sos", at=NOW + minutes(2)), received_at=NOW + minutes(2))
    await sides.meanwhile(
        lambda c: acting.acknowledge(c, viewer(here.daughter), alert_id, NOW),
        lambda c: process(c, [again], NOW + minutes(2)),
    )
    ((state, reasons),) = await sides.one.read(lambda c: rows(c, sa.select(alert.c.state, alert.c.reasons)))

    assert ("acknowledged", 2) == (state, len(reasons))


async def test_a_message_is_sent_by_one_and_what_is_about_the_same_waits(sides: Sides) -> None:
    (address_id,) = await sides.one.read(lambda c: list(c.execute(sa.select(address.c.id).limit(1)).scalars()))

    def put(name: str) -> Work:
        return lambda c: outbox.put(
            c, city_id=KAKOGAWA, channel=Channel.FCM, address_id=address_id, unique_key=name, kind="alert.sos",
            level=Level.URGENT, about="alert:1", params={}, now=NOW, expires_at=NOW + minutes(60),
        )  # fmt: skip

    await sides.one.write(put("first"))

    def claimed(connection: Connection) -> None:
        assert 1 == len(outbox.claim(connection, Channel.FCM, NOW))

    assert [] == await sides.meanwhile(claimed, lambda c: outbox.claim(c, Channel.FCM, NOW))
    await sides.one.write(put("second"))
    assert [] == await sides.other.write(lambda c: outbox.claim(c, Channel.FCM, NOW))
    later = NOW + minutes(1)  # Whoever had it never came back.
    assert 1 == len(await sides.other.write(lambda c: outbox.claim(c, Channel.FCM, later)))


async def test_who_looks_for_messages_and_finds_none_holds_nobody_up(sides: Sides) -> None:
    """A look may share its transaction with a large batch of units."""
    assert [] == await sides.meanwhile(
        lambda c: outbox.claim(c, Channel.FCM, NOW), lambda c: outbox.claim(c, Channel.FCM, NOW), waits=False
    )


async def test_an_intent_is_carried_out_by_one_and_the_other_goes_on(sides: Sides) -> None:
    await sides.one.write(lambda c: intents.intend(c, "sight_lost", "a", {}, NOW))

    def carried_out(connection: Connection) -> None:
        assert 1 == len(intents.due(connection, NOW))

    assert [] == await sides.meanwhile(carried_out, lambda c: intents.due(c, NOW), waits=False)


async def test_an_intent_that_lost_against_another_process_is_begun_anew_and_not_put_off(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def carry(connection: Connection, _payload: Any, _now: Any) -> None:
        tries.append(connection)
        for name in reversed(IN_TURN):
            one_at_a_time(connection, name)

    monkeypatch.setitem(jobs.INTENTS, "test", carry)
    await sides.one.write(lambda c: intents.intend(c, "test", "a", {}, NOW))

    await sides.meanwhile(lambda c: one_at_a_time(c, IN_TURN[0]), lambda c: jobs.carry_out_intents(c, Settings(), NOW))

    kept = sa.select(tables.intent.c.done_at, tables.intent.c.attempts)
    assert [(NOW, 0)] == await sides.one.read(lambda c: [tuple(row) for row in c.execute(kept)])
    assert 2 == len(tries)


async def test_guesses_at_once_are_counted_one_after_another(sides: Sides) -> None:
    def guess(connection: Connection) -> None:
        accounts.open_attempt(connection, "daughter@example.org", "192.0.2.1", NOW)

    for _ in range(4):
        await sides.one.write(guess)
    with pytest.raises(TooMany):
        await sides.meanwhile(guess, guess)


async def test_a_phone_that_two_register_at_once_is_the_second_ones_alone(sides: Sides) -> None:
    here = sides.here.town

    def register(one: Any) -> Work:
        return lambda c: accounts.add_address(c, one.id, Channel.FCM, AddressKind.TOKEN, "new phone", "ja", NOW)

    await sides.meanwhile(register(here.daughter), register(here.son))
    owners = await sides.one.read(lambda c: accounts.addresses_of(c, [here.daughter.id, here.son.id]))

    assert {here.daughter.id: 0, here.son.id: 1} == {
        key: sum(one.value == "new phone" for one in found) for key, found in owners.items()
    }


async def test_who_is_hidden_while_a_contact_agrees_is_not_placed_for_her(sides: Sides) -> None:
    here = sides.here.town
    contacts = await sides.one.read(lambda c: households.contacts_that_are(c, viewer(here.son)))

    def protected(connection: Connection) -> None:
        households.protect(connection, here.hana.id, here.son.name, account_id=here.son.id, by=here.clerk.id, now=NOW)

    with pytest.raises(NotFound):
        await sides.meanwhile(
            protected, lambda c: households.share_place(c, viewer(here.son), contacts[0].id, True, NOW)
        )


async def test_a_device_is_not_handed_to_one_who_ends_meanwhile(sides: Sides) -> None:
    here = sides.here.town

    def ended(connection: Connection) -> None:
        households.end_wearer(connection, viewer(here.daughter), here.hana.id, NOW)

    with pytest.raises(NotFound):
        await sides.meanwhile(ended, lambda c: devices.assign(c, here.watch.id, here.hana.id, now=NOW))


def crossing(hold: Callable[[Connection, str], object]) -> tuple[Callable[[str, str], Work], list[str]]:
    """Makes work that holds two names one after the other, the second only when somebody else holds it (the first
    time); and the first names of those that began.
    """
    both_hold_one = threading.Barrier(2)
    begun: list[str] = []

    def in_order(first: str, second: str) -> Work:
        def work(connection: Connection) -> str:
            begun.append(first)
            hold(connection, first)
            with suppress(threading.BrokenBarrierError):
                both_hold_one.wait(PATIENCE_S)
            both_hold_one.abort()
            hold(connection, second)
            return first

        return work

    return in_order, begun


async def test_who_loses_a_deadlock_begins_anew_and_nobody_hears_of_it(sides: Sides) -> None:
    names = ("a", "b")

    def beat(connection: Connection, name: str) -> None:
        connection.execute(sa.update(tables.heartbeat).where(tables.heartbeat.c.name == name).values(at=NOW))

    in_order, begun = crossing(beat)
    moments = {"at": NOW, "up_since": NOW, "down_since": NOW}
    await sides.one.write(lambda c: c.execute(sa.insert(tables.heartbeat), [{"name": one, **moments} for one in names]))
    outcomes = await asyncio.gather(sides.one.write(in_order("a", "b")), sides.other.write(in_order("b", "a")))

    assert ["a", "b"] == outcomes
    assert 3 == len(begun), "one of the two began twice"


async def test_who_waits_for_names_in_opposite_order_does_not_wait_for_the_server_to_notice(database: Database) -> None:
    in_order, begun = crossing(one_at_a_time)
    url = database.engine.url.update_query_dict({"options": "-c deadlock_timeout=1h"})
    databases = [Database(url.render_as_string(hide_password=False)) for _ in range(2)]
    for one in databases:
        one.start()
    works = zip(databases, (in_order("a", "b"), in_order("b", "a")), strict=True)
    outcomes = await asyncio.wait_for(asyncio.gather(*(one.write(work) for one, work in works)), PATIENCE_S)
    for one in databases:
        await one.stop()

    assert ["a", "b"] == outcomes
    assert 3 == len(begun), "one of the two began twice"


async def test_many_bodies_and_positions_through_two_processes_are_what_they_are_through_one(sides: Sides) -> None:
    here = sides.here

    def digest(connection: Connection, arrived: Any) -> Any:
        return process(connection, arrived, at(3_000))

    async def say(number: int) -> None:
        side = sides.one if number % 2 else sides.other
        second = 10 * number
        said = [
            body(pole, here.tag, [second + shift], received=3_000)
            for shift, pole in enumerate((here.gate, here.corner))
        ]
        fix = unit(here.town.watch, a_fix(at=at(second)), received_at=at(3_000), stamp=number)
        await asyncio.gather(*(side.write_item(digest, one) for one in (*said, fix)))

    await asyncio.gather(*(say(number) for number in range(100)))
    found = await sides.one.read(passages)
    positions = await sides.one.read(lambda c: c.execute(sa.text("SELECT count(*) FROM position")).scalar_one())

    assert sorted([(0, 990, 100), (1, 991, 100)]) == sorted(row[1:] for row in found)
    assert positions == 100
    assert [] == await sides.one.read(lambda c: rows(c, sa.select(tables.dead_letter.c.error)))
