"""Wearers under schemes, for tests of every room that needs them."""

from datetime import date, datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.households.model import Wearer
from app.kit.ids import AccountId, ContractId, WearerId, new_id
from app.programmes import service as programmes
from app.programmes.contracts import Contract, began_on
from app.programmes.model import Axis, Payer, QuotaYear, Starter, Terms, Told
from app.programmes.scheme import (
    Asking,
    Company,
    DispatchTerms,
    Document,
    Free,
    Goods,
    Monthly,
    Scheme,
    Source,
    TurnOutPrice,
    Version,
    Words,
)
from app.programmes.store import contracts, tariffs

SOURCE = Source(says="as it stands", document="paper")
BY = AccountId(new_id())


def words(text: str) -> Words:
    return Words(ja=text, en=text)


def dispatch_terms(**more: Any) -> DispatchTerms:
    """Turn-outs that only contacts ask for: 6,600 yen an hour, three hours at most, six a fiscal year by the city."""
    free = Free(turn_outs=6, per=QuotaYear.FISCAL, source=SOURCE, payer=Payer.CITY)
    price = TurnOutPrice(label=words("turn-out"), source=SOURCE, yen=6600)
    values: dict[str, Any] = {
        "started_by": [Starter.CONTACT], "source": SOURCE, "price": price, "wearer_may_ask": "if_registered",
        "calls_110_119": "caller", "goes_home": True, "keeps_key": False, "unit_minutes": 60, "cap_minutes": 180,
        "cancelled_before_departure": "free", "cancelled_after_departure": "as_served", "free": free,
        "insurer_bears": [Payer.CITY],
    }  # fmt: skip
    return DispatchTerms(**(values | more))


def a_version(code: str = "first", **more: Any) -> Version:
    """A version with a monthly fee of 2,200 yen, a charger, a fee for each place told by telephone, and turn-outs."""
    fee = Monthly(id="monthly", label=words("monthly fee"), shares={Payer.USER: 2200}, source=SOURCE)
    charger = Goods(id="charger", label=words("charger"), shares={Payer.USER: 4700}, source=SOURCE, tax_included=False)
    told = Asking(id="told", label=words("place told"), shares={Payer.USER: 220}, source=SOURCE, by=Told.PHONE)
    prices = [fee, charger, told]
    values: dict[str, Any] = {"id": code, "issuer": "guards", "prices": prices, "dispatch": dispatch_terms()}
    return Version(**(values | more))


def a_scheme(code: str = "guarded", axis: Axis = Axis.SERVICE, **more: Any) -> Scheme:
    """A scheme of one version, unless told otherwise."""
    values: dict[str, Any] = {
        "companies": {"guards": Company(name=words("Guards"))}, "documents": {"paper": Document(title="Paper")},
        "versions": [a_version()],
    }  # fmt: skip
    return Scheme(id=code, name=words(code), axis=axis, **(values | more))


def with_dispatch(**more: Any) -> Scheme:
    """A scheme whose turn-outs are otherwise in something."""
    return a_scheme(versions=[a_version(dispatch=dispatch_terms(**more))])


def enrol(
    connection: Connection, wearer: Wearer, now: datetime, scheme: Scheme | None = None, *, insured: bool = False,
    by: AccountId = BY, **terms: Any,
) -> Contract:  # fmt: skip
    """A contract of a wearer under a scheme, published with it; from the first of January 2024 unless told otherwise."""
    scheme = scheme or a_scheme()
    programmes.publish(connection, [scheme], now)
    agreed = replace(Terms(contracted_on=date(2024, 1, 1)), **{"scheme": scheme.id} | terms)
    one = Contract(
        id=ContractId(new_id()), city_id=wearer.city_id, wearer_id=WearerId(wearer.id), scheme=scheme.id,
        version=scheme.versions[0].id, tariff=tariffs.keep(connection, scheme, now),
        began_on=began_on(agreed, date(2024, 1, 1)), ended_on=agreed.ended_on, terms=agreed, insured=insured,
        created_by=by, created_at=now,
    )  # fmt: skip
    assert contracts.add(connection, one), "she has one already"
    return one
