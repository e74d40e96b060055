"""Many wearers with real contracts, straight into the tables: for measuring, and for tests that kill."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.households.tables import household, wearer
from app.kit.ids import AccountId, CityId, ContractId, WearerId, new_id
from app.programmes import catalogue
from app.programmes.contracts import Contract, Kind, Used
from app.programmes.model import Category, Residence, Terms, TurnOut
from app.programmes.scheme import Scheme
from app.programmes.store import contracts, people, tariffs, usage

AT = datetime(2025, 4, 1, tzinfo=UTC)
WARDS = ("中央区", "北区", "東区", "白石区", "豊平区", "南区", "西区", "厚別区", "手稲区", "清田区")
DEPARTED = datetime(2026, 3, 10, 3, tzinfo=UTC)


def city_of(connection: Connection, city_id: CityId, name: str = "見守市") -> None:
    accounts.create_city(connection, city_id=city_id, name=name, zone="Asia/Tokyo", now=AT)


def publish(connection: Connection, scheme_id: str) -> Scheme:
    """A scheme as it comes with the product."""
    scheme = catalogue.scheme_of(scheme_id)
    tariffs.publish(connection, scheme, AT)
    return scheme


def wearers(connection: Connection, city_id: CityId, count: int) -> list[WearerId]:
    """So many wearers, each of a household of her own."""
    homes = [{"id": new_id(), "city_id": city_id, "name": f"家{n}", "created_at": AT} for n in range(count)]
    people_ = [
        {"id": new_id(), "city_id": city_id, "household_id": home["id"], "name": f"人{n}", "created_at": AT, "note": ""}
        for n, home in enumerate(homes)
    ]
    connection.execute(sa.insert(household), homes)
    connection.execute(sa.insert(wearer), people_)
    return [WearerId(one["id"]) for one in people_]


def kobe(connection: Connection, city_id: CityId, some: Sequence[WearerId], turn_outs: int = 0) -> list[Contract]:
    """Contracts under the scheme of Kobe; every tenth wearer had so many turn-outs of 70 minutes in March 2026."""
    terms = Terms(scheme="kobe", contracted_on=date(2025, 4, 1), issuer="alsok")
    made = _contracts(connection, city_id, some, "kobe", lambda _: terms)
    for one in made[::10]:
        for number in range(turn_outs):
            record(connection, one, DEPARTED + timedelta(hours=12 * number), number + 1)
    return made


def sapporo(connection: Connection, city_id: CityId, some: Sequence[WearerId]) -> list[Contract]:
    """Contracts under the scheme of Sapporo, 2,530 yen a month, over all wards, classes and categories."""
    classes = ("assisted", "untaxed", "taxed")

    def terms_of(n: int) -> Terms:
        return Terms(
            scheme="sapporo", issuer="contractor", installed_on=date(2025, 10, 2), contracted_on=date(2025, 10, 2),
            amounts={"monthly": 2_530}, household_class=classes[n % 3],
            category=Category.DISABLED if n % 5 == 0 else Category.ELDERLY,
        )  # fmt: skip

    made = _contracts(connection, city_id, some, "sapporo", terms_of)
    for n, one in enumerate(some):
        people.put_residence(connection, one, Residence(since=date(2020, 1, 1), ward=WARDS[n % len(WARDS)]))
    return made


def record(connection: Connection, one: Contract, departed_at: datetime, number: int) -> None:
    """A turn-out of 70 minutes."""
    key = new_id()
    facts = TurnOut(
        id=str(key), departed_at=departed_at, ended_at=departed_at + timedelta(minutes=70), quota_number=number
    )
    usage.add(
        connection,
        Used(
            id=key, city_id=one.city_id, wearer_id=one.wearer_id, contract_id=one.id, kind=Kind.TURN_OUT,
            on=departed_at.date(), at=departed_at, facts=facts, tariff=one.tariff, source=f"dispatch:{key}",
            recorded_at=departed_at,
        ),
    )  # fmt: skip


def _contracts(connection, city_id, some, scheme_id, terms_of) -> list[Contract]:
    scheme = publish(connection, scheme_id)
    digest = tariffs.keep(connection, scheme, AT)
    made = []
    for n, one in enumerate(some):
        terms = terms_of(n)
        made.append(
            Contract(
                id=ContractId(new_id()), city_id=city_id, wearer_id=one, scheme=scheme.id,
                version=scheme.versions[0].id, tariff=digest, began_on=terms.installed_on or terms.contracted_on,
                ended_on=None, terms=terms, insured=False, created_by=AccountId(UUID(int=1)), created_at=AT,
            )
        )  # fmt: skip
        contracts.add(connection, made[-1])
    return made
