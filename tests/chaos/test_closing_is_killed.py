"""kill -9 in the middle of closing, again and again: no document is there twice, none is missing, no number is left out,
and the sums are those of the lines that contracts owe, worked out without any of it.

The number of kills is `MIMAMORI_TEST_KILLS` (10 unless told otherwise), for each of the two databases; on PostgreSQL two
processes close at once.
"""

import multiprocessing
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection, Engine

from app.billing import service
from app.billing.documents import drafts_of, sums
from app.billing.model import Payee, RunState
from app.billing.service.checking import wrong_documents
from app.billing.service.gathering import gather
from app.billing.store import runs
from app.billing.store.rows import document_of
from app.billing.tables import balance, document, document_line, issuer
from app.billing.totals import totals_of
from app.db.engine import FILE_NAME, open_engine
from app.kit.ids import CityId
from app.programmes.store import contracts
from bench.contracts import city_of, kobe, sapporo, wearers
from tests.chaos.closer import APRIL, close
from tests.contract.billing.build import MONTH, put
from tests.postgres import PostgresServer

KILLS = int(os.environ.get("MIMAMORI_TEST_KILLS", "10"))
SEED = int(os.environ.get("MIMAMORI_TEST_SEED", "20261130"))
CITY = CityId(282103)
WEARERS = 9 * KILLS
MOMENTS_MAX = 90
"""Of one page there are some fifty, of a document of a ward some thirty."""
PATIENCE_S = 120.0

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.chaos.closer", "app.db.postgres"])


@pytest.fixture(params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path: Path, postgres: PostgresServer
) -> Iterator[Path | str]:
    """A town on either database."""
    if request.param == "sqlite":
        shutil.copy(migrated_file, tmp_path / FILE_NAME)
        yield tmp_path
    else:
        with postgres.database() as url:
            yield url


@pytest.mark.chaos
def test_kill_9_while_a_month_is_closed_doubles_nothing_and_loses_nothing(place: Path | str) -> None:
    chance = random.Random(SEED)
    engine = open_engine(place)
    with engine.begin() as connection:
        furnish(connection)
    at_once = 1 if isinstance(place, Path) else 2
    close_and_kill(engine, place, chance, at_once, KILLS)
    with engine.begin() as connection:
        check(connection, rounds=1)
        make_dearer(connection)
    close_and_kill(engine, place, chance, at_once, KILLS // 2, everybody=True)
    with engine.begin() as connection:
        check(connection, rounds=2)
    engine.dispose()


def furnish(connection: Connection) -> None:
    """Half under the scheme of Kobe, some with turn-outs, half under that of Sapporo."""
    city_of(connection, CITY)
    put(connection, "alsok", CITY)
    put(connection, "contractor", CITY)
    some = wearers(connection, CITY, WEARERS)
    kobe(connection, CITY, some[::2], turn_outs=7)
    sapporo(connection, CITY, some[1::2])


def make_dearer(connection: Connection) -> None:
    """It comes out that Sapporo's price was another one all along: each of its documents is corrected."""
    for one in contracts.page(connection, CITY, None, WEARERS, APRIL.date(), APRIL.date()):
        if one.scheme == "sapporo":
            contracts.change(connection, replace(one, terms=replace(one.terms, amounts={"monthly": 2_640})))


def close_and_kill(
    engine: Engine, place: Path | str, chance: random.Random, at_once: int, kills: int, *, everybody: bool = False
) -> None:
    with engine.begin() as connection:
        run_id = service.begin(connection, CITY, MONTH, None, APRIL, everybody=everybody).id
    killed = 0
    for _ in range(kills):
        lives = [start(place, run_id, chance.randint(1, MOMENTS_MAX)) for _ in range(at_once)]
        for life in lives:
            life.join(PATIENCE_S)
            assert life.exitcode in (0, -9), "it is killed, or had nothing left to do"
            killed += life.exitcode == -9
    last = start(place, run_id, None)
    last.join(PATIENCE_S)

    assert 0 == last.exitcode
    assert kills // 2 <= killed, "most lives end before the work does"


def start(place: Path | str, run_id: UUID, moment: int | None):
    life = PROCESSES.Process(target=close, args=(place, run_id, moment))
    life.start()
    return life


def owed(connection: Connection) -> dict[Payee, int]:
    """What each payee owes by the contracts as they are now."""
    run = runs.last(connection, CITY, MONTH)
    assert run is not None
    found = gather(connection, replace(run, round=0, since=None, after=None), 10 * WEARERS)
    rounding = {row.code: row.rounding for row in connection.execute(sa.select(issuer))}
    return {
        one.payee: totals_of(sums(one.lines), rounding[one.payee.issuer]).total_yen for one in drafts_of(found.owed)
    }


def check(connection: Connection, rounds: int) -> None:
    rows = connection.execute(sa.select(document).order_by(document.c.issuer_code, document.c.number)).all()
    documents = [document_of(row) for row in rows]
    asked: Counter[Payee] = Counter()
    for one in documents:
        asked[one.payee] += one.totals.total_yen
    numbers = {code: [one.number for one in documents if one.payee.issuer == code] for code in ("alsok", "contractor")}
    again = Counter((one.payee, one.kind, one.round, one.corrects) for one in documents)
    returned = sa.select(document_line.c.returns).where(document_line.c.returns.is_not(None))
    returns = list(connection.execute(returned).scalars())
    run = runs.last(connection, CITY, MONTH)
    open_yen = connection.execute(sa.select(sa.func.sum(balance.c.open_yen))).scalar_one()

    assert run is not None
    assert (RunState.CLOSED, WEARERS, rounds - 1) == (run.state, run.wearers, run.round)
    assert owed(connection) == dict(asked)
    assert {1} == set(again.values())
    for code, given in numbers.items():
        assert list(range(1, len(given) + 1)) == given, code
    assert len(returns) == len(set(returns))
    assert sum(asked.values()) == int(open_yen)
    assert [] == wrong_documents(connection, None, None).wrong
    assert rounds == len({one.round for one in documents})
