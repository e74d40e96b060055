"""What a document is called by what was paid, and what cannot be noted."""

from datetime import date, timedelta

import pytest

from app.billing.model import PaymentKind, State
from app.billing.standing import Standing, moved, state_of

DUE = date(2026, 5, 1)


def standing(owed: int, paid: int = 0, written_off: int = 0) -> Standing:
    return Standing(owed_yen=owed, paid_yen=paid, written_off_yen=written_off, due_on=DUE)


@pytest.mark.parametrize(
    ("one", "late", "state"),
    [
        (standing(100), False, State.ISSUED),
        (standing(100, 40), False, State.PARTLY),
        (standing(100), True, State.OVERDUE),
        (standing(100, 40), True, State.OVERDUE),
        (standing(100, 100), True, State.PAID),
        (standing(100, 60, 40), True, State.WRITTEN_OFF),
        (standing(100, 120), False, State.OVERPAID),
        (standing(-20_000), False, State.OVERPAID),
        (standing(0), True, State.PAID),
        (standing(0, 0, 100), True, State.PAID),
        (standing(0, 60, 40), True, State.OVERPAID),
        (standing(100, 100, 100), True, State.PAID),
        (None, True, State.OFFSET),
    ],
    ids=str,
)
def test_what_it_is_called(one: Standing | None, late: bool, state: State) -> None:
    assert state is state_of(one, DUE + timedelta(days=late))


def test_the_day_on_which_it_is_due_is_in_time() -> None:
    assert (State.ISSUED, State.OVERDUE) == (state_of(standing(1), DUE), state_of(standing(1), DUE + timedelta(days=1)))


@pytest.mark.parametrize(
    ("one", "kind", "amount", "open_yen"),
    [
        (standing(100), PaymentKind.PAID, 60, 40),
        (standing(100), PaymentKind.PAID, 160, -60),
        (standing(100, 160), PaymentKind.REFUNDED, 60, 0),
        (standing(100, 160), PaymentKind.REFUNDED, 61, None),
        (standing(-20_000), PaymentKind.REFUNDED, 20_000, 0),
        (standing(100, 60), PaymentKind.WRITTEN_OFF, 40, 0),
        (standing(100, 60), PaymentKind.WRITTEN_OFF, 41, None),
        (standing(0, 0, 100), PaymentKind.REFUNDED, 100, None),
        (standing(0, 60, 40), PaymentKind.REFUNDED, 60, 0),
        (standing(0, 60, 40), PaymentKind.REFUNDED, 61, None),
        (standing(100, 0, 100), PaymentKind.PAID, 100, 0),
        (standing(100, 100), PaymentKind.PAID, -100, 100),
        (standing(100, 0, 100), PaymentKind.WRITTEN_OFF, -100, 100),
        (standing(-20_000, -20_000), PaymentKind.REFUNDED, -20_000, -20_000),
    ],
    ids=str,
)
def test_what_moves_it_and_what_cannot(one: Standing, kind: PaymentKind, amount: int, open_yen: int | None) -> None:
    after = moved(one, kind, amount)

    assert open_yen == (None if after is None else after.open_yen)
