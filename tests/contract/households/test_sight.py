"""Who may know of whom, over the real tables."""

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter

import pytest
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.tables import account
from app.db.intents import due
from app.households import service
from app.households.model import ALL_SCOPES, CONTACT_SCOPES, Scope
from app.households.tables import household_member
from app.kit.errors import NotFound
from app.kit.ids import WearerId, new_id
from tests.build import NOW
from tests.contract.households.cast import KAKOGAWA, Cast


def knows(connection: Connection, viewer: Viewer, cast: Cast, scope: Scope | None = None) -> bool:
    """Whether the viewer is shown Hana; the single question and the list must agree."""
    listed = cast.hana.id in service.visible_wearer_ids(connection, viewer, scope, NOW)
    try:
        service.visible_wearer(connection, viewer, cast.hana.id, scope, NOW)
    except NotFound:
        assert not listed
        return False
    assert listed
    return True


def give(connection: Connection, cast: Cast, viewer: Viewer, scope: Scope = Scope.PLACE) -> None:
    service.give_consent(
        connection,
        cast.hana.id,
        scopes={scope},
        account_id=viewer.account_id,
        by=cast.daughter.account_id,
        now=NOW,
    )


def test_members_of_the_household_see_everything_of_a_wearer_entered_for_it(connection: Connection, cast: Cast) -> None:
    for member in (cast.daughter, cast.son):
        known = service.known_wearer(connection, member, cast.hana.id, NOW)

        assert known.manages
        assert known.sees == ALL_SCOPES


@pytest.mark.parametrize("who", ["aiko", "operator", "guard", "clerk_abroad", "family_abroad"])
def test_whom_nobody_let_does_not_know_of_her(connection: Connection, cast: Cast, who: str) -> None:
    assert not knows(connection, attrgetter(who)(cast), cast)


@pytest.mark.parametrize("who", ["clerk", "administrator", "administrator_abroad"])
def test_the_office_manages_her_and_sees_no_place(connection: Connection, cast: Cast, who: str) -> None:
    viewer = attrgetter(who)(cast)
    known = service.known_wearer(connection, viewer, cast.hana.id, NOW)

    assert known.manages
    assert frozenset() == known.sees
    assert knows(connection, viewer, cast)
    assert not any(knows(connection, viewer, cast, scope) for scope in Scope)


def test_a_consent_lets_see_its_scope_only_and_gives_no_say(connection: Connection, cast: Cast) -> None:
    give(connection, cast, cast.aiko)

    assert knows(connection, cast.aiko, cast)
    assert knows(connection, cast.aiko, cast, Scope.PLACE)
    assert not knows(connection, cast.aiko, cast, Scope.TRACK)
    with pytest.raises(NotFound):
        service.managed_wearer(connection, cast.aiko, cast.hana.id, NOW)


def test_a_consent_to_a_role_reaches_the_role_in_her_city(connection: Connection, cast: Cast) -> None:
    service.give_consent(
        connection, cast.hana.id, scopes={Scope.ALERTS}, role=Role.OPERATOR, by=cast.son.account_id, now=NOW
    )

    assert knows(connection, cast.operator, cast, Scope.ALERTS)
    assert not knows(connection, cast.guard, cast)


@pytest.mark.parametrize("who", ["daughter", "clerk", "administrator", "aiko"])
def test_a_protection_makes_her_unknown_whoever_it_is_against(connection: Connection, cast: Cast, who: str) -> None:
    viewer = attrgetter(who)(cast)
    give(connection, cast, viewer)

    assert knows(connection, viewer, cast)

    cast.hide_hana_from(connection, viewer)

    assert not knows(connection, viewer, cast)
    assert not knows(connection, viewer, cast, Scope.PLACE)
    assert knows(connection, cast.son, cast, Scope.PLACE)


QUESTIONS: list[Callable[[Connection, Viewer, WearerId], object]] = [
    lambda c, viewer, wearer_id: service.known_wearer(c, viewer, wearer_id, NOW),
    lambda c, viewer, wearer_id: service.managed_wearer(c, viewer, wearer_id, NOW),
    lambda c, viewer, wearer_id: service.change_wearer(c, viewer, wearer_id, name="x", now=NOW),
    lambda c, viewer, wearer_id: service.end_wearer(c, viewer, wearer_id, NOW),
    lambda c, viewer, wearer_id: service.contacts_of(c, viewer, wearer_id, NOW),
    lambda c, viewer, wearer_id: service.order_contacts(c, viewer, wearer_id, [], NOW),
    lambda c, viewer, wearer_id: service.consents_of(c, viewer, wearer_id, None, 10, NOW),
    lambda c, viewer, wearer_id: service.looks_at(c, viewer, wearer_id, None, 10, NOW),
    lambda c, viewer, wearer_id: service.new_contact(
        c, viewer, wearer_id, "x", relation="", phone="", account_id=None, rank=None, scopes=[], now=NOW
    ),
    lambda c, viewer, wearer_id: service.new_consent(
        c,
        viewer,
        wearer_id,
        scopes=[Scope.PLACE],
        account_id=None,
        role=Role.GUARD,
        from_at=None,
        until_at=None,
        now=NOW,
    ),
]


@pytest.mark.parametrize("ask", QUESTIONS)
def test_hers_and_unknown_ids_answer_alike_to_whom_she_is_hidden_from(
    connection: Connection, cast: Cast, ask: Callable[[Connection, Viewer, WearerId], object]
) -> None:
    cast.hide_hana_from(connection, cast.daughter)

    with pytest.raises(NotFound) as hidden:
        ask(connection, cast.daughter, cast.hana.id)
    with pytest.raises(NotFound) as unknown:
        ask(connection, cast.daughter, WearerId(new_id()))

    assert unknown.value.detail == hidden.value.detail


def test_one_who_has_ended_is_unknown_and_the_rest_of_the_house_hears_of_it(connection: Connection, cast: Cast) -> None:
    service.end_wearer(connection, cast.daughter, cast.hana.id, NOW)

    assert not knows(connection, cast.daughter, cast)
    assert not knows(connection, cast.administrator, cast)
    intents = [(one.kind, one.payload) for one in due(connection, NOW)]
    assert [("wearer_ended", {"wearer_id": str(cast.hana.id)})] == intents
    assert cast.hana.name == service.wearers_by_id(connection, [cast.hana.id])[cast.hana.id].name


def test_a_family_lists_those_it_may_know_of_page_by_page(connection: Connection, cast: Cast) -> None:
    others = [cast.wearer(connection, f"wearer {number}").id for number in range(4)]
    service.create_household(connection, KAKOGAWA, "Sato", [cast.chika.account_id], NOW)
    first = service.known_wearers(connection, cast.daughter, None, None, 3, NOW)
    rest = service.known_wearers(connection, cast.daughter, None, first[-1].wearer.id, 3, NOW)

    assert [cast.hana.id, *others] == [one.wearer.id for one in (*first, *rest)]
    assert service.known_wearers(connection, cast.chika, None, None, 3, NOW) == []


def test_a_list_of_wearers_says_what_the_viewer_may_see_of_each(connection: Connection, cast: Cast) -> None:
    taro = cast.wearer(connection, "Taro")
    give(connection, cast, cast.aiko)
    service.add_contact(connection, taro.id, "Aiko", account_id=cast.aiko.account_id, now=NOW)
    listed = service.known_wearers(connection, cast.aiko, None, None, 10, NOW)

    assert [(cast.hana.id, {Scope.PLACE}), (taro.id, CONTACT_SCOPES)] == [(one.wearer.id, one.sees) for one in listed]
    assert not any(one.manages for one in listed)


def test_a_list_can_be_that_of_one_household(connection: Connection, cast: Cast) -> None:
    sato = service.create_household(connection, KAKOGAWA, "Sato", [], NOW)
    taro = cast.wearer(connection, "Taro", sato.id)
    listed = service.known_wearers(connection, cast.clerk, sato.id, None, 10, NOW)

    assert [taro.id] == [one.wearer.id for one in listed]


def test_told_are_contacts_in_order_who_may_see_alerts(connection: Connection, cast: Cast) -> None:
    """Out stay the phone number alone, the one without alerts, the disabled account; the operator is in by role."""
    hana = cast.hana.id
    for viewer in (cast.aiko, cast.daughter):
        service.add_contact(connection, hana, viewer.name, account_id=viewer.account_id, now=NOW)
    service.add_contact(connection, hana, "neighbour by phone", phone="078 000 0000", now=NOW)
    service.add_contact(connection, hana, "Chika", account_id=cast.chika.account_id, scopes={Scope.PLACE}, now=NOW)
    service.add_contact(connection, hana, "centre", account_id=cast.operator.account_id, scopes=[], rank=1, now=NOW)
    gone = service.add_contact(connection, hana, "guard", account_id=cast.guard.account_id, now=NOW)

    assert [one.contact.name for one in service.told(connection, hana, NOW)] == ["Aiko", "daughter", "guard"]

    connection.execute(update(account).where(account.c.id == gone.account_id).values(disabled_at=NOW))
    service.give_consent(connection, hana, scopes={Scope.ALERTS}, role=Role.OPERATOR, by=cast.son.account_id, now=NOW)
    told = service.told(connection, hana, NOW)

    assert [one.contact.name for one in told] == ["centre", "Aiko", "daughter"]
    viewers = [cast.operator, cast.aiko, cast.daughter]
    assert [viewer.account_id for viewer in viewers] == [one.account_id for one in told]


def test_told_is_nobody_she_is_hidden_from_and_nobody_after_the_end(connection: Connection, cast: Cast) -> None:
    hana = cast.hana.id
    for viewer in (cast.aiko, cast.daughter):
        service.add_contact(connection, hana, viewer.name, account_id=viewer.account_id, now=NOW)
    cast.hide_hana_from(connection, cast.daughter)

    assert [one.contact.name for one in service.told(connection, hana, NOW)] == ["Aiko"]

    service.end_wearer(connection, cast.son, hana, NOW)

    assert service.told(connection, hana, NOW) == []


def test_told_follows_the_times_of_consents(connection: Connection, cast: Cast) -> None:
    hana = cast.hana.id
    service.add_contact(connection, hana, "Aiko", account_id=cast.aiko.account_id, scopes=[], now=NOW)
    service.give_consent(
        connection,
        hana,
        scopes={Scope.ALERTS},
        account_id=cast.aiko.account_id,
        from_at=NOW + timedelta(hours=1),
        until_at=NOW + timedelta(hours=2),
        by=cast.son.account_id,
        now=NOW,
    )
    told = [len(service.told(connection, hana, NOW + timedelta(hours=hour))) for hour in range(4)]

    assert told == [0, 1, 0, 0]


def test_a_member_whose_account_is_no_familys_manages_nothing(connection: Connection, cast: Cast) -> None:
    row = {"household_id": cast.household.id, "account_id": cast.guard.account_id}
    connection.execute(insert(household_member).values(row))

    assert not knows(connection, cast.guard, cast)
