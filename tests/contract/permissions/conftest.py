"""One world for a file of tests, on each dialect; what a test changes it takes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.permissions.world import World


@pytest.fixture(scope="module")
def world(shared_where: Path | str) -> Iterator[World]:
    world = World(shared_where)
    yield world
    world.database.close()
