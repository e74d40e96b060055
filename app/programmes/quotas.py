"""In which year a turn-out counts, and which of that year it is."""

from collections.abc import Iterable
from datetime import date

from app.kit.calendar import add_months, fiscal_year, local_date
from app.programmes.model import Asked, Moment, QuotaYear, Terms, TurnOut
from app.programmes.phrases import both


def year_key(per: QuotaYear, moment: Moment, contracted_on: date | None = None) -> str | None:
    """The key of the year in which a turn-out counts that departed at `moment`, in the time of Japan: `FY2025`,
    `CY2026`, `M2026-03`, or `K2025-06-10` for the year of a contract that began so; None when that needs the day of
    the contract and there is none.

    >>> year_key(QuotaYear.FISCAL, datetime(2026, 3, 31, 14, 30, tzinfo=UTC))
    'FY2025'
    """
    day = local_date(moment)
    match per:
        case QuotaYear.FISCAL:
            return f"FY{fiscal_year(moment)}"
        case QuotaYear.CALENDAR:
            return f"CY{day.year}"
        case QuotaYear.MONTH:
            return f"M{day.year:04d}-{day.month:02d}"
        case QuotaYear.CONTRACT:
            return None if contracted_on is None else f"K{_anniversary(contracted_on, day)}"


def _anniversary(contracted_on: date, day: date) -> date:
    """The last anniversary of the contract that is not after `day`. Of 29 February it is 28 where there is no 29."""
    years = day.year - contracted_on.year
    found = add_months(contracted_on, 12 * years)
    return found if found <= day else add_months(contracted_on, 12 * (years - 1))


def numbers(per: QuotaYear, terms: Terms, counting: Iterable[TurnOut]) -> dict[str, int] | Asked:
    """Which turn-out of its year each is, by id: as the ledger says, else by departure after those that were used
    before. `counting` are those that count, each with its departure or the moment that stands for it.
    """
    found: dict[str, int] = {}
    used = dict(terms.free_used)
    for one in sorted(counting, key=lambda one: (moment_of(one), one.id)):
        key = year_key(per, moment_of(one), terms.contracted_on)
        if key is None:
            return Asked(field="terms.contracted_on", why=both("ask.contract_year"))
        used[key] = used.get(key, 0) + 1
        found[one.id] = used[key] if one.quota_number is None else one.quota_number
    return found


def moment_of(one: TurnOut) -> Moment:
    """When it departed; of one that was called off before, when that was."""
    moment = one.departed_at or one.ended_at
    assert moment is not None, "turn-outs are looked through before they are counted"
    return moment


def year_words(key: str) -> dict[str, str]:
    """A key of `year_key` in words, 2025年度."""
    kind, rest = key[:2], key[2:]
    if kind == "FY":
        return both("year.fiscal", year=rest)
    if kind == "CY":
        return both("year.calendar", year=rest)
    if key.startswith("M"):
        return both("year.month", year=key[1:5], month=str(int(key[6:])), iso=key[1:])
    return both("year.contract", since=key[1:])
