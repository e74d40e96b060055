"""What is owed for each use: places told, things bought, replaced or repaired."""

from collections.abc import Iterator, Sequence
from functools import partial

from app.kit.errors import InvalidInput
from app.programmes.choosing import choose, prices_of
from app.programmes.drafting import Drafts, Event, asking, draft
from app.programmes.model import Item, LeftOut, PlaceTold, Terms, Usage
from app.programmes.phrases import both
from app.programmes.scheme import Asking, Goods, Scheme, Version
from app.programmes.sharing import is_open
from app.programmes.spans import within


def of_uses(scheme: Scheme, terms: Terms, usage: Usage, left_out: list[LeftOut]) -> Iterator[Drafts]:
    """A line for each place told and each item of the months that are rated."""
    both_kinds: list[tuple[str, Sequence[PlaceTold | Item]]] = [
        ("places_told", usage.places_told), ("items", usage.items)
    ]  # fmt: skip
    for name, uses in both_kinds:
        known: dict[str, PlaceTold | Item] = {}
        for place, one in enumerate(uses):
            where = f"usage.{name}[{place}]"
            if one.id and one.id in known:
                if known[one.id] != one:
                    raise InvalidInput(f"Two different uses are called {one.id!r}.", f"{where}.id")
                continue
            known[one.id] = one
            yield from _when_within(scheme, terms, usage, one, where, left_out)


def _when_within(
    scheme: Scheme, terms: Terms, usage: Usage, one: PlaceTold | Item, where: str, left_out: list[LeftOut]
) -> Iterator[Drafts]:
    if not within(usage.months, one.on):
        left_out.append(LeftOut(what=where, why="outside_months"))
        return
    yield asking(partial(_use, scheme, terms, one, where))


def _use(scheme: Scheme, terms: Terms, one: PlaceTold | Item, where: str) -> Drafts:
    version = choose(scheme, terms, one.on)
    return _told(version, terms, one, where) if isinstance(one, PlaceTold) else _item(version, terms, one, where)


def _told(version: Version, terms: Terms, one: PlaceTold, where: str) -> Drafts:
    for price in prices_of(version, terms):
        if isinstance(price, Asking) and price.by == one.by:
            because = both(f"line.told_{one.by}", on=str(one.on))
            event = Event(
                on=one.on, quantity=one.quantity, unit="time", because=because, arises_on=one.on, source=one.id
            )
            return draft(price, version, terms, event)
    raise InvalidInput(f"The version {version.id} has no price for places told by {one.by}.", f"{where}.by")


def _item(version: Version, terms: Terms, one: Item, where: str) -> Drafts:
    known = [price for price in prices_of(version, terms) if isinstance(price, Goods)]
    for price in known:
        if price.id == one.code:
            if one.unit_yen is not None and not any(map(is_open, price.shares.values())):
                raise InvalidInput(f"The scheme states what {one.code} costs.", f"{where}.unit_yen")
            event = Event(
                on=one.on, quantity=one.quantity, unit="piece", because=both("line.item", on=str(one.on)),
                arises_on=one.on, source=one.id, unit_yen=one.unit_yen,
            )  # fmt: skip
            return draft(price, version, terms, event)
    codes = ", ".join(price.id for price in known) or "none"
    raise InvalidInput(f"The version {version.id} has no item {one.code!r}; it has: {codes}.", f"{where}.code")
