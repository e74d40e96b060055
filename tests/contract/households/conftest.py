"""The cast, on a fresh database."""

import pytest
from sqlalchemy.engine import Connection

from tests.contract.households.cast import Cast


@pytest.fixture
def cast(connection: Connection) -> Cast:
    return Cast(connection)
