"""Fixtures for every kind of test. The tables are made once by the real migrations and the file, or the database of
PostgreSQL, is copied for each test.
"""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from hypothesis import settings
from sqlalchemy.engine import Connection, Engine

from app.db.engine import FILE_NAME, Database, sqlite_engine
from app.db.postgres import postgres_engine
from app.migrations.run import upgrade
from tests import guard, once, statements
from tests.postgres import PostgresServer, running_postgres

DIALECTS = ("sqlite", "postgresql")
ON_BOTH = (
    "contract/accounts/", "contract/alerts/", "contract/billing/", "contract/devices/", "contract/geo/", "contract/history/",
    "contract/dispatch/", "contract/hooks/", "contract/households/", "contract/missing/", "contract/programmes/", "contract/push/", "contract/stickers/", "contract/tags/", "contract/watch/", "contract/test_jobs.py",
    "contract/test_migrations.py", "contract/test_pipeline.py", "contract/test_versions.py", "contract/test_writer.py", "contract/upgrade/", "e2e/",
)  # fmt: skip

MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 * 1024**3


def _configured(configure: Callable[..., None], **given: Any) -> None:
    configure(**given | {"cache_logger_on_first_use": False})


# A machine that is busy with something else is no failure, and no run may depend on what an earlier one found.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")

statements.keep()
once.keep()

# A service keeps what its first line of log is made with; a test that looks at lines after another one that started a
# service in the same process would see none.
structlog.configure = partial(_configured, structlog.configure)


def pytest_configure(config: pytest.Config) -> None:
    """From here on the process is watched; what there is to say goes where it is seen, since nothing is captured yet."""
    said_to = os.dup(2)
    over = guard.watch(said_to)
    config.add_cleanup(lambda: (over.set(), os.close(said_to)))


def pytest_collection_finish() -> None:
    """What there is by now stays until the end: Python need not look through it again and again for what does not."""
    if "app.asgi" in sys.modules:
        from tests import webs  # It loads half of the house, for which whoever runs one small file need not wait.

        webs.keep()
        once.keep_papers()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A test that starts a service says which lines there are; the next one does not go by that."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows."""
    folder = tmp_path_factory.mktemp("migrated")
    engine = sqlite_engine(folder)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    return folder / FILE_NAME


@pytest.fixture(scope="session")
def memory() -> Path | None:
    """Where databases lie in memory, if there is enough of it: to make, fill and drop one takes a quarter of the time
    without a disk to sync, and no test of one process cuts the power.
    """
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN else None


@pytest.fixture
def data_folder(migrated_file: Path, memory: Path | None, tmp_path: Path) -> Iterator[Path]:
    """A folder with a fresh database, which is `data` in the folder of the test wherever it lies."""
    folder = tmp_path / "data"
    with tempfile.TemporaryDirectory(prefix="mimamori-data-", dir=memory, ignore_cleanup_errors=True) as place:
        folder.symlink_to(place)
        shutil.copy(migrated_file, folder / FILE_NAME)
        yield folder


@pytest.fixture(scope="session")
def postgres(memory: Path | None) -> Iterator[PostgresServer]:
    """A PostgreSQL of this test process."""
    with running_postgres("max_wal_size = 256MB\n", place=memory) as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The suites of stores, pipeline, alerts and stories run on both dialects, but for tests marked for one alone."""
    if "dialect" not in metafunc.fixturenames:
        return
    alone = [one for one in DIALECTS if metafunc.definition.get_closest_marker(one)]
    if alone or is_for_both(metafunc.definition.path):
        metafunc.parametrize("dialect", alone or DIALECTS, indirect=True)


def is_for_both(path: Path) -> bool:
    """Whether the tests of a file run on both dialects."""
    return path.relative_to(Path(__file__).parent).as_posix().startswith(ON_BOTH)


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    """The dialect that a test runs on: SQLite unless its suite is one of those for both."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def where(dialect: str, request: pytest.FixtureRequest) -> Iterator[Path | str]:
    """A fresh database: the folder of a file, or a URL."""
    if dialect == "sqlite":
        yield request.getfixturevalue("data_folder")
    else:
        with request.getfixturevalue("postgres").database() as url:
            yield url


@pytest.fixture(scope="module", params=DIALECTS)
def shared_where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | str]:
    """A fresh database of each dialect for all tests of a file."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("shared")
        shutil.copy(request.getfixturevalue("migrated_file"), folder / FILE_NAME)
        yield folder
    else:
        with request.getfixturevalue("postgres").database() as url:
            yield url


@contextmanager
def _never_committed(engine: Engine) -> Iterator[Engine]:
    """The engine of a database that many tests share, since none of them leaves anything in it."""

    @sa.event.listens_for(engine, "commit")
    def refuse(_: Connection) -> None:
        raise AssertionError("The fixture `connection` is for tests that commit nothing; take `database` or `where`.")

    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def empty_sqlite(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A SQLite file that stays without rows."""
    folder = tmp_path_factory.mktemp("empty")
    shutil.copy(migrated_file, folder / FILE_NAME)
    with _never_committed(sqlite_engine(folder)) as engine:
        yield engine


@pytest.fixture(scope="session")
def empty_postgresql(postgres: PostgresServer) -> Iterator[Engine]:
    """A database of PostgreSQL that stays without rows."""
    with _never_committed(postgres_engine(postgres.empty)) as engine:
        yield engine


@pytest.fixture
def connection(dialect: str, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """An open transaction on a database without rows; nothing of it stays."""
    shared: Engine = request.getfixturevalue(f"empty_{dialect}")
    engine = shared.execution_options()  # Another one over the same pool: what is kept for an engine is of one test.
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()
        connection.info.clear()  # What was noted beside it: hints, and which versions of rows were there.


@pytest.fixture
async def database(where: Path | str) -> AsyncIterator[Database]:
    """A started `Database` on a fresh store."""
    database = Database(where)
    database.start()
    yield database
    await database.stop()
