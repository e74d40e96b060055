"""What a contract owes by itself: once, every month, as a deposit, for ending early."""

from collections.abc import Iterator
from datetime import date
from functools import partial

from app.programmes.choosing import Unanswered, choose, chosen, prices_of, term_of
from app.programmes.drafting import Drafts, Event, asking, draft
from app.programmes.model import Asked, LeftOut, Payer, Terms, Usage
from app.programmes.phrases import both
from app.programmes.scheme import AnyPrice, Deposit, Monthly, Once, Penalty, Scheme, Version, When
from app.programmes.sharing import by_class
from app.programmes.spans import bound, class_in, day_of, month_of, months_in, ward_in, within


def monthly_of(scheme: Scheme, terms: Terms, usage: Usage) -> Iterator[Drafts]:
    """The monthly fees of the months that are rated."""
    for month in months_in(usage.months) if usage.months else ():
        yield asking(partial(_months_fees, scheme, terms, month))


def _months_fees(scheme: Scheme, terms: Terms, month: date) -> Drafts:
    version = choose(scheme, terms, month)
    fees = Drafts()
    for price in prices_of(version, terms):
        if isinstance(price, Monthly):
            fees.add(asking(partial(_fee, price, version, terms, month)))
    return fees


def _fee(price: Monthly, version: Version, terms: Terms, month: date) -> Drafts:
    return _month(price, version, terms, month) if owed_in(price, terms, month) else Drafts()


def owed_in(price: Monthly, terms: Terms, month: date) -> bool:
    """Whether the fee is owed in the month that begins on `month`."""
    start = start_of(price, terms)
    if start is not None:
        if month_of(month) < month_of(start):
            return False
        if month_of(month) == month_of(start) and price.first_month == "next" and start.day != 1:
            return False
    if price.last_month == "whole":
        return terms.ended_on is None or month_of(month) <= month_of(terms.ended_on)
    return _before_decision(terms, start, month)


def start_of(price: Monthly, terms: Terms) -> date | None:
    """The day from which a monthly fee is owed. None when the contract knows no day at all: then the months that are
    rated are meant; a contract that knows others but not this one is asked.
    """
    start = day_of(terms, price.starts)
    if start is None and price.starts is not None and day_of(terms, None) is not None:
        raise Unanswered(Asked(field=f"terms.{price.starts}", why=both("ask.starts")))
    return start


def _before_decision(terms: Terms, start: date | None, month: date) -> bool:
    """Until the month before the decision to end it; the month of both its beginning and that decision counts one."""
    if terms.end_decided_on is None:
        if terms.ended_on is not None and month_of(month) >= month_of(terms.ended_on):
            raise Unanswered(Asked(field="terms.end_decided_on", why=both("ask.end_decided_on")))
        return True
    decided = month_of(terms.end_decided_on)
    if month_of(month) != decided:
        return month_of(month) < decided
    if start is None:
        raise Unanswered(Asked(field="terms.installed_on", why=both("ask.same_month")))
    return month_of(start) == decided


def _month(price: Monthly, version: Version, terms: Terms, month: date) -> Drafts:
    start = start_of(price, terms)
    arises_on = start if start is not None and month_of(start) == month_of(month) else month
    ward = ward_in(terms.residence, month) or ""
    made = draft(
        price, version, terms,
        Event(
            on=month, quantity=terms.devices if price.per_device else 1, unit="month",
            because=both("line.month", month=month_of(month)), arises_on=arises_on, ward=ward,
            household_class=class_in(terms, month, arises_on) if by_class(price) else None,
        ),
    )  # fmt: skip
    if any(one.line.payer == Payer.CITY for one in made.drafts):
        if "ward" in version.statements and not ward:
            made.asked.append(Asked(field="terms.residence", why=both("ask.ward", month=month_of(month))))
        if "category" in version.statements and terms.category is None:
            made.asked.append(
                Asked(field="terms.category", why=both("ask.category"), answers=["elderly", "disabled"])
            )  # fmt: skip
    return made


def once_of(scheme: Scheme, terms: Terms, usage: Usage, left_out: list[LeftOut]) -> Iterator[Drafts]:
    """What is owed once, and deposits, on their days."""
    for version, price, when in _dated(scheme, terms):
        day = day_of(terms, when)
        if day is None:
            left_out.append(LeftOut(what=f"prices.{price.id}", why=f"no_date: terms.{when}"))
        elif not within(usage.months, day):
            left_out.append(LeftOut(what=f"prices.{price.id}", why="outside_months"))
        else:
            yield draft(
                price, version, terms,
                Event(
                    on=day, quantity=terms.devices if price.per_device else 1, unit="once",
                    because=both(f"line.{when}", on=str(day)), arises_on=day, deposit=isinstance(price, Deposit),
                ),
            )  # fmt: skip


def _dated(scheme: Scheme, terms: Terms) -> Iterator[tuple[Version, Once | Deposit, When]]:
    """Each price that hangs on a day of the contract, in the version that holds on that day. Where no day is known,
    the newest version says which prices there are.
    """
    days: list[When] = ["contracted_on", "received_on", "installed_on"]
    for when in days:
        day = day_of(terms, when) or day_of(terms, None)
        version = scheme.versions[-1] if day is None else choose(scheme, terms, day)
        for price in prices_of(version, terms):
            if isinstance(price, Once | Deposit) and price.when == when:
                yield version, price, when


def ending_of(scheme: Scheme, terms: Terms, usage: Usage) -> Iterator[Drafts]:
    """What the end of the contract brings: its deposit back, a penalty for ending early."""
    end = terms.ended_on
    if end is None or not within(usage.months, end):
        return
    version = choose(scheme, terms, day_of(terms, None) or end)
    early = _is_early(version, terms, end)
    for price in prices_of(version, terms):
        yield asking(partial(_of_the_end, price, version, terms, end, early))


def _of_the_end(price: AnyPrice, version: Version, terms: Terms, end: date, early: bool) -> Drafts:
    if isinstance(price, Deposit) and _comes_back(price, terms, early):
        return draft(price, version, terms, _of_end(price, terms, end, "line.returned", sign=-1))
    if isinstance(price, Penalty) and early:
        return draft(price, version, terms, _of_end(price, terms, end, "line.early", sign=1))
    return Drafts()


def _is_early(version: Version, terms: Terms, end: date) -> bool:
    term = term_of(version, terms)
    if term is None:
        return False
    span = bound(term, terms)
    if span is None:
        raise Unanswered(Asked(field=f"terms.{term.since}", why=both("ask.term")))
    return end < span[1]


def _comes_back(price: Deposit, terms: Terms, early: bool) -> bool:
    if not early:
        return True
    rule = chosen(price.early_end, terms, "deposit_on_early_end", ["returned", "kept"])
    return rule == "returned"


def _of_end(price: AnyPrice, terms: Terms, end: date, words: str, *, sign: int) -> Event:
    return Event(
        on=end, quantity=terms.devices if price.per_device else 1, unit="once", because=both(words, on=str(end)),
        arises_on=end, sign=sign, deposit=isinstance(price, Deposit),
    )  # fmt: skip
