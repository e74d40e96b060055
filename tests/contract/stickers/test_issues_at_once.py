"""Two processes take applications of one wearer, and give the same stickers to two wearers, at the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.households import service as households
from app.kit.errors import Conflict
from app.kit.ids import WearerId
from app.programmes import service as programmes
from app.programmes.register import Applicant
from app.stickers.issuing import Asked, Issue, Kind
from app.stickers.model import StickerState
from app.stickers.schemes import Way
from app.stickers.service import issues
from app.stickers.tables import sticker
from tests.build import NOW, Town, town, viewer
from tests.contract.stickers.build import a_sticker

BY_HER = {"applied_by": Applicant.HERSELF, "applicant": "", "consent_by": None, "consent_on": None}
COUNT = 6


@pytest.fixture
def databases(where: Path | str) -> Iterator[list[Database]]:
    found = [Database(where), Database(where)]
    yield found
    for one in found:
        one.engine.dispose()


@pytest.fixture
def here(databases: list[Database]) -> Town:
    with databases[0].transaction() as connection:
        here = town(connection)
        for place in range(COUNT):
            a_sticker(connection, here, number=f"AA000{place}", state=StickerState.STOCK)
        return here


def in_network(connection: Connection, here: Town, wearer_id: WearerId) -> None:
    programmes.enter_network(connection, viewer(here.clerk), wearer_id, None, None, {**BY_HER}, NOW)


def apply(connection: Connection, here: Town, wearer_id: WearerId, wanted: int) -> Issue:
    asked = Asked(kind=Kind.FIRST, way=Way.DESK, wanted=wanted)
    return issues.apply(connection, viewer(here.clerk), wearer_id, asked, BY_HER, NOW)


def at_once(databases: list[Database], work: Callable[[Connection, int], Any]) -> list[bool]:
    def go(number: int) -> bool:
        try:
            with databases[number % 2].transaction() as connection:
                work(connection, number)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(go, range(24)))


def test_one_application_is_open_at_a_time(databases: list[Database], here: Town) -> None:
    with databases[0].transaction() as connection:
        in_network(connection, here, here.hana.id)
    done = at_once(databases, lambda connection, number: apply(connection, here, here.hana.id, 10 + number % 3))

    with databases[0].transaction() as connection:
        kept = issues.issues_of(connection, viewer(here.clerk), here.hana.id, NOW)
    assert 1 == len(kept)
    assert 8 == sum(done)  # The same application again is the one that is open.


def test_a_sticker_is_one_wearers(databases: list[Database], here: Town) -> None:
    with databases[0].transaction() as connection:
        fumi = households.create_wearer(connection, here.hana.household_id, "Fumi", now=NOW)
        wearers = [here.hana.id, fumi.id]
        for one in wearers:
            in_network(connection, here, one)
        open_ones = [apply(connection, here, one, COUNT) for one in wearers]

    def give(connection: Connection, number: int) -> None:
        spans = ["AA0000-AA0003"] if number % 2 else ["AA0003-AA0005", "AA0002"]
        issues.hand_over(connection, viewer(here.clerk), open_ones[number % 2].id, spans, "at the desk", NOW)

    done = at_once(databases, give)
    with databases[0].transaction() as connection:
        query = sa.select(sticker.c.number, sticker.c.wearer_id).where(sticker.c.state == StickerState.ISSUED)
        given = connection.execute(query).all()

    assert 1 == sum(done)
    assert 1 == len({row.wearer_id for row in given})
    assert 4 == len(given)
