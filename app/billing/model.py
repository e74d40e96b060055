"""What a company bills, to whom, and what became of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from app.billing.totals import Rounding, Sums, Totals
from app.kit.ids import AccountId, CityId, WearerId
from app.programmes.model import Line, Payer

RegistrationNumber = Annotated[
    str,
    Meta(
        pattern=r"^T[0-9]{13}(?!\n)$", description="of the company as an issuer of qualified invoices: T and 13 digits"
    ),
]


class Kind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    """It asks for money (適格請求書)."""
    RETURN = "return"
    """It gives money back or takes back what was asked for (適格返還請求書)."""


class State(StrEnum):
    """What became of a document, as its payments and the day say."""

    ISSUED = "issued"
    PARTLY = "partly"
    """Something was paid, and the rest is not due yet."""
    PAID = "paid"
    OVERDUE = "overdue"
    OVERPAID = "overpaid"
    """More was paid than is owed: after a return invoice, mostly."""
    WRITTEN_OFF = "written_off"
    """The rest will not come, and nobody asks for it any more."""
    OFFSET = "offset"
    """A return that lessens what another document asks for: nothing is paid on itself."""


class PaymentKind(StrEnum):
    """What a payment row says."""

    PAID = "paid"
    REFUNDED = "refunded"
    WRITTEN_OFF = "written_off"


class RunState(StrEnum):
    """How far a closing run is."""

    OPEN = "open"
    """Wearers are gone through, some at a time."""
    ISSUING = "issuing"
    """All lines are there; the documents of city and insurers are issued."""
    CLOSED = "closed"


class Bank(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to pay."""

    bank: Annotated[str, Meta(min_length=1, max_length=60)]
    branch: Annotated[str, Meta(max_length=60)] = ""
    account_kind: Literal["普通", "当座"] = "普通"
    number: Annotated[str, Meta(pattern=r"^[0-9]{1,8}(?!\n)$")]
    holder: Annotated[str, Meta(min_length=1, max_length=60)]


class Issuer(Struct, frozen=True, kw_only=True):
    """A company that serves and bills in a city. Without a registration number its documents are no qualified
    invoices, and say so. `payment_days`: from the day of issue to the day when payment is due.
    """

    id: UUID
    city_id: CityId
    code: str
    name: str
    address: str
    phone: str
    registration_number: str | None
    rounding: Rounding
    payment_days: int
    bank: Bank | None
    changed_at: datetime


class Payee(Struct, frozen=True, kw_only=True, order=True):
    """Who is asked for money by one company: a family about one wearer, a city about one ward and category, an
    insurer.

    One wearer a document: who of a household may read it is then the same question as with all else that is hers.
    """

    issuer: str
    payer: Payer
    wearer_id: str = ""
    ward: str = ""
    category: str = ""

    @property
    def key(self) -> str:
        """As it stands in keys of rows."""
        return f"{self.payer.value}:{self.wearer_id}:{self.ward}:{self.category}"


class Owed(Struct, frozen=True, kw_only=True):
    """A line with whose contract it comes from. `returns`: the billed line that it takes back."""

    line: Line
    wearer_id: WearerId
    contract_id: UUID
    returns: UUID | None = None


class Billed(Struct, frozen=True, kw_only=True):
    """A line of a document."""

    id: UUID
    document_id: UUID
    owed: Owed


class Draft(Struct, frozen=True, kw_only=True):
    """A document to be: its lines, without number and totals. `corrects`: the document whose lines it takes back."""

    payee: Payee
    kind: Kind
    lines: tuple[Owed, ...]
    corrects: UUID | None = None


class Document(Struct, frozen=True, kw_only=True):
    """A document as it was issued; it never changes. The issuer is what it was on that day. `before`: the sums of the
    documents about the same matter that were issued before it; by them and its own lines it can be reckoned again.
    """

    id: UUID
    city_id: CityId
    month: str
    round: int
    kind: Kind
    payee: Payee
    number: int
    number_text: str
    issuer: Issuer
    recipient: str
    corrects: UUID | None
    before: Sums
    totals: Totals
    lines: int
    issued_on: date
    due_on: date
    issued_at: datetime

    @property
    def is_qualified(self) -> bool:
        """Whether it is a qualified invoice, or a qualified return invoice."""
        return self.issuer.registration_number is not None


class Payment(Struct, frozen=True, kw_only=True):
    """Money that came, went back, or is given up, for one document. Never changed: what was wrong is taken back by a
    row that names it (`takes_back`). The same `key` is the same row.
    """

    id: UUID
    document_id: UUID
    kind: PaymentKind
    on: date
    amount_yen: int
    note: str
    key: str
    takes_back: UUID | None
    by: AccountId
    at: datetime


class Run(Struct, frozen=True, kw_only=True):
    """A closing run of a city's month. A `round` above 0 looks for what was corrected since and bills the difference:
    of wearers of whom something was noted since a moment, or of all. It has gone past the wearer `after`.
    """

    id: UUID
    city_id: CityId
    month: str
    round: int
    state: RunState
    since: datetime | None
    after: WearerId | None
    wearers: int
    started_at: datetime
    started_by: AccountId | None
    closed_at: datetime | None
    gaps: int = 0
    """How many contracts it could not bill."""


class Gap(Struct, frozen=True, kw_only=True):
    """A contract that a run could not bill, and why: the fields that are asked for, `issuer:CODE`, `defect:NAME`."""

    contract_id: UUID
    wearer_id: WearerId
    why: tuple[str, ...]
