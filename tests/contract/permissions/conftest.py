"""One world for a file of tests; what a test changes it takes back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.permissions.world import World


@pytest.fixture(scope="module")
def world(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(migrated_file, folder)
    world = World(folder)
    yield world
    world.database.close()
