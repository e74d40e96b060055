"""A bad night in a large town: so many turn-outs open at once and so many units on duty. How long it takes to choose
for one, to offer one in its first wave, and to go on with all whose wave is over in the same moment; by the wall clock,
one process, SQLite, the sending itself left out.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.accounts import tables as accounts
from app.accounts.model import Role
from app.db.engine import open_engine
from app.db.session import take
from app.dispatch.incident import IncidentState
from app.dispatch.model import Incident
from app.dispatch.service import choosing, offering, timing
from app.dispatch.store import duty, incidents, units
from app.dispatch.tables import incident, incident_offer
from app.dispatch.units import Company, Unit, UnitKind, UnitPlace
from app.kit.ids import AccountId, CityId, CompanyId, IncidentId, UnitId, WearerId, new_id
from app.programmes.model import Starter
from app.push import tables as push
from bench import town
from bench.measure import Measurement

UNITS = int(os.environ.get("MIMAMORI_BENCH_UNITS", "200"))
INCIDENTS = int(os.environ.get("MIMAMORI_BENCH_INCIDENTS", "1000"))
SEED = 20261130
CHOSEN_MS_MAX = 100.0
"""Ours: a contact who has pressed does not wait for it."""


def measure() -> Iterator[Measurement]:
    """The measurements, in the order in which it happens."""
    with tempfile.TemporaryDirectory() as folder:
        wearer_ids = town.build(Path(folder), INCIDENTS, 0)
        engine = open_engine(Path(folder))
        now, random = datetime.now(UTC), Random(SEED)
        with engine.begin() as connection:
            city_id = CityId(town.CITY)
            _have_units(connection, city_id, now, random)
        yield _chosen(engine, city_id, now, random)
        yield _offered(engine, city_id, wearer_ids, now)
        yield from _waves(engine, now)
        engine.dispose()


def _chosen(engine: Engine, city_id: CityId, now: datetime, random: Random) -> Measurement:
    """The median time of one choice among all units."""
    spent = []
    for _ in range(100):
        with engine.connect() as connection:
            begin = time.perf_counter()
            found = choosing.available(connection, city_id, *_somewhere(random), now=now)
            spent.append((time.perf_counter() - begin) * 1000)
            assert len(found) == UNITS
    value = statistics.median(spent)
    return Measurement(
        name="dispatch.chosen", value=value, unit=f"ms to rank {UNITS} units (median)", budget=CHOSEN_MS_MAX,
        ok=value <= CHOSEN_MS_MAX,
    )  # fmt: skip


def _offered(engine: Engine, city_id: CityId, wearer_ids: Sequence[UUID], now: datetime) -> Measurement:
    """Turn-outs opened and offered to the nearest unit, each in a transaction of its own, as requests are."""
    begin = time.perf_counter()
    for wearer_id in wearer_ids:
        with engine.begin() as connection:
            one = Incident(
                id=IncidentId(new_id()), city_id=city_id, wearer_id=WearerId(wearer_id), is_drill=False,
                state=IncidentState.REQUESTED, starter=Starter.OPERATOR, requested_by=None, reason="",
                requested_at=now, state_at=now, offers_at=now,
            )  # fmt: skip
            incidents.add(connection, one)
            offering.begin(connection, one, now)
            take(connection)
    seconds = time.perf_counter() - begin
    return Measurement(name="dispatch.offered", value=INCIDENTS / seconds, unit="turn-outs offered a second")


def _waves(engine: Engine, now: datetime) -> Iterator[Measurement]:
    """Every wave ends in the same moment, three times: the next three units, everybody, nobody."""
    for name, after_s in (("second", 46), ("last", 61), ("nobody", 121)):
        now += timedelta(seconds=after_s)
        begin, goes_on = time.perf_counter(), True
        while goes_on:
            with engine.begin() as connection:
                goes_on = timing.work_off(connection, now)
                take(connection)
        seconds = time.perf_counter() - begin
        with engine.connect() as connection:
            offers = connection.execute(sa.select(sa.func.count()).select_from(incident_offer)).scalar_one()
            late = connection.execute(
                sa.select(sa.func.count()).select_from(incident).where(incident.c.due_at <= now)
            ).scalar_one()
        assert late == 0
        yield Measurement(
            name=f"dispatch.wave_{name}", value=seconds,
            unit=f"s for {INCIDENTS:,} waves that end at once ({offers:,} offers so far)",
        )  # fmt: skip


def _have_units(c: Connection, city_id: CityId, now: datetime, random: Random) -> None:
    """Units of one guard each, on duty, whose phones tell where they are and can be told."""
    company = Company(
        id=CompanyId(new_id()), city_id=city_id, code="bench", name="bench", phone="079-000-0000", licence="1",
        created_at=now,
    )  # fmt: skip
    units.add_company(c, company)
    for number in range(UNITS):
        guard, unit_id = AccountId(new_id()), UnitId(new_id())
        _have_guard(c, guard, city_id, number, now)
        units.put_member(c, guard, company.id, None, now)
        units.add_unit(
            c, Unit(id=unit_id, city_id=city_id, company_id=company.id, name=f"{number}", kind=UnitKind.GUARD,
                    created_at=now)
        )  # fmt: skip
        duty.begin(c, unit_id, guard, guard, now)
        lat_deg, lon_deg = _somewhere(random)
        place = UnitPlace(at=now, received_at=now, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=10.0)
        duty.put_place(c, unit_id, guard, place)


def _have_guard(c: Connection, guard: AccountId, city_id: CityId, number: int, now: datetime) -> None:
    c.execute(
        sa.insert(accounts.account).values(
            id=guard, city_id=city_id, email=f"guard-{number}@example.org", name=f"guard {number}",
            role=Role.GUARD.value, language="ja", password_hash="", created_at=now,
        )
    )  # fmt: skip
    address = new_id()
    c.execute(
        sa.insert(push.address).values(
            id=address, channel="fcm", kind="token", value=address.hex, language="ja", created_at=now, last_seen_at=now
        )
    )
    c.execute(sa.insert(accounts.account_address).values(address_id=address, account_id=guard))


def _somewhere(random: Random) -> tuple[float, float]:
    """A place in a town of about 15 km."""
    return 34.75 + random.uniform(-0.07, 0.07), 134.84 + random.uniform(-0.08, 0.08)
