"""The stage, set up fresh for each story."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.school import HALF_PAST_SEVEN, School, a_school
from tests.e2e.stage import Stage, a_stage


@pytest.fixture
async def stage(data_folder: Path) -> AsyncIterator[Stage]:
    async with a_stage(data_folder) as stage:
        yield stage


@pytest.fixture
async def morning(data_folder: Path) -> AsyncIterator[Stage]:
    """The stage at half past seven on a school day."""
    async with a_stage(data_folder, HALF_PAST_SEVEN) as stage:
        yield stage


@pytest.fixture
async def school(morning: Stage) -> School:
    return await a_school(morning)
