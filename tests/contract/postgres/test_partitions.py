"""History lies in months on PostgreSQL: made ahead, found by every row however late, dropped as wholes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.config import Settings
from app.db.engine import Database, open_engine
from app.history import service
from app.history.store import partitions
from app.history.tables import position
from app.kit.ids import DeviceId, new_id
from tests.build import NOW
from tests.contract.history.build import a_position
from tests.postgres import PostgresServer

pytestmark = pytest.mark.postgresql

DAY = timedelta(days=1)


def where_they_lie(connection: Connection) -> Mapping[str, int]:
    """How many positions each table of a month holds."""
    query = "SELECT tableoid::regclass::text AS name, count(*) AS number FROM position GROUP BY 1"
    return {row.name: row.number for row in connection.execute(sa.text(query))}


def tables(connection: Connection, begins: str = "position_") -> list[str]:
    return [one for one in sorted(sa.inspect(connection).get_table_names()) if one.startswith(begins)]


def keep(connection: Connection, *days: float) -> None:
    device_id = DeviceId(new_id())
    service.append(connection, [a_position(device_id, minutes=day * 1440) for day in days])


def test_the_months_that_retention_keeps_and_two_ahead_are_there(connection: Connection) -> None:
    months = ["2026_01", "2026_02", "2026_03", "2026_04", "2026_05", "2026_06"]

    assert [*(f"position_{month}" for month in months), "position_default"] == tables(connection)
    assert [*(f"passage_{month}" for month in months), "passage_default"] == tables(connection, "passage_")
    assert [] == partitions.make(connection, NOW - 90 * DAY, NOW)


def test_the_job_makes_the_next_one_in_time(connection: Connection) -> None:
    jobs.make_room(connection, Settings(), NOW + 31 * DAY)

    assert {"position_2026_07", "passage_2026_07"} == {
        one for one in tables(connection, "p") if one.endswith("2026_07")
    }


def test_each_row_lies_in_its_month_and_what_fits_into_none_is_kept_too(connection: Connection) -> None:
    """The watch that believes in 1970, and the one that is years ahead."""
    keep(connection, -80, -1, 0, 40, -20_000, 3_000)

    assert {
        "position_2026_01": 1, "position_2026_03": 1, "position_2026_04": 1, "position_2026_05": 1,
        "position_default": 2,
    } == where_they_lie(connection)  # fmt: skip


def test_what_waited_in_the_default_table_moves_when_its_month_is_made(connection: Connection) -> None:
    keep(connection, 100, 101, 3_000)
    assert {"position_default": 3} == where_they_lie(connection)
    made = partitions.make(connection, NOW, NOW + 70 * DAY)

    assert "position_2026_07" in made
    assert {"position_2026_07": 2, "position_default": 1} == where_they_lie(connection)


def test_a_month_begins_with_its_first_moment_in_utc(connection: Connection) -> None:
    first = datetime(2026, 5, 1, tzinfo=UTC)
    keep(connection, (first - NOW) / DAY, (first - NOW - timedelta(seconds=1)) / DAY)

    assert {"position_2026_04": 1, "position_2026_05": 1} == where_they_lie(connection)


def test_retention_drops_whole_months_and_deletes_in_the_one_that_it_cuts(connection: Connection) -> None:
    keep(connection, -80, -40, -12, -8, 0)
    while service.forget_before(connection, NOW - 10 * DAY):
        pass

    assert ["position_2026_03", "position_2026_04"] == tables(connection)[:2]
    assert {"position_2026_03": 1, "position_2026_04": 1} == where_they_lie(connection)
    assert "passage_2026_02" not in tables(connection, "passage_")


async def test_a_service_makes_its_months_before_it_takes_anything(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = open_engine(url)
        with engine.begin() as connection:
            for name in [one for one in tables(connection, "p") if one[-1].isdigit()]:
                connection.exec_driver_sql(f"DROP TABLE {name}")
            jobs.make_room(connection, Settings(retention_days=1), NOW)
            found = tables(connection)
        engine.dispose()

    assert ["position_2026_03", "position_2026_04", "position_2026_05", "position_2026_06", "position_default"] == found


async def test_two_processes_that_make_the_same_month_make_it_once(database: Database) -> None:
    """The second waits for the first, and finds it made."""
    other = Database(database.engine.url.render_as_string(hide_password=False))
    other.start()
    later = NOW + 200 * DAY
    made = [one.write(lambda c: partitions.make(c, later, later)) for one in (database, other)]
    names = [await one for one in made]
    await other.stop()

    assert [] == min(names, key=len)
    assert "position_2026_10" in max(names, key=len)


async def test_a_table_that_is_in_use_is_not_waited_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.locks.PATIENCE_S", 0.1)
    with database.transaction() as reader:
        reader.execute(sa.select(position)).all()
        dropped = await database.write(lambda c: partitions.drop_before(c, NOW))
        made = await database.write(lambda c: partitions.make(c, NOW, NOW + 31 * DAY))

    assert ["passage_2026_01", "passage_2026_02", "passage_2026_03"] == dropped
    assert ["passage_2026_07"] == made
    assert "position_2026_01" in await database.read(tables)
    assert "0" == await database.write(lambda c: c.execute(sa.text("SHOW lock_timeout")).scalar_one())
    assert "position_2026_01" in await database.write(lambda c: partitions.drop_before(c, NOW))
    assert ["position_2026_07"] == await database.write(lambda c: partitions.make(c, NOW, NOW + 31 * DAY))
