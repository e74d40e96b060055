"""What a scheme file says: dated versions, plans, prices with their shares, the terms of turn-outs.

Every figure carries `source`, the words of the paper and which paper it is. Where the paper is silent the field says
`not_stated` and the engine asks, or it holds our reading, and `readings` says that it is one.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from app.programmes.model import Axis, Code, Payer, QuotaYear, Starter, Told

Yen = Annotated[int, Meta(ge=0, le=100_000_000)]
Sentence = Annotated[str, Meta(min_length=1, max_length=1_000)]
NotStated = Literal["not_stated"]
YesNo = bool | NotStated
NOT_STATED: NotStated = "not_stated"


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same in Japanese and English."""

    ja: Sentence
    en: Sentence

    def both(self) -> dict[str, str]:
        """As lines carry it."""
        return {"ja": self.ja, "en": self.en}


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper that figures come from, and the state of things that it gives."""

    title: Sentence
    as_of: date | None = None


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of the paper; `document` is one of the scheme's documents."""

    says: Sentence
    document: Code


class Company(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who serves, and issues the documents."""

    name: Words


class Varies(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount that is not the same for everybody: set per contract, at least `from`; or by household class."""

    at_least: Yen | None = field(default=None, name="from")
    by_class: dict[Code, Yen] = {}


Amount = Yen | Literal["not_stated", "rest"] | Varies
"""Yen; what is not stated and asked for; what the others leave of the total."""


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every price says.

    `shares`: who bears how much of one unit, as amounts. `total`: the amount of one unit, needed where a share is the
    rest. `option`: only for contracts with this option. `per_device`: once for each device. `city_bears`: whether the
    rules under `borne` of the version can take it from the city.
    """

    id: Code
    label: Words
    shares: Annotated[dict[Payer, Amount], Meta(min_length=1)]
    source: Source
    total: Yen | Varies | NotStated | None = None
    tax_rate_pct: Annotated[int, Meta(ge=0, le=100)] = 10
    tax_included: bool = True
    per_device: bool = False
    option: Code | None = None
    initial_cost: YesNo = False
    """Whether a subsidy on initial cost covers it."""


When = Literal["contracted_on", "installed_on", "received_on"]


class Once(Price, frozen=True, kw_only=True, tag="once"):
    """Owed once, on a day of the contract."""

    when: When


class Deposit(Price, frozen=True, kw_only=True, tag="deposit"):
    """Given once, and given back when the term is over."""

    when: When
    early_end: Literal["returned", "kept", "not_stated"] = "not_stated"
    """What becomes of it when the contract ends before its term."""


class Monthly(Price, frozen=True, kw_only=True, tag="monthly"):
    """Owed for every month."""

    starts: When | None = None
    """The day from which it is owed, asked for when the contract knows only others; None: the first that it knows."""
    first_month: Literal["whole", "next"] = "whole"
    """`whole`: the month in which it begins counts as one; `next`: it is owed from the month after."""
    last_month: Literal["whole", "before_decision"] = "whole"
    """`whole`: the month in which the contract ends counts; `before_decision`: until the month before the decision
    to end it, and if that is the month in which it began, that one counts.
    """


class Asking(Price, frozen=True, kw_only=True, tag="place_told"):
    """Owed each time that somebody is told where the device is."""

    by: Told


class Goods(Price, frozen=True, kw_only=True, tag="item"):
    """Owed for each thing bought, replaced or repaired."""

    unit: Words = Words(ja="個", en="piece")


class Penalty(Price, frozen=True, kw_only=True, tag="penalty"):
    """Owed when the contract ends before its term."""


AnyPrice = Once | Deposit | Monthly | Asking | Goods | Penalty


class Free(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many turn-outs a year (or month) cost the user nothing; `payer` bears them, without one nobody does."""

    turn_outs: Annotated[int, Meta(ge=1)]
    per: QuotaYear
    source: Source
    payer: Payer | None = None


CancelRule = Literal["free", "one_unit", "as_served", "not_stated"]
"""What a turn-out that was called off costs: nothing; one unit; the time that it took."""


class TurnOutPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a turn-out costs: `yen` a unit, borne by `payer`. `included`: nothing, the monthly fee holds it."""

    label: Words
    source: Source
    yen: Yen | NotStated = 0
    included: bool = False
    payer: Payer = Payer.USER
    tax_rate_pct: Annotated[int, Meta(ge=0, le=100)] = 10
    tax_included: bool = True


class DispatchTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may be sent by whom, what they may do, and what it costs.

    `unit_minutes`: the price is for each so many minutes; None: for each turn-out. `cap_minutes`: no turn-out lasts
    longer. `insurer_bears`: whose share the insurer bears of turn-outs that the city has insured.
    """

    started_by: Annotated[list[Starter], Meta(min_length=1)]
    source: Source
    price: TurnOutPrice | None = None
    wearer_may_ask: Literal["if_registered", "yes", "no", "not_stated"] = NOT_STATED
    calls_110_119: Literal["caller", "centre", "not_stated"] = NOT_STATED
    goes_home: YesNo = NOT_STATED
    goes_outside: YesNo = NOT_STATED
    keeps_key: YesNo = NOT_STATED
    unit_minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None
    started_unit: Literal["whole", "completed"] = "whole"
    """`whole`: a unit that has begun counts; `completed`: only units that are over, and at least one."""
    clock_starts: Literal["departure", "arrival"] = "departure"
    cap_minutes: Annotated[int, Meta(ge=1)] | None = None
    cancelled_before_departure: CancelRule = NOT_STATED
    cancelled_after_departure: CancelRule = NOT_STATED
    free: Free | None = None
    insurer_bears: list[Payer] = []


class Term(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a contract binds. `starts` the day that counts, or the first of the month after it when it is not a
    first itself.
    """

    years: Annotated[int, Meta(ge=1, le=50)]
    since: When = field(name="from")
    source: Source
    starts: Literal["that_day", "next_first"] = "that_day"


class Borne(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the city bears the cost only under conditions; what it does not bear is the user's.

    `from_application`: nothing that arose before the application. `absences`: nothing that arose in such days.
    """

    source: Source
    from_application: bool = False
    absences: list[str] = []


class Subsidy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A city bears part of what a company asks for at the beginning.

    `days`: so long the ticket is good. `same_day`: whether an application on the day of the installation is before
    it. `first_day_counts`: whether the day of the ticket is the first of its days.
    """

    yen_max: Yen
    days: Annotated[int, Meta(ge=1)]
    source: Source
    same_day: bool = False
    first_day_counts: bool = False
    payer: Payer = Payer.CITY
    services: list[Code] = []
    """The schemes it may be used for; empty: any."""


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The paper does not say it: `field` holds what we take it to mean, and a town may change it."""

    field: Sentence
    says: Words


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of several ways to use a scheme, with its own prices and, if it differs, term and company."""

    id: Code
    name: Words
    prices: list[AnyPrice] = []
    term: Term | None = None
    issuer: Code | None = None


class Version(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds from a day until a day (both included) of the scheme's axis; without them, always."""

    id: Code
    issuer: Code
    since: date | None = field(default=None, name="from")
    until: date | None = None
    prices: list[AnyPrice] = []
    plans: list[Plan] = []
    dispatch: DispatchTerms | None = None
    term: Term | None = None
    borne: Borne | None = None
    subsidy: Subsidy | None = None
    statements: list[Literal["ward", "category"]] = []
    """By what the city wants its share stated: the ward of the first of the month, elderly or disabled."""
    readings: list[Reading] = []
    notes: list[Words] = []


class Scheme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A programme of a city or a service of a company."""

    id: Code
    name: Words
    axis: Axis
    companies: Annotated[dict[Code, Company], Meta(min_length=1)]
    documents: Annotated[dict[Code, Document], Meta(min_length=1)]
    versions: Annotated[list[Version], Meta(min_length=1)]
    city: Words | None = None
    pays_by: list[Literal["card", "transfer", "cash"]] = []
    """How users may pay; empty: not stated."""
