"""What an error says on PostgreSQL, which tells values in a line of its own."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.tables import city
from app.db.errors import plain
from tests.build import KAKOGAWA, NOW

pytestmark = pytest.mark.postgresql


def test_an_error_says_the_rule_that_was_broken_and_no_values(connection: Connection) -> None:
    accounts.create_city(connection, city_id=KAKOGAWA, name="加古川市", zone="Asia/Tokyo", now=NOW)
    with pytest.raises(sa.exc.IntegrityError) as caught:
        connection.execute(sa.insert(city).values(id=KAKOGAWA, name="x", zone="y", created_at=NOW))

    assert plain(caught.value) == 'UniqueViolation: duplicate key value violates unique constraint "pk_city"'
