"""How a document stands: what is still open of it, and what that is called on a day. Pure."""

from datetime import date

from msgspec import Struct

from app.billing.model import PaymentKind, State


class Standing(Struct, frozen=True, kw_only=True):
    """What a document asks for less what returns took off it (`owed_yen`), what was paid less what went back, and what
    was given up. `open_yen` is below zero where money is to go back: more was paid than is owed. What was given up and
    is not owed any more, or came after all, was never paid, and is nobody's to have back.
    """

    owed_yen: int
    paid_yen: int = 0
    written_off_yen: int = 0
    due_on: date

    @property
    def open_yen(self) -> int:
        """What is still to be paid."""
        rest = self.owed_yen - self.paid_yen
        return min(rest, max(0, rest - self.written_off_yen))


def state_of(one: Standing | None, today: date) -> State:
    """What it is called. A document without a standing of its own lessens another one's."""
    if one is None:
        return State.OFFSET
    if one.open_yen == 0:
        return State.WRITTEN_OFF if one.owed_yen > one.paid_yen else State.PAID
    if one.open_yen < 0:
        return State.OVERPAID
    if today > one.due_on:
        return State.OVERDUE
    return State.PARTLY if one.paid_yen else State.ISSUED


def moved(one: Standing, kind: PaymentKind, amount_yen: int) -> Standing | None:
    """How it stands after a payment row; `amount_yen` is below zero in a row that takes another one back. None where
    that cannot be: more is given up than is open, more goes back than was too much.
    """
    paid, written_off = one.paid_yen, one.written_off_yen
    if kind is PaymentKind.PAID:
        paid += amount_yen
    elif kind is PaymentKind.REFUNDED:
        paid -= amount_yen
    else:
        written_off += amount_yen
    after = Standing(owed_yen=one.owed_yen, paid_yen=paid, written_off_yen=written_off, due_on=one.due_on)
    if amount_yen > 0 and kind is PaymentKind.REFUNDED and after.owed_yen > after.paid_yen:
        return None
    if amount_yen > 0 and kind is PaymentKind.WRITTEN_OFF and after.owed_yen < after.paid_yen + after.written_off_yen:
        return None
    return after
