"""How PostgreSQL finds things where there are many: by the index that was made for it, in the months that are meant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.history import service
from app.history.store import positions, questions
from app.kit.ids import DeviceId, WearerId, new_id
from app.push import outbox
from app.push import store as push
from app.push.model import AddressKind, Channel
from app.push.tables import address
from tests.build import HOME, KAKOGAWA, NOW
from tests.contract.history.build import a_position, off

pytestmark = pytest.mark.postgresql

HOUR = timedelta(hours=1)


@contextmanager
def plans(connection: Connection) -> Iterator[list[dict[str, Any]]]:
    """Collects the plan of each statement meanwhile, as it went when it was carried out."""
    found: list[dict[str, Any]] = []

    def explain(
        _connection: Connection, cursor: Any, statement: str, parameters: Any, _context: object, _many: bool
    ) -> None:
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement, parameters)
        found.extend(row[0][0]["Plan"] for row in cursor.fetchall())

    sa.event.listen(connection, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(connection, "before_cursor_execute", explain)


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a plan that read a table, those that were never carried out left out."""
    if "Relation Name" in plan and plan["Actual Loops"]:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


@pytest.fixture
def crowded(connection: Connection) -> Connection:
    """Two days of 50 people who are somewhere in the town: 50,000 positions in two months."""
    wearer_id = WearerId(new_id())
    places = [
        a_position(DeviceId(new_id()), wearer_id, minutes=-minute, place=off(137.0 * number, 111.0 * minute))
        for number in range(50)
        for minute in range(1, 60, 3)
    ]
    service.append(connection, places)
    connection.exec_driver_sql(
        "INSERT INTO position SELECT city_id, device_id, fix_at - n * interval '1 hour', ordinal, wearer_id, contact_id,"
        " received_at, lat_deg, lon_deg, accuracy_m, altitude_m, speed_mps, heading_deg, known_by, cell, hour - n"
        " FROM position CROSS JOIN generate_series(1, 49) AS n"
    )
    connection.exec_driver_sql("ANALYZE position")
    return connection


@pytest.mark.parametrize("radius_m", [200, 1_000])
def test_an_area_question_is_one_scan_of_the_index_for_each_hour_and_range(
    crowded: Connection, radius_m: float
) -> None:
    with plans(crowded) as found:
        near = service.near(crowded, KAKOGAWA, HOME, radius_m, NOW - HOUR, NOW, 1_000)

    (scan,) = scans(found[0])
    assert ("Index Scan", "position_2026_04") == (scan["Node Type"], scan["Relation Name"])
    assert "position_2026_04_hour_cell_fix_at_idx" == scan["Index Name"]
    for part in ("(hour = ", "(cell >= ", "(cell <= ", "(fix_at >= ", "(fix_at < "):
        assert part in scan["Index Cond"]
    assert len(near) > 0


def test_the_months_that_are_not_asked_for_are_not_touched(crowded: Connection) -> None:
    with plans(crowded) as found:
        service.near(crowded, KAKOGAWA, HOME, 1_000, NOW - 6 * HOUR, NOW - 5 * HOUR, 1_000)

    assert {"position_2026_03"} == {scan["Relation Name"] for scan in scans(found[0])}


def test_passages_in_an_area_are_looked_for_by_hour_and_range_too(connection: Connection) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO passage (city_id, opened_at, id, tag_id, detector_id, wearer_id, last_at, heard, lat_deg,"
            " lon_deg, cell, doubtful, received_at, hour, serial) SELECT :city, began, gen_random_uuid(),"
            " gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
            " began + CASE WHEN n % 50 = 0 THEN interval '3 hours' ELSE interval '20 s' END, '', 34.7, 134.8, 617700169958293503 + n % 300,"
            " false, began, floor(extract(epoch FROM began) / 3600)::int, n FROM (SELECT n, :now - n * interval '10 s'"
            " AS began FROM generate_series(1, 20000) AS n) AS each"
        ),
        {"city": KAKOGAWA, "now": NOW},
    )
    connection.exec_driver_sql("ANALYZE passage")
    with plans(connection) as found:
        questions.near(connection, KAKOGAWA, HOME, 100, NOW - HOUR, NOW)

    # Those that began long before, by the index that holds only long ones, and those of two hours.
    earlier, around = ({scan["Index Name"] for scan in scans(plan)} for plan in found[:2])
    assert {"passage_2026_03_hour_cell_opened_at_idx1", "passage_2026_04_hour_cell_opened_at_idx1"} == earlier
    assert {"passage_2026_04_hour_cell_opened_at_idx"} == around


def test_what_moves_is_found_by_its_key(crowded: Connection) -> None:
    device_id = crowded.exec_driver_sql("SELECT device_id FROM position LIMIT 1").scalar_one()
    with plans(crowded) as found:
        assert positions.place_at(crowded, KAKOGAWA, device_id, NOW - HOUR, HOUR) is not None

    assert {"position_2026_04_pkey"} == {scan["Index Name"] for plan in found for scan in scans(plan)}


def test_what_no_phone_has_shown_is_looked_for_among_the_minutes_that_are_judged(connection: Connection) -> None:
    saved = push.save_address(
        connection, channel=Channel.FCM, kind=AddressKind.TOKEN, value="phone", language="ja", now=NOW
    )
    connection.execute(sa.update(address).values(last_receipt_at=NOW - 30 * HOUR))
    connection.execute(
        sa.text(
            "INSERT INTO message (id, city_id, address_id, unique_key, kind, level, about, params, state, created_at,"
            " due_at, expires_at, attempts, ended_at, channel, rank) SELECT gen_random_uuid(), :city, :address, n,"
            " 'alert.sos', 'urgent', n, '{}', 'sent', sent, sent, sent, 1, sent, 'fcm', n % 3"
            " FROM (SELECT n, :now - n * interval '1 s' AS sent FROM generate_series(1, 50000) AS n) AS each"
        ),
        {"city": KAKOGAWA, "address": saved.id, "now": NOW},
    )
    connection.exec_driver_sql("ANALYZE message")
    with plans(connection) as found:
        assert outbox.judge_receipts(connection, None, NOW) == 1

    scan = next(scan for scan in scans(found[0]) if scan["Relation Name"] == "message")
    index = scan if "Index Name" in scan else scan["Plans"][0]  # A bitmap of it where rows lie apart.
    assert index["Index Name"] == "ix_message_unshown"
    assert scan["Actual Rows"] == 200
