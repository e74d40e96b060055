"""Who bears how much of one unit of a price: the stated amounts, those that the contract sets, the rest of a total."""

from collections.abc import Iterator

from msgspec import Struct

from app.kit.errors import InvalidInput
from app.programmes.model import Asked, Payer, Terms
from app.programmes.phrases import both
from app.programmes.scheme import NOT_STATED, AnyPrice, Deposit, Price, Varies, Version, Yen

REST = "rest"


class Shares(Struct, frozen=True, kw_only=True):
    """What each payer bears of one unit, as far as it is known, and what is asked for the others."""

    yen: dict[Payer, int]
    asked: list[Asked] = []


def shares_of(price: Price, terms: Terms, household_class: str | Asked | None = None) -> Shares:
    """The shares of one unit. InvalidInput when the contract sets less than the paper's "from", or less than the
    shares that are stated.
    """
    yen: dict[Payer, int] = {}
    asked: list[Asked] = []
    rest: Payer | None = None
    for payer, amount in price.shares.items():
        if amount == REST:
            rest = payer
            continue
        found = _amount(price, amount, terms, household_class)
        if isinstance(found, Asked):
            asked.append(found)
        else:
            yen[payer] = found
    if rest is not None:
        total = _amount(price, price.total, terms, household_class)
        if isinstance(total, Asked):
            asked.append(total)
        elif not asked:
            yen[rest] = total - sum(yen.values())
            if yen[rest] < 0:
                field = f"terms.amounts.{price.id}"
                raise InvalidInput(f"{total} is less than what others bear: {sum(yen.values()) - yen[rest]}.", field)
    return Shares(yen=yen, asked=asked)


def _amount(price: Price, amount: object, terms: Terms, household_class: str | Asked | None) -> int | Asked:
    if isinstance(amount, int):
        return amount
    if isinstance(amount, Varies) and amount.by_class:
        return _of_class(amount.by_class, household_class)
    return set_amount(price.id, price.label.both(), amount.at_least if isinstance(amount, Varies) else None, terms)


def set_amount(price_id: str, label: dict[str, str], at_least: Yen | None, terms: Terms) -> int | Asked:
    """An amount that the scheme leaves to the contract."""
    field = f"terms.amounts.{price_id}"
    found = terms.amounts.get(price_id)
    if found is None:
        if at_least is None:
            return Asked(field=field, why=both("ask.amount", what=label))
        return Asked(field=field, why=both("ask.from", what=label, least=at_least), at_least_yen=at_least)
    if at_least is not None and found < at_least:
        raise InvalidInput(f"{found} is less than the {at_least} from which the scheme begins.", field)
    return found


def _of_class(by_class: dict[str, Yen], household_class: str | Asked | None) -> int | Asked:
    if isinstance(household_class, Asked):
        return household_class
    if household_class is None or household_class not in by_class:
        known = ", ".join(by_class)
        raise InvalidInput(f"{household_class!r} is no class of this scheme; it has: {known}.", "terms.tax_classes")
    return by_class[household_class]


def by_class(price: Price) -> bool:
    """Whether a share hangs on the class of the household."""
    return any(isinstance(amount, Varies) and amount.by_class for amount in price.shares.values())


def is_open(amount: object) -> bool:
    """Whether the contract has to set it."""
    return amount == NOT_STATED or (isinstance(amount, Varies) and not amount.by_class)


def open_amounts(version: Version) -> set[str]:
    """The codes of the prices of a version, of any plan, that the contract sets."""
    found = {price.id for price in every_price(version) if any(map(is_open, (*price.shares.values(), price.total)))}
    if version.dispatch and version.dispatch.price and is_open(version.dispatch.price.yen):
        found.add(TURN_OUT)
    return found


def open_fields(version: Version) -> set[str]:
    """What a version leaves to the contract, as the fields of its terms: amounts, and rules to choose."""
    fields = {f"terms.amounts.{code}" for code in open_amounts(version)}
    for price in every_price(version):
        if price.initial_cost == NOT_STATED:
            fields.add(f"terms.choices.subsidised_{price.id}")
        if isinstance(price, Deposit) and price.early_end == NOT_STATED:
            fields.add("terms.choices.deposit_on_early_end")
    if version.dispatch and version.dispatch.price and not version.dispatch.price.included:
        rules = ("cancelled_before_departure", "cancelled_after_departure")
        fields |= {f"terms.choices.{rule}" for rule in rules if getattr(version.dispatch, rule) == NOT_STATED}
    return fields


def every_price(version: Version) -> Iterator[AnyPrice]:
    """All prices of a version, those of its plans too."""
    yield from version.prices
    for plan in version.plans:
        yield from plan.prices


TURN_OUT = "turn_out"
"""The code of the price of turn-outs, which stands with their terms."""
