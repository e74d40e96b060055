"""Fixtures for every kind of test. The tables are made once by the real migrations and the file, or the database of
PostgreSQL, is copied for each test.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy.engine import Connection

from app.db.engine import FILE_NAME, Database, sqlite_engine
from app.db.postgres import postgres_engine
from app.migrations.run import upgrade
from tests.postgres import PostgresServer, running_postgres

DIALECTS = ("sqlite", "postgresql")
ON_BOTH = (
    "contract/accounts/", "contract/alerts/", "contract/billing/", "contract/devices/", "contract/geo/", "contract/history/",
    "contract/dispatch/", "contract/hooks/", "contract/households/", "contract/missing/", "contract/programmes/", "contract/push/", "contract/tags/", "contract/watch/", "contract/test_jobs.py",
    "contract/test_migrations.py", "contract/test_pipeline.py", "contract/test_versions.py", "contract/test_writer.py", "contract/upgrade/", "e2e/",
)  # fmt: skip

MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 * 1024**3

# A machine that is busy with something else is no failure, and no run may depend on what an earlier one found.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows."""
    folder = tmp_path_factory.mktemp("migrated")
    engine = sqlite_engine(folder)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    return folder / FILE_NAME


@pytest.fixture
def data_folder(migrated_file: Path, tmp_path: Path) -> Path:
    """A folder with a fresh database."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated_file, folder / FILE_NAME)
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test process, in memory where there is enough of it: to make and drop a database takes a
    quarter of the time without a disk to sync, and no test of one process cuts the power.
    """
    place = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN else None
    with running_postgres("max_wal_size = 256MB\n", place=place) as server:
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


@pytest.fixture
def connection(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """An open transaction on a database without rows; nothing of it stays."""
    if dialect == "sqlite":
        folder = tmp_path / "connection"
        folder.mkdir()
        shutil.copy(request.getfixturevalue("migrated_file"), folder / FILE_NAME)
        engine = sqlite_engine(folder)
    else:
        engine = postgres_engine(request.getfixturevalue("postgres").empty)
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()
    engine.dispose()


@pytest.fixture
async def database(where: Path | str) -> AsyncIterator[Database]:
    """A started `Database` on a fresh store."""
    database = Database(where)
    database.start()
    yield database
    await database.stop()
