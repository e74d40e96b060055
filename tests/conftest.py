"""Fixtures for every kind of test. The tables are made once by the real migrations and the file is copied for each
test.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy.engine import Connection

from app.db.engine import FILE_NAME, Database, sqlite_engine
from app.migrations.run import upgrade

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


@pytest.fixture
def connection(migrated_file: Path, tmp_path: Path) -> Iterator[Connection]:
    """An open transaction on a fresh database of its own; nothing of it stays."""
    folder = tmp_path / "connection"
    folder.mkdir()
    shutil.copy(migrated_file, folder / FILE_NAME)
    engine = sqlite_engine(folder)
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()
    engine.dispose()


@pytest.fixture
async def database(data_folder: Path) -> AsyncIterator[Database]:
    """A started `Database` on a fresh file."""
    database = Database(data_folder)
    database.start()
    yield database
    await database.stop()
