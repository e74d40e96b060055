"""What is kept in memory of states between transactions is what the table says, whoever changed it and whatever
failed.
"""

import pytest
import sqlalchemy as sa

from app.db.session import savepoint
from app.db.tables import dead_letter
from app.pipeline import process
from app.watch import service as watch
from app.watch import store
from app.watch.catalogue import decode_state
from app.watch.model import WatchState
from app.watch.tables import watch_state
from tests.contract.history.street import body
from tests.contract.watch.conftest import School


def passes(school: School, minute: int) -> None:
    """Her tag is heard at the east gate in this minute of the story."""
    unit = body(school.east, school.tag, [60 * minute])
    process(school.connection, [unit], unit.received_at)


def known(school: School) -> WatchState:
    """As the rules would be given it; saved as it is, so that it is kept again."""
    kept = watch.load(school.connection, {school.town.hana.id: school.town.hana.city_id})
    (one,) = kept.values()
    store.save(school.connection, [one], [one.due_at])
    return one.state


def stored(school: School) -> WatchState:
    """Anew from the table."""
    query = sa.select(watch_state.c.state).where(watch_state.c.subject_id == school.town.hana.id)
    return decode_state(school.connection.execute(query).scalar_one())


def test_each_change_is_known(school: School) -> None:
    for number in (0, 15, 30):
        passes(school, number)
        assert stored(school) == known(school)
    assert 3 == len(known(school).told)


def test_what_a_failed_transaction_did_is_forgotten(school: School) -> None:
    passes(school, 0)
    before = stored(school)

    def fails() -> None:
        with savepoint(school.connection):
            passes(school, 15)
            assert before != known(school)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()

    assert before == known(school)


def test_what_was_changed_and_not_saved_is_forgotten(school: School) -> None:
    passes(school, 0)
    before = stored(school)
    kept = watch.load(school.connection, {school.town.hana.id: school.town.hana.city_id})
    kept[school.town.hana.id].state.told.clear()

    assert before == known(school)


def test_another_process_that_says_nothing_is_noticed(school: School) -> None:
    """One of an earlier version: it counts the state's version up, as all do, and knows of no memory."""
    passes(school, 0)
    school.connection.execute(sa.update(watch_state).values(version=watch_state.c.version + 1, state=b"\x80"))

    passes(school, 15)

    assert [] == school.connection.execute(sa.select(dead_letter)).all()
    assert 1 == len(stored(school).told)
    assert stored(school) == known(school)
