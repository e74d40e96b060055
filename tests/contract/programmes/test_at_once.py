"""Two processes enter and reopen contracts of one wearer at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from app.db.engine import Database
from app.kit.errors import Conflict
from app.programmes import catalogue
from app.programmes import service as programmes
from app.programmes.model import Terms
from tests.build import NOW, Town, town, viewer


@pytest.fixture
def databases(where: Path | str) -> Iterator[list[Database]]:
    found = [Database(where), Database(where)]
    yield found
    for one in found:
        one.engine.dispose()


@pytest.fixture
def here(databases: list[Database]) -> Town:
    with databases[0].transaction() as connection:
        programmes.publish(connection, catalogue.packaged().values(), NOW)
        return town(connection)


def test_a_contract_that_is_entered_and_reopened_at_once_holds_once(databases: list[Database], here: Town) -> None:
    clerk = viewer(here.clerk)
    ended = Terms(scheme="kobe", contracted_on=date(2026, 1, 1), ended_on=date(2026, 3, 1))
    with databases[0].transaction() as connection:
        old = programmes.enter(connection, clerk, here.hana.id, ended, False, NOW).contract

    def go(number: int) -> bool:
        try:
            with databases[number % 2].transaction() as connection:
                if number % 3:
                    last = date(2027, 3, 1) if number % 3 == 1 else None
                    terms = Terms(scheme="kobe", contracted_on=date(2026, 4, 1), ended_on=last)
                    programmes.enter(connection, clerk, here.hana.id, terms, False, NOW)
                else:
                    programmes.change(connection, clerk, old.id, {"ended_on": None}, None, "again", NOW)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(go, range(24)))
    with databases[0].transaction() as connection:
        known = [one.contract for one in programmes.contracts_of(connection, clerk, here.hana.id, NOW)]

    assert any(done)
    assert 1 == sum(one.holds_on(date(2026, 6, 1)) for one in known)
