"""What the terms of a contract cannot mean by its scheme: a slip of the pen is no price, also where nothing hangs on it
yet.
"""

import re

from app.kit.errors import InvalidInput
from app.programmes.model import QuotaYear, Terms
from app.programmes.scheme import Scheme, Varies
from app.programmes.sharing import TURN_OUT, every_price, open_amounts
from app.programmes.spans import day_of, month_of

CHOICES = {
    "cancelled_before_departure": ["free", "one_unit"],
    "cancelled_after_departure": ["free", "one_unit", "as_served"],
    "deposit_on_early_end": ["returned", "kept"],
}
SUBSIDISED = "subsidised_"
YEARS = {
    QuotaYear.FISCAL: ("FY2026", re.compile(r"FY[0-9]{4}")),
    QuotaYear.CALENDAR: ("CY2026", re.compile(r"CY[0-9]{4}")),
    QuotaYear.MONTH: ("M2026-05", re.compile(r"M[0-9]{4}-(0[1-9]|1[0-2])")),
    QuotaYear.CONTRACT: ("K2026-05-10", re.compile(r"K[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")),
}
"""How the key of a year looks (`quotas.year_key`): an example, and the pattern."""


def look_through(scheme: Scheme, terms: Terms) -> None:
    """What the terms set must be something that the scheme leaves open. InvalidInput names the field that is not."""
    if any(version.subsidy for version in scheme.versions):
        why = f"{scheme.id} is a subsidy: rate a company's scheme, and name the subsidy there."
        raise InvalidInput(why, "terms.subsidy")
    if terms.scheme is not None and terms.scheme != scheme.id:
        raise InvalidInput(f"The contract is of the scheme {terms.scheme}, this is {scheme.id}.", "terms.scheme")
    if terms.issuer is not None and terms.issuer not in scheme.companies:
        known = ", ".join(scheme.companies)
        raise InvalidInput(f"{terms.issuer!r} is no company of the scheme; it has: {known}.", "terms.issuer")
    _days(terms)
    _amounts(scheme, terms)
    _classes(scheme, terms)
    _options(scheme, terms)
    _choices(scheme, terms)
    _free_used(scheme, terms)


def _days(terms: Terms) -> None:
    for place, absence in enumerate(terms.absences):
        if absence.until is not None and absence.until < absence.since:
            raise InvalidInput("The absence ends before it begins.", f"terms.absences[{place}].until")
    for place, span in enumerate(terms.assistance):
        if span.until is not None and span.until < span.since:
            raise InvalidInput("The assistance ends before it begins.", f"terms.assistance[{place}].until")
    wards: dict[object, str] = {}
    for place, one in enumerate(terms.residence):
        if wards.setdefault(one.since, one.ward) != one.ward:
            raise InvalidInput(f"Two wards from {one.since} on.", f"terms.residence[{place}].from")
    begun = day_of(terms, None)
    if begun is None:
        return
    if terms.ended_on is not None and terms.ended_on < begun:
        raise InvalidInput("The contract ended before it began.", "terms.ended_on")
    if terms.end_decided_on is not None and month_of(terms.end_decided_on) < month_of(begun):
        raise InvalidInput("The end was decided before the month in which it began.", "terms.end_decided_on")


def _amounts(scheme: Scheme, terms: Terms) -> None:
    opens = set().union(*(open_amounts(version) for version in scheme.versions))
    least = _least(scheme)
    for code, yen in terms.amounts.items():
        field = f"terms.amounts.{code}"
        if code not in opens:
            known = ", ".join(sorted(opens)) or "none"
            raise InvalidInput(f"The scheme does not leave this amount open; it does: {known}.", field)
        if yen < least.get(code, 0):
            raise InvalidInput(f"{yen} is less than the {least[code]} from which the scheme begins.", field)


def _least(scheme: Scheme) -> dict[str, int]:
    """From which yen on an amount may be set in some version and plan; 0 where one of them does not say."""
    found: dict[str, int] = {}
    for version in scheme.versions:
        for price in every_price(version):
            for amount in (*price.shares.values(), price.total):
                if isinstance(amount, Varies) and not amount.by_class:
                    found[price.id] = min(found.get(price.id, amount.at_least or 0), amount.at_least or 0)
                elif amount == "not_stated":
                    found[price.id] = 0
    return found


def _classes(scheme: Scheme, terms: Terms) -> None:
    known: dict[str, int] = {}
    for version in scheme.versions:
        for price in every_price(version):
            for amount in (*price.shares.values(), price.total):
                if isinstance(amount, Varies):
                    known |= amount.by_class
    said = {"terms.household_class": terms.household_class}
    said |= {f"terms.tax_classes.{year}": found for year, found in terms.tax_classes.items()}
    for field, found in said.items():
        if known and found is not None and found not in known:
            raise InvalidInput(f"{found!r} is no class of this scheme; it has: {', '.join(known)}.", field)


def _options(scheme: Scheme, terms: Terms) -> None:
    options = {price.option for version in scheme.versions for price in every_price(version)} - {None}
    for place, option in enumerate(terms.options):
        if option not in options:
            known = ", ".join(sorted(map(str, options))) or "none"
            raise InvalidInput(f"The scheme has no option {option!r}; it has: {known}.", f"terms.options[{place}]")


def _choices(scheme: Scheme, terms: Terms) -> None:
    codes = {price.id for version in scheme.versions for price in every_price(version)} | {TURN_OUT}
    for name, found in terms.choices.items():
        field = f"terms.choices.{name}"
        answers = CHOICES.get(name, ["yes", "no"])
        if name not in CHOICES and not (name.startswith(SUBSIDISED) and name.removeprefix(SUBSIDISED) in codes):
            raise InvalidInput(f"There is nothing to choose called {name!r}.", field)
        if found not in answers:
            raise InvalidInput(f"{found!r} is no answer; it is one of: {', '.join(answers)}.", field)


def _free_used(scheme: Scheme, terms: Terms) -> None:
    """A year that the scheme does not count by would leave the free turn-outs of the right one untouched."""
    counts = {one.dispatch.free.per for one in scheme.versions if one.dispatch and one.dispatch.free}
    looks = [YEARS[per] for per in YEARS if not counts or per in counts]
    for key in terms.free_used:
        if not any(pattern.fullmatch(key) for _, pattern in looks):
            wanted = " or ".join(example for example, _ in looks)
            raise InvalidInput(
                f"{key!r} is no year that is counted here; one looks like {wanted}.", f"terms.free_used.{key}"
            )
