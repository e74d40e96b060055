"""What a message carries so that whoever gets it can say something without signing in."""

from msgspec.structs import replace

from app.db.engine import Database
from app.kit.clock import ManualClock
from app.push.channels.parcel import ASKS_NOTHING, CONFIRM_MAILBOX, Parcel
from app.push.deliver import Desk, deliver_round
from app.push.model import Channel
from app.push.render import known
from app.push.tokens import Purpose, Tokens
from tests.contract.push.builders import FakeSender, put
from tests.unit.push.test_render import KINDS

TOKENS = Tokens(b"a secret of this installation, 32 bytes")


async def sent(database: Database, clock: ManualClock, kind: str, tokens: Tokens | None = TOKENS) -> Parcel:
    sender = FakeSender()
    await put(database, kind=kind)
    await deliver_round(Desk(database=database, channel=Channel.FCM, sender=sender, clock=clock, tokens=tokens))
    (parcel,) = sender.parcels
    return parcel


async def test_an_alert_carries_the_token_of_its_receipt_and_that_of_its_answer(
    database: Database, clock: ManualClock
) -> None:
    parcel = await sent(database, clock, "alert.sos")

    assert parcel.receipt == TOKENS.of(parcel.message.id, Purpose.RECEIPT)
    assert parcel.answer == TOKENS.of(parcel.message.id, Purpose.ANSWER)


async def test_what_says_nothing_of_a_wearer_is_shown_as_it_is(database: Database, clock: ManualClock) -> None:
    for kind in KINDS:
        parcel = await sent(database, clock, kind)
        address = replace(parcel.message.address, shows_details=False)
        hidden = replace(parcel, message=replace(parcel.message, address=address))

        assert parcel.shown == parcel.text
        assert (hidden.shown == parcel.text) == kind.startswith(("staff.", "me.", "address.", "unit.", "sticker."))


async def test_what_is_over_news_and_the_staffs_messages_ask_nothing(database: Database, clock: ManualClock) -> None:
    for kind in [*sorted(ASKS_NOTHING), "news.passage", "staff.devices_silent"]:
        parcel = await sent(database, clock, kind)

        assert known(kind)
        assert parcel.receipt == TOKENS.of(parcel.message.id, Purpose.RECEIPT)
        assert parcel.answer is None


async def test_only_the_letter_that_asks_about_a_mailbox_carries_the_token_that_confirms_it(
    database: Database, clock: ManualClock
) -> None:
    asks = await sent(database, clock, CONFIRM_MAILBOX)

    assert asks.confirm == TOKENS.of(asks.message.id, Purpose.CONFIRM)
    assert asks.answer is None
    assert (await sent(database, clock, "alert.sos")).confirm is None


async def test_where_nobody_makes_tokens_none_is_carried(database: Database, clock: ManualClock) -> None:
    parcel = await sent(database, clock, "alert.sos", tokens=None)

    assert (parcel.receipt, parcel.answer) == (None, None)
