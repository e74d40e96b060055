"""Hana, who wears a watch, and who may and may not see where she is."""

import pytest
from sqlalchemy.engine import Connection

from tests.build import Town, town


@pytest.fixture
def cast(connection: Connection) -> Town:
    return town(connection)
