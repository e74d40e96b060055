"""The stage, set up fresh for each story."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.stage import Stage, a_stage


@pytest.fixture
async def stage(data_folder: Path) -> AsyncIterator[Stage]:
    async with a_stage(data_folder) as stage:
        yield stage
