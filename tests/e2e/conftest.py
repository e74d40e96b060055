"""The stage, set up fresh for each story."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.school import HALF_PAST_SEVEN, School, a_school
from tests.e2e.stage import Stage, a_stage


@pytest.fixture
async def stage(where: Path | str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(where, tmp_path) as stage:
        yield stage


@pytest.fixture
async def morning(where: Path | str, tmp_path: Path) -> AsyncIterator[Stage]:
    """The stage at half past seven on a school day."""
    async with a_stage(where, tmp_path, HALF_PAST_SEVEN) as stage:
        yield stage


@pytest.fixture
async def school(morning: Stage) -> School:
    return await a_school(morning)
