"""How a line is made from a price."""

from collections.abc import Callable
from datetime import date

from msgspec import Struct

from app.programmes.borne import Denied, denied
from app.programmes.choosing import Unanswered, issuer_of
from app.programmes.model import Asked, Line, Payer, Refusal, Terms
from app.programmes.phrases import both
from app.programmes.scheme import AnyPrice, Version, YesNo
from app.programmes.sharing import shares_of


class Draft(Struct, frozen=True, kw_only=True):
    """A line, and whether a subsidy on initial cost covers it."""

    line: Line
    initial_cost: YesNo = False


class Drafts(Struct, kw_only=True):
    """What has come out so far."""

    drafts: list[Draft] = []
    asked: list[Asked] = []
    refusals: list[Refusal] = []

    def add(self, other: "Drafts") -> None:
        """Takes in what has come out elsewhere."""
        self.drafts += other.drafts
        self.asked += other.asked
        self.refusals += other.refusals


class Event(Struct, frozen=True, kw_only=True):
    """What a price is applied to: so many units on a day; `arises_on` when the cost came about."""

    on: date
    quantity: int
    unit: str
    because: dict[str, str]
    arises_on: date
    source: str = ""
    household_class: str | Asked | None = None
    unit_yen: int | None = None
    sign: int = 1
    deposit: bool = False
    ward: str = ""


def asking(make: Callable[[], Drafts]) -> Drafts:
    """What `make` makes, or what it asks for: a missing value holds up its own line and no other."""
    try:
        return make()
    except Unanswered as missing:
        return Drafts(asked=[missing.asked])


def draft(price: AnyPrice, version: Version, terms: Terms, event: Event) -> Drafts:
    """A line for each share of the price."""
    made = Drafts()
    shares = shares_of(price, terms, event.household_class)
    yen = dict(shares.yen)
    if event.unit_yen is not None:
        yen, asked = dict.fromkeys(price.shares, event.unit_yen), []
    else:
        asked = shares.asked
    made.asked += asked
    because = event.because
    if Payer.CITY in price.shares:
        verdict = denied(version.borne, terms, event.arises_on)
        if isinstance(verdict, Asked):
            made.asked.append(verdict)
            return made
        if isinstance(verdict, Denied):
            # What the city does not bear is the user's: one line, so that nobody owes it twice.
            made.refusals.append(Refusal(rule=verdict.rule, because=joined(because, verdict.because)))
            because = joined(because, verdict.because)
            yen = {Payer.USER: sum(yen.values())} if yen else {}
    for payer, unit_yen in yen.items():
        made.drafts.append(
            Draft(line=_line(price, version, terms, event, payer, unit_yen, because), initial_cost=price.initial_cost)
        )
    return made


def _line(
    price: AnyPrice, version: Version, terms: Terms, event: Event, payer: Payer, unit_yen: int, because: dict[str, str]
) -> Line:
    return Line(
        code=price.id, label=price.label.both(), on=event.on, quantity=event.quantity, unit=event.unit,
        unit_yen=event.sign * unit_yen, amount_yen=event.sign * unit_yen * event.quantity,
        tax_rate_pct=price.tax_rate_pct, tax_included=price.tax_included, payer=payer,
        issuer=issuer_of(version, terms), version=version.id, rule=price.id, because=because, source=event.source,
        deposit=event.deposit, ward=event.ward if payer == Payer.CITY else "",
        category=str(terms.category or "") if payer == Payer.CITY and version.statements else "",
    )  # fmt: skip


def joined(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Two reasons, one after the other."""
    return both("line.joined", one=first, two=second)
