"""Days and months that money hangs on: months of a span, the term of a contract, tax years, wards, absences."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import fields

from app.kit.calendar import add_months
from app.kit.errors import InvalidInput
from app.programmes.model import Absence, Asked, Months, Residence, Span, Terms
from app.programmes.phrases import both
from app.programmes.scheme import Term, When

MONTHS_MAX = 600
"""Fifty years: a longer span is a slip of the pen."""
ASSISTED = "assisted"
"""The household class of those under public assistance, whatever their tax."""


YEAR_FIRST, YEAR_LAST = 1950, 2150


def must_be_near(value: object, where: str) -> None:
    """Raises `InvalidInput` for a day or moment, anywhere in terms or usage, that no contract can mean; with such days
    nothing can be reckoned.
    """
    if isinstance(value, date) and not YEAR_FIRST <= value.year <= YEAR_LAST:
        raise InvalidInput(f"Days are from {YEAR_FIRST} to {YEAR_LAST}.", where)
    if isinstance(value, Struct):
        for field in fields(value):
            must_be_near(getattr(value, field.name), f"{where}.{field.encode_name}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            must_be_near(inner, f"{where}.{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            must_be_near(inner, f"{where}[{place}]")


def first_of(month: str) -> date:
    """The first day of a month like 2026-04."""
    return date.fromisoformat(f"{month}-01")


def month_of(day: date) -> str:
    """The month of a day, 2026-04."""
    return f"{day.year:04d}-{day.month:02d}"


def months_in(months: Months) -> Iterator[date]:
    """The first day of each month of the span."""
    first, last = first_of(months.since), first_of(months.until)
    if last < first:
        raise InvalidInput(f"The span ends in {months.until}, before it begins.", "usage.months.until")
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if count > MONTHS_MAX:
        raise InvalidInput(f"{count} months are more than {MONTHS_MAX}.", "usage.months.until")
    return (add_months(first, step) for step in range(count))


def within(months: Months | None, day: date) -> bool:
    """Whether something of `day` belongs to the months that are rated."""
    return months is None or months.since <= month_of(day) <= months.until


def day_of(terms: Terms, when: When | None) -> date | None:
    """A day of the contract by its name; without one, the first that the contract knows."""
    if when is not None:
        day: date | None = getattr(terms, when)
        return day
    return min((day for day in (terms.contracted_on, terms.received_on, terms.installed_on) if day), default=None)


def bound(term: Term, terms: Terms) -> tuple[date, date] | None:
    """First and last day of the term; None while the day that it is reckoned from is unknown.

    >>> # received on 10 May 2026, three years from the first of the next month: 2026-06-01 to 2029-05-31
    """
    day = day_of(terms, term.since)
    if day is None:
        return None
    first = day
    if term.starts == "next_first" and day.day != 1:
        first = add_months(day.replace(day=1), 1)
    again = add_months(first, 12 * term.years)
    # Of 29 February the last day of the month ends it where there is no 29 (民法143条2項), not the day before.
    return first, again if again.day < first.day else again - timedelta(days=1)


def tax_year(month: date) -> int:
    """The fiscal year whose municipal tax decides in this month: from July the year's own, until June the one before.

    >>> tax_year(date(2026, 6, 1)), tax_year(date(2026, 7, 1)), tax_year(date(2027, 1, 1))
    (2025, 2026, 2026)
    """
    return month.year if month.month >= 7 else month.year - 1


def class_in(terms: Terms, month: date, arises_on: date) -> str | Asked:
    """The class of the household for a month's fee: under assistance on the day on which the fee arises, or by tax."""
    if any(covers(span, arises_on) for span in terms.assistance):
        return ASSISTED
    year = str(tax_year(month))
    found = terms.tax_classes.get(year) or terms.household_class
    if found is None:
        return Asked(field=f"terms.tax_classes.{year}", why=both("ask.tax_class", year=year))
    return found


def ward_in(residence: list[Residence], month: date) -> str | None:
    """The ward of the first of the month; of somebody who came during it, the first one of the month."""
    ordered = sorted(residence, key=lambda one: one.since)
    before = [one for one in ordered if one.since <= month]
    if before:
        return before[-1].ward
    during = [one for one in ordered if one.since < add_months(month, 1)]
    return during[0].ward if during else None


def covers(span: Span | Absence, day: date) -> bool:
    """Whether the day is one of the span's."""
    return span.since <= day and (span.until is None or day <= span.until)
