"""Who may let a turn-out begin: the scheme says it, of buttons, of operators and of the house itself."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Connection

from app.accounts.model import Account
from app.households import service as households
from app.kit.ids import ContactId
from app.programmes import service as programmes
from app.programmes.model import Starter, TurnOut
from app.programmes.service.usages import source_of
from app.programmes.starts import Reason
from app.programmes.store import usage
from tests.build import NOW, Town, town, viewer
from tests.enrolled import a_scheme, a_version, dispatch_terms, enrol, with_dispatch

DAY = timedelta(days=1)


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection)


def why(
    connection: Connection, here: Town, starter: Starter, who: Account | None = None, contact: ContactId | None = None
) -> Reason:
    found = programmes.may_start(
        connection, here.hana.id, starter, None if who is None else who.id, NOW, contact_id=contact
    )  # fmt: skip
    assert found.allowed is (found.reason is Reason.LET)
    return found.reason


def contact_of(connection: Connection, here: Town, account: Account) -> ContactId:
    found = households.contacts_of(connection, viewer(here.daughter), here.hana.id, NOW)
    return next(one.id for one in found if one.account_id == account.id)


@pytest.mark.parametrize("started_by", [*Starter], ids=[one.value for one in Starter])
@pytest.mark.parametrize("starter", [Starter.SIGNAL, Starter.OPERATOR, Starter.CONTACT], ids=lambda one: one.value)
def test_only_whom_the_scheme_names(connection: Connection, here: Town, started_by: Starter, starter: Starter) -> None:
    enrol(connection, here.hana, NOW, with_dispatch(started_by=[started_by]))
    expected = Reason.LET if starter is started_by else Reason.NOT_BY_SCHEME
    if started_by is Starter.NOBODY:
        expected = Reason.NO_TURN_OUTS

    assert expected == why(connection, here, starter, here.daughter)


def test_only_a_registered_contact_may_ask(connection: Connection, here: Town) -> None:
    """Kobe: "only on the request of an emergency contact"."""
    enrol(connection, here.hana, NOW)

    assert [Reason.LET, Reason.LET, Reason.NOT_REGISTERED, Reason.NOT_REGISTERED, Reason.NOT_REGISTERED] == [
        why(connection, here, Starter.CONTACT, one)
        for one in (here.daughter, here.son, here.outsider, here.clerk, None)
    ]


def test_she_herself_may_ask_when_she_is_registered_as_a_contact(connection: Connection, here: Town) -> None:
    enrol(connection, here.hana, NOW)
    before = why(connection, here, Starter.CONTACT, here.outsider)
    households.add_contact(connection, here.hana.id, "ハナ本人", account_id=here.outsider.id, now=NOW)

    assert [Reason.NOT_REGISTERED, Reason.LET] == [before, why(connection, here, Starter.CONTACT, here.outsider)]


def test_a_contact_who_calls_is_named_by_the_operator(connection: Connection, here: Town) -> None:
    enrol(connection, here.hana, NOW)
    other = households.create_wearer(connection, here.hana.household_id, "Taro", now=NOW)
    his = households.add_contact(connection, other.id, "kin of Taro", now=NOW)

    assert [Reason.LET, Reason.NOT_REGISTERED, Reason.NOT_BY_SCHEME] == [
        why(connection, here, Starter.CONTACT, here.operator, contact_of(connection, here, here.son)),
        why(connection, here, Starter.CONTACT, here.operator, his.id),
        why(connection, here, Starter.OPERATOR, here.operator),
    ]


def test_who_was_taken_off_the_list_asks_no_more(connection: Connection, here: Town) -> None:
    enrol(connection, here.hana, NOW)
    gone = contact_of(connection, here, here.son)
    households.remove_contact(connection, viewer(here.daughter), here.hana.id, gone, NOW)

    assert [Reason.NOT_REGISTERED] * 2 == [
        why(connection, here, Starter.CONTACT, here.son), why(connection, here, Starter.CONTACT, None, gone)
    ]  # fmt: skip


def test_from_whom_she_is_hidden_sends_nobody_to_her(connection: Connection, here: Town) -> None:
    enrol(connection, here.hana, NOW)
    households.protect(connection, here.hana.id, "son", account_id=here.son.id, by=here.clerk.id, now=NOW)

    assert Reason.NOT_REGISTERED == why(connection, here, Starter.CONTACT, here.son)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"contracted_on": date(2026, 4, 1)}, Reason.LET),
        ({"contracted_on": date(2026, 4, 2)}, Reason.NO_CONTRACT),
        ({"ended_on": date(2026, 4, 1)}, Reason.LET),
        ({"ended_on": date(2026, 3, 31)}, Reason.NO_CONTRACT),
    ],
    ids=["from today", "from tomorrow", "until today", "until yesterday"],
)
def test_only_a_contract_in_force_sends_anybody(
    connection: Connection, here: Town, terms: dict[str, date], expected: Reason
) -> None:
    enrol(connection, here.hana, NOW, **terms)

    assert expected == why(connection, here, Starter.CONTACT, here.daughter)


def test_of_several_contracts_the_one_that_lets_it_begin_counts(connection: Connection, here: Town) -> None:
    """A button at home whose signal is enough, and a tracker for which only contacts ask."""
    at_home = a_scheme("at_home", versions=[a_version(dispatch=dispatch_terms(started_by=[Starter.SIGNAL]))])
    button, tracker = enrol(connection, here.hana, NOW, at_home), enrol(connection, here.hana, NOW)
    found = [
        programmes.may_start(connection, here.hana.id, starter, here.daughter.id, NOW).contract
        for starter in (Starter.SIGNAL, Starter.CONTACT)
    ]
    quoted = programmes.quote(connection, here.hana.id, NOW)

    assert [button.id, tracker.id] == [one.id for one in found if one is not None]
    assert quoted is not None
    assert tracker.id == quoted.contract.id, "the price is that of what a contact asks for"


@pytest.mark.parametrize("insured", [True, False], ids=["insured", "not insured"])
def test_the_insurer_bears_what_the_city_has_insured(connection: Connection, here: Town, insured: bool) -> None:
    hers = enrol(connection, here.hana, NOW, insured=insured)
    quoted = programmes.quote(connection, here.hana.id, NOW)
    facts = programmes.TurnOutFacts(dispatch_id=hers.id, contract_id=hers.id, departed_at=NOW, ended_at=NOW + DAY / 24)
    programmes.record_turn_out(connection, facts, NOW + DAY)
    told = usage.standing(connection, source_of(hers.id))

    assert quoted is not None
    assert ("insurer" if insured else "city") == quoted.quote.payer_now
    assert told is not None
    assert isinstance(told.facts, TurnOut)
    assert insured is told.facts.insured
