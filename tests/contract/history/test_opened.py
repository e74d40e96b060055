"""What is kept in memory of open passages is what the table says, whoever changed it and whatever failed."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.session import savepoint
from app.history import service
from app.history.going import Going
from app.history.store import opened
from app.history.tables import open_passage
from app.pipeline import process
from beacon_ingest.messages import DetectorUnit
from tests.contract.history.street import Street, at, body, passages, street


@pytest.fixture
def here(connection: Connection) -> Street:
    return street(connection)


def feed(connection: Connection, *units: DetectorUnit) -> None:
    for one in units:
        process(connection, [one], one.received_at)


def kept(connection: Connection, here: Street) -> dict[bytes, Going]:
    key = (here.tag.city_id, here.tag.id.bytes)
    return dict(opened.of(connection, [key])[key])


def stored(connection: Connection, here: Street) -> dict[bytes, tuple[int, int]]:
    """Anew from the table: of each detector when the passage began and was last heard."""
    rows = connection.execute(sa.select(open_passage).where(open_passage.c.tag_id == here.tag.id))
    return {row.detector_id.bytes: (int(row.opened_at.timestamp()), int(row.last_at.timestamp())) for row in rows}


def spans(found: dict[bytes, Going]) -> dict[bytes, tuple[int, int]]:
    return {key: (one.first_s, one.last_s) for key, one in found.items()}


def test_each_change_is_known(connection: Connection, here: Street) -> None:
    told = [
        body(here.gate, here.tag, [0, 5]),
        body(here.corner, here.tag, [3]),
        body(here.gate, here.tag, [40]),
        body(here.gate, here.tag, [125]),
        body(here.far, here.tag, [130]),
        body(here.corner, here.tag, [1], received=140),
    ]
    for unit in told:
        feed(connection, unit)
        assert stored(connection, here) == spans(kept(connection, here))
    service.close_over(connection, at(3_000))
    assert {} == stored(connection, here) == spans(kept(connection, here))


def test_what_a_failed_transaction_did_is_forgotten(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 5]))
    before = kept(connection, here)

    def fails() -> None:
        with savepoint(connection):
            feed(connection, body(here.gate, here.tag, [30]), body(here.corner, here.tag, [30]))
            assert before != kept(connection, here)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()

    assert before == kept(connection, here)
    feed(connection, body(here.gate, here.tag, [20]))
    assert [(20, 3)] == [(one[2], one[3]) for one in passages(connection)]


def test_doubt_is_known(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 30]), body(here.far, here.tag, [60]))

    assert [True, True] == [one.doubtful for one in kept(connection, here).values()]
