"""The driver's own statements: what becomes of their errors, and that listeners hear them."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import driver
from app.db.engine import sqlite_engine
from app.db.session import savepoint


def test_a_full_disk_is_an_operational_error_that_says_nothing_of_the_values(tmp_path: Path) -> None:
    with sqlite_engine(tmp_path).connect() as connection, connection.begin():
        driver.rows_of(connection, "CREATE TABLE place (who TEXT)")
        driver.rows_of(connection, "PRAGMA max_page_count=3")
        with pytest.raises(sa.exc.OperationalError) as caught:
            driver.many(connection, "INSERT INTO place VALUES (?)", [("Hana" * 5000,)])

    assert "full" in str(caught.value)
    assert "Hana" not in str(caught.value)


def test_no_error_says_the_values(tmp_path: Path) -> None:
    with sqlite_engine(tmp_path).connect() as connection, pytest.raises(sa.exc.OperationalError) as caught:
        connection.execute(sa.text("INSERT INTO place VALUES (:who)"), {"who": "Hana"})

    assert "no such table" in str(caught.value)
    assert "Hana" not in str(caught.value)


def test_whoever_listens_to_statements_hears_them(tmp_path: Path) -> None:
    heard: list[str] = []
    with sqlite_engine(tmp_path).connect() as connection, connection.begin():
        driver.rows_of(connection, "CREATE TABLE place (who TEXT)")
        sa.event.listen(connection, "before_cursor_execute", lambda *given: heard.append(given[2]))
        driver.many(connection, "INSERT INTO place VALUES (?)", [("Hana",), ("Taro",)])
        found: list[Any] = driver.rows_of(connection, "SELECT who FROM place")

    assert heard == ["INSERT INTO place VALUES (?)", "SELECT who FROM place"]
    assert found == [("Hana",), ("Taro",)]


def test_without_a_transaction_one_is_begun(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path)
    with engine.connect() as connection:
        driver.rows_of(connection, "CREATE TABLE place (who TEXT)")
        connection.rollback()
    with engine.connect() as connection:
        assert [] == driver.rows_of(connection, "SELECT name FROM sqlite_master")


def test_what_fails_in_an_untouched_transaction_leaves_nothing_and_the_transaction_goes_on(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path)
    with engine.begin() as connection:
        driver.rows_of(connection, "CREATE TABLE place (who TEXT)")
    with engine.begin() as connection:
        with pytest.raises(ZeroDivisionError):
            _put_and_fail(connection, "Hana")
        with savepoint(connection, anew=True):
            driver.many(connection, "INSERT INTO place VALUES (?)", [("Taro",)])
        with pytest.raises(ZeroDivisionError):
            _put_and_fail(connection, "Jiro")
    with engine.begin() as connection:
        assert driver.rows_of(connection, "SELECT who FROM place") == [("Taro",)]


def test_what_fails_inside_another_part_does_not_end_that_one(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path)
    with engine.begin() as connection:
        driver.rows_of(connection, "CREATE TABLE place (who TEXT)")
    with engine.begin() as connection:
        with savepoint(connection):
            with pytest.raises(ZeroDivisionError):
                _put_and_fail(connection, "Hana")
            driver.many(connection, "INSERT INTO place VALUES (?)", [("Taro",)])
        assert driver.rows_of(connection, "SELECT who FROM place") == [("Taro",)]


def test_what_was_written_before_outlives_a_failure_after_it(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path)
    with engine.begin() as connection:
        driver.rows_of(connection, "CREATE TABLE place (who TEXT)")
        connection.execute(sa.text("INSERT INTO place VALUES ('Hana')"))
        with pytest.raises(ZeroDivisionError):
            _put_and_fail(connection, "Taro")
    with engine.begin() as connection:
        assert driver.rows_of(connection, "SELECT who FROM place") == [("Hana",)]


def _put_and_fail(connection: Connection, name: str) -> None:
    with savepoint(connection, anew=True):
        driver.many(connection, "INSERT INTO place VALUES (?)", [(name,)])
        raise ZeroDivisionError
