"""A town for what all answers have in common."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.web import Town, town


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one
