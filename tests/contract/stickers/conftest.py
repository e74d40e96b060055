"""A street for the tests of pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stickers.street import Street, a_street


@pytest.fixture
def street(where: Path | str) -> Iterator[Street]:
    """The street, the application running."""
    with a_street(where) as one:
        yield one
