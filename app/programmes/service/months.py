"""What a month owes, as it is read for closing: contracts in pages of wearers, and what they used."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.engine import Connection

from app.kit.calendar import add_months
from app.kit.ids import CityId, ContractId, WearerId
from app.programmes.contracts import Contract, Used
from app.programmes.model import Item, Month, Months, PlaceTold, TurnOut, Usage
from app.programmes.spans import YEAR_FIRST, first_of
from app.programmes.store import contracts, usage


def contracts_of_month(
    connection: Connection, city_id: CityId, after: WearerId | None, wearers: int, month: Month
) -> list[Contract]:
    """The contracts of up to `wearers` wearers of a city of which something can be owed in a month, by wearer, after
    one; the wearer of the last of them is the cursor of the next page, and an empty list the end.
    """
    return contracts.page(connection, city_id, after, wearers, *_days_of(month))


def usage_of_month(connection: Connection, some: Sequence[Contract], month: Month) -> dict[ContractId, Usage]:
    """What each of these contracts used in a month, as it is rated, also where that is nothing.

    The id of everything in it is that of its first row: what was corrected is still the same thing. With it comes what
    somebody bought before who has a subsidy: the most that it bears is one for all months.
    """
    found = usage.of_days(connection, [one.id for one in some], *_days_of(month))
    bought = _bought_before(connection, some, month)
    return {one.id: _rated(month, [*bought.get(one.id, ()), *found.get(one.id, ())]) for one in some}


def changed_since(
    connection: Connection, city_id: CityId, since: datetime, after: WearerId | None, count: int
) -> list[WearerId]:
    """Up to `count` wearers of a city of whom something was changed or recorded since then, by id, after one: what is
    owed for months that are closed may be something else now.
    """
    return contracts.changed_since(connection, city_id, since, after, count)


def _bought_before(connection: Connection, some: Sequence[Contract], month: Month) -> dict[ContractId, list[Used]]:
    last = first_of(month) - timedelta(days=1)
    found: dict[ContractId, list[Used]] = {}
    if helped := [one.id for one in some if one.terms.subsidy is not None]:
        for contract_id, used in usage.of_days(connection, helped, date(YEAR_FIRST, 1, 1), last).items():
            found[contract_id] = [one for one in used if isinstance(one.facts, Item)]
    return found


def _days_of(month: Month) -> tuple[date, date]:
    first = first_of(month)
    return first, add_months(first, 1) - timedelta(days=1)


def _rated(month: Month, some: Collection[Used]) -> Usage:
    facts = [one.facts for one in some]
    return Usage(
        months=Months(since=month, until=month),
        turn_outs=[one for one in facts if isinstance(one, TurnOut)],
        places_told=[one for one in facts if isinstance(one, PlaceTold)],
        items=[one for one in facts if isinstance(one, Item)],
    )
