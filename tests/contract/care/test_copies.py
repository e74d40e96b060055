"""Copies of the database: whole, made while the service writes, and never over something else."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app.care.service.copies import NotCopied, back_up, restore
from app.cli import main
from app.db.engine import FILE_NAME, Database, sqlite_engine
from app.db.tables import heartbeat
from app.jobs import come_up
from tests.build import NOW, town


def rows(folder: Path, table: sa.Table) -> int:
    engine = sqlite_engine(folder)
    with engine.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    engine.dispose()
    return count


async def test_a_backup_of_a_running_service_can_be_put_back(data_folder: Path, tmp_path: Path) -> None:
    database = Database(data_folder)
    database.start()
    await database.write(lambda c: town(c, NOW))
    await database.write(lambda c: come_up(c, NOW))
    with database.transaction() as open_one:  # Somebody is writing; what is not committed is in no copy.
        open_one.execute(sa.delete(heartbeat))
        back_up(data_folder, tmp_path / "copy.sqlite")
    await database.stop()
    restore(tmp_path / "copy.sqlite", tmp_path / "new")

    assert (rows(data_folder, heartbeat), rows(tmp_path / "new", heartbeat)) == (0, 1)
    assert (tmp_path / "new" / FILE_NAME).stat().st_mode & 0o077 == 0


def test_nothing_is_written_over(data_folder: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("something else")

    with pytest.raises(NotCopied, match="already"):
        back_up(data_folder, taken)
    back_up(data_folder, tmp_path / "copy")
    with pytest.raises(NotCopied, match="already"):
        restore(tmp_path / "copy", data_folder)
    assert taken.read_text() == "something else"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy", "data", "taken"]


def test_the_log_of_another_database_does_not_get_into_a_copy_that_is_put_back(
    data_folder: Path, tmp_path: Path
) -> None:
    back_up(data_folder, tmp_path / "copy")
    with closing(sqlite3.connect(data_folder / FILE_NAME)) as killed:
        killed.execute("CREATE TABLE damage (a)")
        killed.commit()
        (data_folder / FILE_NAME).rename(
            data_folder / "moved away"
        )  # Its log stays where it is, as it does after a kill.
        with pytest.raises(NotCopied, match="-wal"):
            restore(tmp_path / "copy", data_folder)
    assert not (data_folder / FILE_NAME).exists()


@pytest.mark.parametrize("harm", ["text", "torn", "foreign", "newer"])
def test_what_is_damaged_or_not_ours_is_not_put_back(data_folder: Path, tmp_path: Path, harm: str) -> None:
    copy = tmp_path / "copy"
    back_up(data_folder, copy)
    if harm == "text":
        copy.write_text("hello" * 1000)
    elif harm == "torn":
        copy.write_bytes(copy.read_bytes()[:-8192])
    elif harm == "foreign":
        copy.unlink()
        sqlite3.connect(copy).execute("CREATE TABLE other (a)").connection.close()
    else:
        other = sqlite3.connect(copy)
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
        other.close()

    with pytest.raises(NotCopied):
        restore(copy, tmp_path / "new")
    assert not (tmp_path / "new" / FILE_NAME).exists()


def test_the_commands_say_what_they_did_and_what_is_missing(data_folder: Path, tmp_path: Path) -> None:
    run = CliRunner()
    copy = str(tmp_path / "copy")
    made = run.invoke(main, ["backup", copy, "--data", str(data_folder)])
    again = run.invoke(main, ["backup", copy, "--data", str(data_folder)])
    back = run.invoke(main, ["restore", copy, "--data", str(tmp_path / "new")])
    nothing = run.invoke(main, ["backup", str(tmp_path / "x"), "--data", str(tmp_path / "nowhere")])
    no_folder = run.invoke(main, ["restore", copy, "--data", str(tmp_path / "copy" / "new")])

    assert (made.exit_code, back.exit_code) == (0, 0)
    assert "detector.secret" in made.output
    assert (again.exit_code, nothing.exit_code) == (1, 1)
    assert "already" in again.output
    assert "no database" in nothing.output
    assert "Error: " in no_folder.output


def test_a_disk_that_knows_no_links_will_do(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    back_up(data_folder, tmp_path / "copy")
    with pytest.raises(NotCopied, match="already"):
        back_up(data_folder, tmp_path / "copy")

    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy", "data"]
