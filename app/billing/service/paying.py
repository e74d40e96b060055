"""What was paid for a document, given back, or given up."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.billing.model import Payment, PaymentKind
from app.billing.service.reading import visible
from app.billing.standing import moved
from app.billing.store import payments
from app.kit.calendar import local_date
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import new_id


def pay(
    connection: Connection, viewer: Viewer, document_id: UUID, *, kind: PaymentKind, amount_yen: int, on: date,
    note: str, key: str, now: datetime,
) -> Payment:  # fmt: skip
    """The row of a payment; the same `key` for the document is the same row, however often it is sent.

    Raises `NotFound`; `InvalidInput` for a day to come; `Conflict` for a document on which nothing is paid, for a key
    of something else, and where more is given up than is open or more given back than was too much.
    """
    visible(connection, viewer, document_id)
    if on > local_date(now):
        raise InvalidInput("This day is still to come.", "on")
    standing = payments.locked(connection, document_id)
    known = payments.by_key(connection, document_id, key)
    if known is not None:
        if (known.kind, known.amount_yen, known.on) != (kind, amount_yen, on):
            raise Conflict("Something else was noted under this key.")
        return known
    if standing is None:
        raise Conflict("Nothing is paid on this document: it lessens what another one asks for.")
    after = moved(standing, kind, amount_yen)
    if after is None:
        raise Conflict(f"{abs(standing.open_yen)} yen are {'open' if standing.open_yen >= 0 else 'too much'}.")
    one = Payment(
        id=new_id(), document_id=document_id, kind=kind, on=on, amount_yen=amount_yen, note=note, key=key,
        takes_back=None, by=viewer.account_id, at=now,
    )  # fmt: skip
    payments.add(connection, one, after)
    return one


def take_back(
    connection: Connection, viewer: Viewer, document_id: UUID, payment_id: UUID, note: str, now: datetime
) -> Payment:
    """The row that takes a wrong one back; again it is the same. Raises `NotFound`, and `Conflict` for a row that takes
    another one back itself.
    """
    visible(connection, viewer, document_id)
    standing = payments.locked(connection, document_id)
    wrong = payments.one(connection, document_id, payment_id)
    if wrong is None or standing is None:
        raise NotFound
    if wrong.takes_back is not None:
        raise Conflict("This takes another payment back; note the payment anew.")
    known = payments.by_key(connection, document_id, _key_of(payment_id))
    if known is not None:
        return known
    after = moved(standing, wrong.kind, -wrong.amount_yen)
    assert after is not None, "what is taken back was there"
    one = Payment(
        id=new_id(), document_id=document_id, kind=wrong.kind, on=local_date(now), amount_yen=-wrong.amount_yen,
        note=note, key=_key_of(payment_id), takes_back=payment_id, by=viewer.account_id, at=now,
    )  # fmt: skip
    payments.add(connection, one, after)
    return one


def listed(connection: Connection, viewer: Viewer, document_id: UUID, after: UUID | None, count: int) -> list[Payment]:
    """Up to `count` rows of a document. Raises `NotFound`."""
    visible(connection, viewer, document_id)
    return payments.of_document(connection, document_id, after, count)


def _key_of(payment_id: UUID) -> str:
    """No key of a client begins with a colon."""
    return f":back:{payment_id.hex}"
