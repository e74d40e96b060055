"""Documents for those who may read them: families those that ask them for money, the office those of its city."""

from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.billing import sheets
from app.billing.documents import REDUCED_RATE_PCT, first_of, sums
from app.billing.explaining import explained, unit_text
from app.billing.model import Billed, Document, Issuer, State
from app.billing.printing import Row, document_pdf
from app.billing.standing import state_of
from app.billing.store import issuers, people, reading
from app.billing.store.reading import Asked, Found, Part
from app.billing.totals import NO_TAX, Sum, added, totals_after
from app.kit.calendar import local_date
from app.kit.errors import Conflict, NotFound
from app.kit.ids import WearerId
from app.paper import NoGlyph, font_file
from app.programmes.model import Payer

LINES_AT_ONCE = 1_000
LINES_EXPLAINED_MAX = 1_000
"""A ward's document has ten thousands of lines, each of which its file explains as well."""


NOBODY = WearerId(UUID(int=0))


class Paper(Struct, frozen=True, kw_only=True):
    """All that a document on paper says."""

    document: Document
    rows: tuple[Row, ...]
    corrected: Document | None


def visible(connection: Connection, viewer: Viewer, document_id: UUID) -> Found:
    """The document, if the viewer may read it. Raises `NotFound`."""
    found = reading.one(connection, viewer, document_id)
    if found is None:
        raise NotFound
    return found


def listed(
    connection: Connection, viewer: Viewer, asked: Asked, before: tuple[datetime, UUID] | None, count: int
) -> list[Found]:
    """Up to `count` documents that the viewer may read, newest first."""
    return reading.listed(connection, viewer, asked, before, count)


def lines(connection: Connection, viewer: Viewer, document_id: UUID, after: UUID | None, count: int) -> list[Billed]:
    """Up to `count` lines of a document; whose a line is, is left out where she is hidden from the viewer. Raises
    `NotFound`.
    """
    visible(connection, viewer, document_id)
    return _shown(connection, viewer, reading.lines(connection, document_id, after, count))


def arrears(
    connection: Connection, viewer: Viewer, after: tuple[date, UUID] | None, count: int, now: datetime
) -> list[Found]:
    """Up to `count` documents that the viewer may read and that are overdue, longest first."""
    return reading.arrears(connection, viewer, local_date(now), after, count)


def parts(connection: Connection, viewer: Viewer, month: str) -> list[Part]:
    """What the viewer's city is asked for in a month, by company, ward and category."""
    return reading.parts(connection, viewer, month)


def issuers_of(connection: Connection, viewer: Viewer) -> list[Issuer]:
    """The companies that bill in the viewer's city."""
    return list(issuers.of_city(connection, viewer.city_id).values())


def paper(connection: Connection, viewer: Viewer, document_id: UUID) -> Paper:
    """A document as it is printed: a family's with each line (of a thousand at most), others with each price once.
    Raises `NotFound`.
    """
    document = visible(connection, viewer, document_id).document
    corrected = None if document.corrects is None else reading.by_id(connection, document.corrects)
    if document.payee.payer is Payer.USER and document.lines <= LINES_AT_ONCE:
        rows = [_row(one) for one in reading.lines(connection, document.id, None, LINES_AT_ONCE)]
    else:
        rows = [
            Row(
                on=f"{first_of(document.month).month}月分", label=one.label.get("ja", one.code), quantity=one.quantity,
                unit=unit_text(one.unit), unit_yen=one.unit_yen, amount_yen=one.amount_yen,
                mark=_mark(one.tax_rate_pct, included=one.tax_included, deposit=one.deposit),
            )
            for one in reading.grouped(connection, document.id)
        ]  # fmt: skip
    return Paper(document=document, rows=tuple(rows), corrected=corrected)


def pdf(one: Paper, font: str | None) -> bytes:
    """It as a PDF, with the font that is set, or else the product's. Raises `Conflict` where no PDF can be made, which
    names characters by their numbers only: they are of people's names.
    """
    path: Path = font_file(font)
    try:
        return document_pdf(one.document, one.rows, one.corrected, path)
    except NoGlyph as error:
        raise Conflict(
            f"The font has no form for {error.codes}: set `billing_font` to one that has. The file (CSV) has them."
        ) from None
    except OSError:
        raise Conflict("The font that is set as `billing_font` cannot be read.") from None


def sheet_part(
    connection: Connection, viewer: Viewer, document_id: UUID, after: UUID | None
) -> tuple[bytes, UUID | None]:
    """A part of the lines of a document as a file, after a line, and the last line in it; None where nothing follows.
    Raises `NotFound`.
    """
    document = visible(connection, viewer, document_id).document
    some = lines(connection, viewer, document.id, after, LINES_AT_ONCE)
    rows = [sheets.line_row(document.number_text, one) for one in some]
    content = sheets.sheet(sheets.LINES, rows) if after is None else sheets.part(rows)
    return content, some[-1].id if len(some) == LINES_AT_ONCE else None


def documents_part(
    connection: Connection, viewer: Viewer, asked: Asked, before: tuple[datetime, UUID] | None, now: datetime
) -> tuple[bytes, tuple[datetime, UUID] | None]:
    """The same of documents, newest first."""
    some = reading.listed(connection, viewer, asked, before, LINES_AT_ONCE)
    rows = [
        sheets.document_row(one.document, None if one.standing is None else one.standing.open_yen, state(one, now))
        for one in some
    ]
    content = sheets.sheet(sheets.DOCUMENTS, rows) if before is None else sheets.part(rows)
    last = some[-1].document if len(some) == LINES_AT_ONCE else None
    return content, None if last is None else (last.issued_at, last.id)


def parts_sheet(connection: Connection, viewer: Viewer, month: str) -> bytes:
    """The statement of a month as a file, with the sums of each company."""
    found = reading.parts(connection, viewer, month)
    return sheets.sheet(sheets.PARTS, sheets.part_rows(month, found_parts(found)))


def found_parts(found: list[Part]) -> list[tuple[str, str, str, int, int, int, int]]:
    """Parts as rows know them."""
    return [
        (one.issuer, one.ward, one.category, one.wearers, len(one.documents), one.total_yen, one.tax_yen)
        for one in found
    ]


def explanation(connection: Connection, viewer: Viewer, document_id: UUID, language: str) -> list[str]:
    """How each line of a document came about. Raises `NotFound`."""
    return in_words(connection, visible(connection, viewer, document_id).document, language)


def in_words(connection: Connection, document: Document, language: str) -> list[str]:
    """The same for the house itself; of very long documents the first lines, and how many there are."""
    some = reading.lines(connection, document.id, None, LINES_EXPLAINED_MAX)
    found = explained(document, some, language)
    if document.lines > len(some):
        rest = document.lines - len(some)
        found.append(f"ほか{rest:,}行" if language == "ja" else f"{rest:,} more lines")
    return found


def is_right(connection: Connection, document: Document) -> bool:
    """Whether the document still says what its lines come to, reckoned anew line by line."""
    own: dict[int, Sum] = {NO_TAX: Sum()}
    after, count = None, 0
    while some := reading.lines(connection, document.id, after, LINES_AT_ONCE):
        own = added(own, sums(one.owed for one in some))
        after, count = some[-1].id, count + len(some)
    if own[NO_TAX] == Sum():
        del own[NO_TAX]
    return totals_after(document.before, own, document.issuer.rounding) == document.totals and count == document.lines


def state(found: Found, now: datetime) -> State:
    """How a document stands today."""
    return state_of(found.standing, local_date(now))


def _shown(connection: Connection, viewer: Viewer, some: list[Billed]) -> list[Billed]:
    hidden = people.hidden_from(connection, viewer.account_id)
    return [
        replace(one, owed=replace(one.owed, wearer_id=NOBODY, contract_id=NOBODY))
        if one.owed.wearer_id in hidden
        else one
        for one in some
    ]


def _row(one: Billed) -> Row:
    line = one.owed.line
    return Row(
        on=f"{line.on.month}月{line.on.day}日",
        label=line.label.get("ja", line.code), quantity=line.quantity, unit=unit_text(line.unit),
        unit_yen=line.unit_yen, amount_yen=line.amount_yen,
        mark=_mark(line.tax_rate_pct, included=line.tax_included, deposit=line.deposit),
    )  # fmt: skip


def _mark(rate_pct: int, *, included: bool, deposit: bool) -> str:
    if deposit:
        return "（不課税）"
    return ("" if included else "（税抜）") + ("※" if rate_pct == REDUCED_RATE_PCT else "")
