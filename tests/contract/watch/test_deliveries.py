"""What those who see an alert read of the messages about it: to whom, over which channel, and how far each came."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Connection

from app.accounts.model import Account
from app.alerts.service import acting, reporting, viewing
from app.alerts.service.reporting import Told
from app.kit.errors import NotFound
from app.kit.ids import AlertId
from app.pipeline import digest
from app.push import outbox, store
from app.push.fate import Fate, Why
from app.push.model import Channel, Message
from app.push.outbox import Said, Settlement
from app.push.retry import Delivery, Outcome, RetryDecision
from tests.build import NOW, Town, an_alarm, town, unit, viewer

LATER = NOW + timedelta(seconds=5)


@pytest.fixture
def here(connection: Connection) -> Town:
    """Hana pressed SOS; messages wait for the phones of her daughter and her son."""
    cast = town(connection)
    digest(connection, [unit(cast.watch, an_alarm("sos"))], NOW)
    return cast


def alert_id(connection: Connection, here: Town) -> AlertId:
    (one,) = viewing.newest(connection, viewer(here.daughter), states=[], before=None, limit=9, now=NOW)
    return one.id


def told(connection: Connection, here: Town, who: Account | None = None, limit: int = 50) -> list[Told]:
    one = alert_id(connection, here)
    return reporting.told(connection, viewer(who or here.daughter), one, None, limit, LATER)


def fates(connection: Connection, here: Town) -> dict[str | None, tuple[Fate, Why | None]]:
    return {one.name: (one.sent.fate, one.sent.why) for one in told(connection, here)}


def phones(connection: Connection, here: Town) -> tuple[Message, Message]:
    """The messages to the daughter and to the son, claimed."""
    claimed = {one.address.value: one for one in outbox.claim(connection, Channel.FCM, NOW)}
    return claimed[f"phone-of-{here.daughter.email}"], claimed[f"phone-of-{here.son.email}"]


def settle(connection: Connection, message: Message, outcome: Outcome, retry: RetryDecision | None = None) -> None:
    settlement = Settlement(message=message, delivery=Delivery(outcome=outcome), retry=retry)
    outbox.settle(connection, [settlement], LATER)


def test_each_message_says_to_whom_it_went_and_how_far_it_came(connection: Connection, here: Town) -> None:
    daughter, son = here.daughter.name, here.son.name
    assert fates(connection, here) == {daughter: (Fate.WAITING, None), son: (Fate.WAITING, None)}

    hers, his = phones(connection, here)
    settle(connection, hers, Outcome.SENT)
    settle(connection, his, Outcome.UNAVAILABLE, RetryDecision(due_at=LATER))
    assert fates(connection, here) == {daughter: (Fate.SENT, None), son: (Fate.WAITING, Why.TRYING)}

    outbox.receive(connection, hers.id, Said.OPENED, None, LATER)
    store.kill_address(connection, his.address.id, "gone", LATER)
    outbox.claim(connection, Channel.FCM, LATER)

    assert fates(connection, here) == {daughter: (Fate.OPENED, None), son: (Fate.FAILED, Why.ADDRESS_DEAD)}
    opened = next(one.sent for one in told(connection, here) if one.name == daughter)
    assert (opened.sent_at, opened.shown_at, opened.opened_at) == (LATER, LATER, LATER)


def test_what_was_called_off_says_so(connection: Connection, here: Town) -> None:
    acting.acknowledge(connection, viewer(here.daughter), alert_id(connection, here), NOW)

    found = {(one.name, one.sent.kind): one.sent.why for one in told(connection, here)}

    assert found[here.son.name, "alert.sos"] is Why.CANCELLED
    assert found[here.son.name, "alert.acknowledged"] is None


def test_it_comes_page_by_page_newest_first(connection: Connection, here: Town) -> None:
    acting.acknowledge(connection, viewer(here.daughter), alert_id(connection, here), LATER)
    everything = told(connection, here)
    one = alert_id(connection, here)
    pages, before = [], None
    while found := reporting.told(connection, viewer(here.daughter), one, before, 1, LATER):
        pages += found
        before = (found[0].sent.created_at, found[0].sent.id)

    assert pages == everything
    assert [one.sent.created_at for one in everything] == [LATER, NOW, NOW]


def test_who_does_not_see_the_alert_reads_nothing_of_it(connection: Connection, here: Town) -> None:
    for who in (here.outsider, here.stranger, here.clerk):
        with pytest.raises(NotFound):
            told(connection, here, who)
