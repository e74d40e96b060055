"""What is known of a contract (terms), what happened (usage), and what comes out of it (lines of a bill).

Amounts are whole yen. Days and months are those of Japan. What a scheme itself says is in `scheme`.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}(?!\n)$")]
"""Names a scheme, a version, a plan, a price or a company in files and rows."""
Month = Annotated[
    str, Meta(pattern=r"^(19[5-9]|20[0-9]|21[0-4])[0-9]-(0[1-9]|1[0-2])(?!\n)$", description="month of Japan, 2026-04")
]
Moment = Annotated[datetime, Meta(tz=True)]
YenSet = Annotated[int, Meta(ge=0, le=100_000_000)]
Quantity = Annotated[int, Meta(ge=1, le=10_000)]


class Payer(StrEnum):
    """Who bears an amount."""

    USER = "user"
    """The family or the wearer."""
    CITY = "city"
    INSURER = "insurer"
    """The insurer of the city, for turn-outs that the city has insured."""


class Starter(StrEnum):
    """Who may let a turn-out begin, by the scheme."""

    SIGNAL = "signal"
    """The signal of the device is enough."""
    OPERATOR = "operator"
    """An operator of the centre decides."""
    CONTACT = "contact"
    """Only a registered contact may ask; the wearer only when registered as one."""
    NOBODY = "nobody"
    """Nobody: the scheme has no turn-outs."""


class Axis(StrEnum):
    """Which day decides the version of a scheme that holds."""

    SERVICE = "service_date"
    INSTALLATION = "installation_date"
    APPLICATION = "application_date"


class QuotaYear(StrEnum):
    """The span in which free turn-outs are counted. It is that of the departure, by the time of Japan."""

    FISCAL = "fiscal_year"
    """April to March."""
    CALENDAR = "calendar_year"
    CONTRACT = "contract_year"
    """From the day of the contract to the day before its anniversary."""
    MONTH = "month"


class Cancelled(StrEnum):
    """When a turn-out was called off."""

    BEFORE = "before_departure"
    AFTER = "after_departure"


class Told(StrEnum):
    """How somebody was told where the device is."""

    PHONE = "phone"
    WEB = "web"


class Category(StrEnum):
    """Whom a city reckons a user under, in its statements."""

    ELDERLY = "elderly"
    DISABLED = "disabled"


class Away(StrEnum):
    """Why somebody does not use a service that goes on."""

    HOSPITAL = "hospital"
    FACILITY = "facility"
    DEATH = "death"
    OTHER = "other"


class Span(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days, both included; without `until` it goes on."""

    since: date = field(name="from")
    until: date | None = None


class Residence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which ward somebody has lived since a day."""

    since: date = field(name="from")
    ward: Annotated[str, Meta(min_length=1, max_length=40)]


class Absence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days in which the service was not used; `known_on` is the day on which the city found out, if later."""

    kind: Away
    since: date = field(name="from")
    until: date | None = None
    known_on: date | None = None


class Grant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subsidy that was asked for: by which scheme, when it was applied for, when its ticket was issued."""

    scheme: Code
    applied_on: date | None = None
    ticket_on: date | None = None


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a contract says that a price needs. Which of it a scheme needs, it asks for.

    `amounts`: yen of prices that the paper gives as "from" or not at all, by the code of the price; `choices`: rules
    that it leaves open, by their name; `options`: what was ordered besides. `tax_classes`: the household's class by
    the fiscal year of the municipal tax, `household_class` the same for every year that is not named there;
    `assistance`: days under public assistance. `free_used`: free turn-outs used before those that are rated, by the
    key of their year (`quotas.year_key`).
    """

    scheme: Code | None = None
    plan: Code | None = None
    issuer: Code | None = None
    applied_on: date | None = None
    contracted_on: date | None = None
    installed_on: date | None = None
    received_on: date | None = None
    end_decided_on: date | None = None
    ended_on: date | None = None
    devices: Quantity = 1
    options: list[Code] = []
    amounts: dict[Code, YenSet] = {}
    choices: dict[Code, str] = {}
    household_class: Code | None = None
    tax_classes: dict[Annotated[str, Meta(pattern=r"^[0-9]{4}(?!\n)$")], Code] = {}
    assistance: list[Span] = []
    category: Category | None = None
    residence: list[Residence] = []
    absences: list[Absence] = []
    subsidy: Grant | None = None
    free_used: dict[str, Annotated[int, Meta(ge=0, le=10_000)]] = {}


class Months(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The months that are rated, both included."""

    since: Month = field(name="from")
    until: Month


class TurnOut(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody was sent. Moments with zone; year and month are those of the departure in Japan.

    `ended_at`: the result was reported and the guard is free again, or it was called off. `quota_number`: its place
    among the turn-outs of its year, when the ledger knows it; else they are counted by departure. `insured`: the city
    has insured it.
    """

    id: Annotated[str, Meta(min_length=1, max_length=80)]
    departed_at: Moment | None = None
    arrived_at: Moment | None = None
    ended_at: Moment | None = None
    cancelled: Cancelled | None = None
    quota_number: Annotated[int, Meta(ge=1)] | None = None
    insured: bool = False


class PlaceTold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody asked where the device is and was told."""

    by: Told
    on: date
    id: Annotated[str, Meta(max_length=80)] = ""
    quantity: Quantity = 1


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something bought, replaced or repaired, by the code of its price; `unit_yen` where the price is open."""

    code: Code
    on: date
    id: Annotated[str, Meta(max_length=80)] = ""
    quantity: Quantity = 1
    unit_yen: YenSet | None = None


class Usage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened. With `months`, monthly fees are rated for them, and only what belongs to them gives lines;
    without, everything that is stated gives lines, and there are no monthly fees. What lies outside is still counted
    for free turn-outs.
    """

    months: Months | None = None
    turn_outs: list[TurnOut] = []
    places_told: list[PlaceTold] = []
    items: list[Item] = []


class Line(Struct, frozen=True, kw_only=True):
    """One line of a bill.

    `on` is the day that decides month and year; `unit` what is counted; `tax_included` whether the amounts hold the
    tax of `tax_rate_pct` percent already (a document reckons it once); `issuer` the company that serves; `version` and
    `rule` which tariff made it; `because` the same in words (`ja`, `en`); `source` the id of the usage row, empty for
    what comes from the contract alone; `ward` and `category` under what a city wants it in its statement. Amounts are
    below zero only where something is given back.
    """

    code: str
    label: dict[str, str]
    on: date
    quantity: int
    unit: str
    unit_yen: int
    amount_yen: int
    tax_rate_pct: int
    tax_included: bool
    payer: Payer
    issuer: str
    version: str
    rule: str
    because: dict[str, str]
    source: str = ""
    deposit: bool = False
    ward: str = ""
    category: str = ""


class Asked(Struct, frozen=True, kw_only=True):
    """A value without which something cannot be rated: where it belongs (`terms.amounts.monthly`), and why it is
    asked for. `at_least_yen`: the paper says "from". `answers`: what may be answered, when it is a choice.
    """

    field: str
    why: dict[str, str]
    at_least_yen: int | None = None
    answers: list[str] = []


class Refusal(Struct, frozen=True, kw_only=True):
    """The city bears nothing of something, and why: the rule in the scheme, and words."""

    rule: str
    because: dict[str, str]


class LeftOut(Struct, frozen=True, kw_only=True):
    """What the scheme or the usage names and gives no line, and why (`no_date`, `outside_months`, `no_months`)."""

    what: str
    why: str


class Rating(Struct, frozen=True, kw_only=True):
    """What comes out. Complete when nothing is asked; `lines` in the order of their days."""

    lines: list[Line] = []
    asked: list[Asked] = []
    refusals: list[Refusal] = []
    left_out: list[LeftOut] = []

    @property
    def complete(self) -> bool:
        """Whether every value was known."""
        return not self.asked
