"""One world for a file of tests; what a test changes it takes back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.engine import FILE_NAME
from tests.contract.permissions.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[World]:
    # On SQLite alone: who may see whom is asked by the stores, which are tried on both (`contract/households`).
    folder = tmp_path_factory.mktemp("permissions")
    shutil.copy(migrated_file, folder / FILE_NAME)
    world = World(folder)
    yield world
    world.database.close()
