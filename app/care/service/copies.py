"""Copies of the SQLite file: made while the service runs, and put back where there is none.

A copy is one consistent state. It appears whole, looked through and synced to the disk, or not at all.
"""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from app.db.engine import FILE_NAME
from app.migrations.run import versions

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""What FAT and many network file systems answer."""


class NotCopied(Exception):
    """A copy was not made or not put back; the text says why and what to do."""


def back_up(folder: Path, target: Path) -> int:
    """Copies the database in `folder` to the file `target`, which must not be there yet; its size in bytes.

    The service may run meanwhile: it is neither stopped nor held up. The secret of the detectors is not in the copy
    (decision 0007). Raises `NotCopied`.
    """
    source = folder / FILE_NAME
    if not source.is_file():
        raise NotCopied(f"There is no database in {folder}.")
    with _appears_whole(target) as part:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(part)) as copy,
        ):
            there.backup(copy)  # All pages in one step: what is written meanwhile does not make it begin anew.
            copy.execute("PRAGMA journal_mode=DELETE")
        _look_through(part)
    return target.stat().st_size


def restore(copy: Path, folder: Path) -> None:
    """Puts the database of the file `copy` into `folder`, where there must be none yet. Raises `NotCopied`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotCopied(f"{folder} cannot be used: {error.strerror}") from None
    with _appears_whole(folder / FILE_NAME) as part:
        for name in (f"{FILE_NAME}-wal", f"{FILE_NAME}-journal"):
            if (
                folder / name
            ).exists():  # SQLite would take it for the log of the copy, and write it over what is whole.
                raise NotCopied(f"{folder / name} is left of another database; move it away first, beside its own.")
        shutil.copyfile(copy, part)
        _look_through(part)
        found, newest, known = _versions(part)
        if not known or found is None:
            what = "no tables of Mimamori" if found is None else f"tables of version {found}, newer than {newest}"
            raise NotCopied(f"{copy} holds {what}.")


def _versions(file: Path) -> tuple[str | None, str | None, bool]:
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        return versions(connection)


@contextmanager
def _appears_whole(target: Path) -> Iterator[Path]:
    """A file beside `target` that takes its place, synced, when the block ends well."""
    if target.exists():
        raise NotCopied(f"{target} is there already; move it away first.")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        yield part
        _sync(part)
        _put(part, target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise NotCopied(f"{target} could not be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def _put(part: Path, target: Path) -> None:
    """Gives the file its name; one that came meanwhile is not written over, where the file system knows links."""
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in _NO_LINKS or target.exists():
            raise
        part.rename(target)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _look_through(file: Path) -> None:
    """Raises `NotCopied` unless the file is a whole database."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise NotCopied(f"{file} is damaged or no database: {said}")
