"""From usage to lines: pure, the same answer for the same question, in whatever order the events are told.

What a price needs and nobody has stated is asked for (`Rating.asked`); what is known is rated all the same. Rating two
spans of months apart gives the same lines as rating them together.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from msgspec.structs import replace

from app.kit.errors import InvalidInput
from app.programmes.choosing import Unanswered
from app.programmes.drafting import Draft, Drafts
from app.programmes.fees import ending_of, monthly_of, once_of
from app.programmes.model import LeftOut, Line, Payer, Rating, Terms, Usage
from app.programmes.scheme import Monthly, Scheme
from app.programmes.sharing import every_price
from app.programmes.slips import look_through
from app.programmes.spans import first_of
from app.programmes.subsidies import granted
from app.programmes.turn_outs import rated
from app.programmes.uses import of_uses

T = TypeVar("T")
YEN_MAX = 2_000_000_000
"""Of one line: more is a slip of the pen, and no row of a document holds it."""


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
        drafts = granted(drafts, scheme, subsidy, terms, _before(scheme, terms, usage))
    if usage.months is None and _has_monthly(scheme):
        left_out.append(LeftOut(what="prices.monthly", why="no_months"))
    lines = [one.line for one in drafts.drafts]
    _must_be_payable(lines)
    return Rating(
        lines=sorted(lines, key=_order),
        asked=_once(drafts.asked), refusals=_once(drafts.refusals), left_out=left_out,
    )  # fmt: skip


def _must_be_payable(lines: Iterable[Line]) -> None:
    for line in lines:
        if abs(line.amount_yen) > YEN_MAX:
            where = f"usage.{line.code}" if line.source else f"terms.amounts.{line.code}"
            raise InvalidInput(f"{line.amount_yen} yen are more than a line can be: {YEN_MAX}.", where)


def _before(scheme: Scheme, terms: Terms, usage: Usage) -> list[Draft]:
    """What was owed once, or used, before the months that are rated: a subsidy has been paid for it too."""
    if usage.months is None:
        return []
    first = first_of(usage.months.since)
    everything = replace(usage, months=None)
    drafts = Drafts()
    _gather(drafts, lambda: once_of(scheme, terms, everything, []))
    _gather(drafts, lambda: of_uses(scheme, terms, everything, []))
    return [one for one in drafts.drafts if one.line.on < first]


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


def _has_monthly(scheme: Scheme) -> bool:
    return any(isinstance(price, Monthly) for version in scheme.versions for price in every_price(version))
