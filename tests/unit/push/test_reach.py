"""Whether somebody can be reached."""

from msgspec.structs import replace

from app.kit.ids import AddressId, new_id
from app.push.model import Address, AddressKind, Channel
from app.push.reach import Reach, reach
from tests.build import NOW

PHONE = Address(
    id=AddressId(new_id()), channel=Channel.FCM, kind=AddressKind.TOKEN, value="phone", language="ja", last_seen_at=NOW
)
SILENT = replace(PHONE, last_receipt_at=NOW, unanswered_since=NOW)


def test_who_registered_nothing_cannot_be_reached() -> None:
    assert reach([]) is Reach.NO


def test_who_has_one_phone_that_answers_or_never_learnt_to_can_be_reached() -> None:
    assert reach([PHONE]) is Reach.YES
    assert reach([SILENT, replace(PHONE, last_receipt_at=NOW)]) is Reach.YES


def test_who_has_only_phones_that_do_not_answer_is_unanswered() -> None:
    assert reach([SILENT, SILENT]) is Reach.UNANSWERED
