"""What a scheme file must keep besides its types: shares that add up, versions that do not overlap, names that are
there.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from app.programmes.model import Starter
from app.programmes.scheme import AnyPrice, DispatchTerms, Goods, Scheme, Source, Varies, Version
from app.programmes.sharing import REST, TURN_OUT, is_open

Fault = tuple[str, str]
"""The field, and what is wrong with it."""


def check(scheme: Scheme) -> Iterator[Fault]:
    """Every fault of the scheme."""
    seen: set[str] = set()
    for place, version in enumerate(scheme.versions):
        where = f"versions[{place}]"
        if version.id in seen:
            yield f"{where}.id", f"two versions are called {version.id!r}"
        seen.add(version.id)
        yield from _version(scheme, version, where)
    yield from _overlaps(scheme)


def _version(scheme: Scheme, version: Version, where: str) -> Iterator[Fault]:
    if version.since and version.until and version.until < version.since:
        yield f"{where}.until", "it ends before it begins"
    yield from _company(scheme, version.issuer, f"{where}.issuer")
    yield from _prices(scheme, version.prices, f"{where}.prices", set())
    plans: set[str] = set()
    for place, plan in enumerate(version.plans):
        at = f"{where}.plans[{place}]"
        if plan.id in plans:
            yield f"{at}.id", f"two plans are called {plan.id!r}"
        plans.add(plan.id)
        if plan.issuer is not None:
            yield from _company(scheme, plan.issuer, f"{at}.issuer")
        if plan.term:
            yield from _source(scheme, plan.term.source, f"{at}.term.source")
        yield from _prices(scheme, plan.prices, f"{at}.prices", {price.id for price in version.prices})
    for name in ("term", "borne", "subsidy"):
        part = getattr(version, name)
        if part is not None:
            yield from _source(scheme, part.source, f"{where}.{name}.source")
    if version.dispatch:
        yield from _dispatch(scheme, version.dispatch, f"{where}.dispatch")
    for place, reading in enumerate(version.readings):
        if not _exists(version, reading.field):
            yield f"{where}.readings[{place}].field", f"the version has no field {reading.field!r}"


def _dispatch(scheme: Scheme, dispatch: DispatchTerms, where: str) -> Iterator[Fault]:
    yield from _source(scheme, dispatch.source, f"{where}.source")
    if Starter.NOBODY in dispatch.started_by:
        if len(dispatch.started_by) > 1:
            yield f"{where}.started_by", "nobody, and somebody too"
        if dispatch.price is not None:
            yield f"{where}.price", "nobody is sent, so nothing has a price"
    elif dispatch.price is None:
        yield f"{where}.price", "somebody is sent: what it costs, or that it is not_stated, is missing"
    if dispatch.cap_minutes is not None and dispatch.unit_minutes is None:
        yield f"{where}.unit_minutes", "a cap of minutes needs a unit of minutes"
    if dispatch.cancelled_before_departure == "as_served":
        yield f"{where}.cancelled_before_departure", "before the departure no time is served"
    if dispatch.price:
        yield from _source(scheme, dispatch.price.source, f"{where}.price.source")
        if dispatch.price.included and dispatch.price.yen not in (0, None):
            yield f"{where}.price.yen", "the monthly fee holds it, so it costs nothing"
    if dispatch.free:
        yield from _source(scheme, dispatch.free.source, f"{where}.free.source")


def _prices(scheme: Scheme, prices: list[AnyPrice], where: str, taken: set[str]) -> Iterator[Fault]:
    seen = set(taken) | {TURN_OUT}
    for place, price in enumerate(prices):
        at = f"{where}[{place}]"
        if price.id in seen:
            yield f"{at}.id", f"two prices are called {price.id!r}"
        seen.add(price.id)
        yield from _source(scheme, price.source, f"{at}.source")
        yield from _shares(price, at)


def _shares(price: AnyPrice, at: str) -> Iterator[Fault]:
    amounts = list(price.shares.values())
    rests = sum(amount == REST for amount in amounts)
    opens = sum(map(is_open, [*amounts, price.total]))
    if rests > 1:
        yield f"{at}.shares", "only one payer can bear the rest"
    if rests and price.total is None:
        yield f"{at}.total", "somebody bears the rest: of what?"
    if opens > 1:
        yield f"{at}.shares", "only one amount of a price can be left to the contract"
    if isinstance(price, Goods) and opens and len(amounts) > 1:
        yield f"{at}.shares", "what is set for each item is borne by one payer"
    if isinstance(price.total, Varies) and price.total.by_class:
        yield f"{at}.total", "a total is the same for every class"
    for payer, amount in price.shares.items():
        if isinstance(amount, Varies) and (amount.at_least is None) == (not amount.by_class):
            yield f"{at}.shares.{payer}", "it is either from an amount or by_class"
    stated = [amount for amount in amounts if isinstance(amount, int)]
    if isinstance(price.total, int):
        if not rests and len(stated) == len(amounts) and sum(stated) != price.total:
            yield f"{at}.shares", f"the shares add up to {sum(stated)}, not to the total of {price.total}"
        elif sum(stated) > price.total:
            yield f"{at}.shares", f"the shares, {sum(stated)}, are more than the total of {price.total}"


def _overlaps(scheme: Scheme) -> Iterator[Fault]:
    spans = sorted(
        (version.since or date.min, version.until or date.max, place) for place, version in enumerate(scheme.versions)
    )
    for (_, until, one), (since, _, other) in pairwise(spans):
        if since <= until:
            name = scheme.versions[one].id
            yield f"versions[{other}].from", f"it begins on {since}, when {name} still holds"


def _company(scheme: Scheme, code: str, where: str) -> Iterator[Fault]:
    if code not in scheme.companies:
        yield where, f"there is no company {code!r} among the companies"


def _source(scheme: Scheme, source: Source, where: str) -> Iterator[Fault]:
    if source.document not in scheme.documents:
        yield f"{where}.document", f"there is no document {source.document!r} among the documents"


def _exists(version: Version, field: str) -> bool:
    """Whether a reading names something: fields between points; prices and plans by their ids."""
    found: Any = version
    for part in field.split("."):
        if isinstance(found, list):
            found = next((one for one in found if one.id == part), None)
        elif isinstance(found, dict):
            found = found.get(part)
        else:
            found = getattr(found, "since" if part == "from" else part, None)
        if found is None:
            return False
    return True
