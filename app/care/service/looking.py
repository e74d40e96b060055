"""The doctor: looks at settings, disk and database, and says what is wrong and what to do."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.care import findings, store
from app.care.findings import Finding, How
from app.config import InvalidSettings, Settings
from app.db.engine import FILE_NAME, check, open_engine, where_of
from app.dispatch import service as dispatch
from app.kit.clock import system_clock
from app.migrations.fit import fits
from app.migrations.run import versions
from app.push.channels.email import sender as mail
from app.push.channels.webhook.gateways import prefix_of
from app.stickers import codes

FAILURES_WITHIN = timedelta(days=1)


def look(settings: Settings, now: datetime) -> list[Finding]:
    """Everything that can be seen from this machine, from the settings to the work that waits. Changes nothing."""
    looks = [("settings", _settings(settings)), ("folder", _folder(settings)), ("database", _database(settings, now))]
    if settings.nats and not settings.database:
        looks = [("database", _none_here())]
    if settings.nats:
        from app.care.service import streaming  # Only whoever uses NATS loads its library.

        looks.append(("nats", iter(streaming.look(settings))))
    return [finding for about, found in looks for finding in _as_far_as_allowed(about, found)]


def _as_far_as_allowed(about: str, found: Iterator[Finding]) -> Iterator[Finding]:
    """What is found until the system refuses to show more, which is a finding too."""
    try:
        yield from found
    except OSError as error:
        remedy = "run this as the user of the service; see whose the folder and the files in it are"
        yield Finding(about, How.BAD, f"{error.filename} cannot be used: {error.strerror}", remedy)


def _none_here() -> Iterator[Finding]:
    """What edges need nothing of: a database, a folder, and what people are told by."""
    remedy = "set MIMAMORI_DATABASE to look at everything, as webs and workers see it"
    yield Finding(
        "database", How.NOTE, "none is set, as where there are only edges: NATS is all that is looked at", remedy
    )


def _settings(settings: Settings) -> Iterator[Finding]:
    try:
        ZoneInfo(settings.zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding("zone", How.BAD, f"{settings.zone} is no time zone", "set MIMAMORI_ZONE, e.g. Asia/Tokyo")
    if settings.fcm_credentials is None:
        remedy = "set MIMAMORI_FCM_CREDENTIALS: without it no app is told"
        how = How.BAD if settings.webpush_contact is None else How.NOTE
        yield Finding("push", how, "no Firebase service account", remedy)
    elif not os.access(settings.fcm_credentials, os.R_OK):
        remedy = "put it there, readable for the user of the service"
        yield Finding("push", How.BAD, f"{settings.fcm_credentials} cannot be read", remedy)
    else:
        yield Finding("push", How.GOOD, "a Firebase service account is set")
    if settings.smtp_host:
        yield _mail(settings)
    has_tls = (settings.public_url or "").startswith("https://")
    if settings.webpush_contact is not None:
        remedy = "" if has_tls else "browsers let nobody subscribe without TLS: set MIMAMORI_PUBLIC_URL=https://…"
        yield Finding("browsers", How.GOOD if has_tls else How.BAD, "browsers are told by Web Push", remedy)
    if not has_tls:
        remedy = "put a proxy with TLS in front and set MIMAMORI_PUBLIC_URL=https://…"
        yield Finding("address", How.NOTE, "people reach this service without TLS", remedy)
    else:
        yield Finding("address", How.GOOD, settings.public_url or "")
    yield findings.of_stickers(codes.unfit(settings.public_url))


def _mail(settings: Settings) -> Finding:
    try:
        mail.open_sender(settings, system_clock)
    except InvalidSettings as error:
        return Finding("mail", How.BAD, str(error), "set it, or take MIMAMORI_SMTP_HOST away; nothing starts like this")
    return Finding("mail", How.GOOD, f"letters go through {settings.smtp_host}")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = Path(settings.data)
    if settings.database and settings.detector_secret is not None and not folder.exists():
        return  # Nothing of what there is would be in it.
    if not folder.is_dir():
        yield Finding("folder", How.BAD, f"{folder} is not there", "mimamori serve makes it, or set MIMAMORI_DATA")
        return
    if not os.access(folder, os.W_OK):
        yield Finding("folder", How.BAD, f"{folder} cannot be written", "give it to the user of the service")
    usage = shutil.disk_usage(folder)
    yield findings.of_disk(usage.free, usage.total)
    for name in (FILE_NAME, "detector.secret"):
        file = folder / name
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            remedy = f"chmod 600 {file}: where people are is nobody else's business"
            yield Finding("folder", How.BAD, f"others on this machine may read {name}", remedy)


def _database(settings: Settings, now: datetime) -> Iterator[Finding]:
    where = where_of(settings)
    if isinstance(where, Path) and not (where / FILE_NAME).is_file():
        yield Finding(
            "database", How.BAD, f"there is none in {where}", "mimamori serve makes it, restore puts one back"
        )
        return
    try:
        engine = open_engine(where, read_only=True)
        with engine.connect() as connection:
            yield from _inside(connection, settings, now)
        engine.dispose()
    except InvalidSettings as error:  # Also a server that would lose what was acknowledged.
        yield Finding("database", How.BAD, str(error))
    except sa.exc.DBAPIError as error:
        remedy = "if the file is damaged, put the last backup back: mimamori restore"
        yield Finding("database", How.BAD, f"it cannot be used: {error.orig}", remedy)


def _inside(connection: Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    check(connection)
    if connection.dialect.name == "sqlite":
        yield _whole(connection)
    tables = _tables(connection)
    yield tables
    if tables.how is How.BAD:
        return
    yield findings.of_heartbeat(*store.last_beat(connection), now)
    for waiting in store.waiting(connection, now):
        yield findings.of_waiting(waiting, now)
    yield findings.of_maps(store.maps_due(connection, now), now)
    if settings.nats and connection.dialect.name == "postgresql":
        from app.care.service import streaming

        yield streaming.workers(connection, settings)
    yield findings.of_count(
        "dead letters", store.dead_letters(connection), "GET /v1/dead-letters shows them; replay them after an upgrade"
    )
    yield findings.of_count(
        "turn-outs that no timer looks at",
        dispatch.untimed(connection),
        "start the service: its audit goes on with them; and tell whoever looks after the program",
    )
    yield findings.of_count(
        "rules that failed in a day",
        store.failures_since(connection, now - FAILURES_WITHIN),
        "GET /v1/watch-failures shows them; tell whoever looks after the program",
    )
    yield findings.of_count(
        "numbers that no gateway reaches",
        store.numbers_behind_others(connection, [prefix_of(name) for name in settings.gateways]),
        "name their gateway in MIMAMORI_GATEWAYS again, as it was called: their owners are told nothing there",
    )
    yield findings.of_desks(store.cities_without_desk(connection))
    yield findings.of_hooks(*store.failing_hooks(connection, now - findings.OVERDUE_AFTER))
    secret = settings.detector_secret is not None or (Path(settings.data) / "detector.secret").exists()
    if not secret and store.detectors(connection):
        remedy = "put the copy of detector.secret back: a new one would make the key of every detector void"
        yield Finding("detectors", How.BAD, "the secret of their keys is gone", remedy)


def _tables(connection: Connection) -> Finding:
    found, newest, known = versions(connection)
    if found == newest:
        return Finding("tables", How.GOOD, f"version {found}")
    if not known and found is not None and newest is not None and found > newest and fits(connection, newest):
        text = f"version {found}, newer than this program ({newest}), which fits them"
        return Finding("tables", How.NOTE, text, "once the upgrade is done everywhere, run the newer program")
    remedy = "mimamori migrate, or start the service" if known else "install the newer program again"
    return Finding("tables", How.BAD, f"version {found}, this program wants {newest}", remedy)


def _whole(connection: Connection) -> Finding:
    said: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if said != "ok":
        return Finding("database", How.BAD, f"damaged: {said}", "put the last backup back: mimamori restore")
    mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    synchronous: int = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    if (mode, synchronous) != ("wal", 2):
        return Finding("database", How.BAD, f"journal {mode}, synchronous {synchronous}", "a power cut would lose data")
    return Finding("database", How.GOOD, "whole, and every commit is synced to the disk")
