"""From usage to lines: pure, the same answer for the same question, in whatever order the events are told.

What a price needs and nobody has stated is asked for (`Rating.asked`); what is known is rated all the same. Rating two
spans of months apart gives the same lines as rating them together.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from app.kit.errors import InvalidInput
from app.programmes.choosing import Unanswered
from app.programmes.drafting import Drafts
from app.programmes.fees import ending_of, monthly_of, once_of
from app.programmes.model import LeftOut, Line, Payer, Rating, Terms, Usage
from app.programmes.scheme import Monthly, Scheme
from app.programmes.sharing import every_price, open_amounts
from app.programmes.spans import day_of
from app.programmes.subsidies import granted
from app.programmes.turn_outs import rated
from app.programmes.uses import of_uses

T = TypeVar("T")
CHOICES = frozenset({"cancelled_before_departure", "cancelled_after_departure", "deposit_on_early_end"})


def rate(scheme: Scheme, terms: Terms, usage: Usage, subsidy: Scheme | None = None) -> Rating:
    """The lines of a contract. `subsidy` is the scheme that `terms.subsidy` names. InvalidInput names the field of
    what cannot be meant.
    """
    look_through(scheme, terms)
    left_out: list[LeftOut] = []
    drafts = Drafts()
    parts: list[Callable[[], Iterable[Drafts]]] = [
        lambda: once_of(scheme, terms, usage, left_out),
        lambda: monthly_of(scheme, terms, usage),
        lambda: of_uses(scheme, terms, usage, left_out),
        lambda: rated(scheme, terms, usage, left_out),
        lambda: ending_of(scheme, terms, usage),
    ]
    for part in parts:
        _gather(drafts, part)
    if terms.subsidy is not None:
        if subsidy is None or subsidy.id != terms.subsidy.scheme:
            raise InvalidInput(f"There is no scheme {terms.subsidy.scheme!r}.", "terms.subsidy.scheme")
        drafts = granted(drafts, scheme, subsidy, terms)
    if usage.months is None and _has_monthly(scheme):
        left_out.append(LeftOut(what="prices.monthly", why="no_months"))
    return Rating(
        lines=sorted((one.line for one in drafts.drafts), key=_order),
        asked=_once(drafts.asked), refusals=_once(drafts.refusals), left_out=left_out,
    )  # fmt: skip


def _gather(drafts: Drafts, part: Callable[[], Iterable[Drafts]]) -> None:
    try:
        for one in part():
            drafts.add(one)
    except Unanswered as missing:
        drafts.asked.append(missing.asked)


def _order(line: Line) -> tuple[date, str, str, Payer, int]:
    return (line.on, line.code, line.source, line.payer, line.quantity)


def _once(found: Iterable[T]) -> list[T]:
    """Each of them once, in the order in which they came: a missing class is asked for once, not for every month."""
    kept: list[T] = []
    for one in found:
        if one not in kept:
            kept.append(one)
    return kept


def look_through(scheme: Scheme, terms: Terms) -> None:
    """What the terms set must be something that the scheme leaves open: a slip of the pen is no price."""
    if any(version.subsidy for version in scheme.versions):
        why = f"{scheme.id} is a subsidy: rate a company's scheme, and name the subsidy there."
        raise InvalidInput(why, "terms.subsidy")
    for place, absence in enumerate(terms.absences):
        if absence.until is not None and absence.until < absence.since:
            raise InvalidInput("The absence ends before it begins.", f"terms.absences[{place}].until")
    if terms.scheme is not None and terms.scheme != scheme.id:
        raise InvalidInput(f"The contract is of the scheme {terms.scheme}, this is {scheme.id}.", "terms.scheme")
    if terms.issuer is not None and terms.issuer not in scheme.companies:
        known = ", ".join(scheme.companies)
        raise InvalidInput(f"{terms.issuer!r} is no company of the scheme; it has: {known}.", "terms.issuer")
    opens = set().union(*(open_amounts(version) for version in scheme.versions))
    for code in terms.amounts:
        if code not in opens:
            known = ", ".join(sorted(opens)) or "none"
            raise InvalidInput(
                f"The scheme does not leave this amount open; it does: {known}.", f"terms.amounts.{code}"
            )
    begun = day_of(terms, None)
    if terms.ended_on is not None and begun is not None and terms.ended_on < begun:
        raise InvalidInput("The contract ended before it began.", "terms.ended_on")
    options = {price.option for version in scheme.versions for price in every_price(version)} - {None}
    for place, option in enumerate(terms.options):
        if option not in options:
            known = ", ".join(sorted(map(str, options))) or "none"
            raise InvalidInput(f"The scheme has no option {option!r}; it has: {known}.", f"terms.options[{place}]")
    for name in terms.choices:
        if name not in CHOICES and not name.startswith("subsidised_"):
            raise InvalidInput(f"There is nothing to choose called {name!r}.", f"terms.choices.{name}")


def _has_monthly(scheme: Scheme) -> bool:
    return any(isinstance(price, Monthly) for version in scheme.versions for price in every_price(version))
