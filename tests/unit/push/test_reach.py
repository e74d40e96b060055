"""Whether somebody can be reached."""

from datetime import timedelta

from msgspec.structs import replace

from app.kit.ids import AddressId, new_id
from app.push.model import Address, AddressKind, Channel
from app.push.reach import ChannelReach, Reach, by_channel, reach
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


def test_of_each_channel_it_is_said_and_since_when_the_last_phone_does_not_answer() -> None:
    later = NOW + timedelta(hours=1)
    found = by_channel([replace(PHONE, channel=Channel.EMAIL), SILENT, replace(SILENT, unanswered_since=later)])

    assert found == [
        ChannelReach(channel=Channel.FCM, reachable=Reach.UNANSWERED, unanswered_since=later),
        ChannelReach(channel=Channel.EMAIL, reachable=Reach.YES, unanswered_since=None),
    ]
    assert by_channel([PHONE, SILENT])[0].unanswered_since is None
    assert by_channel([]) == []
