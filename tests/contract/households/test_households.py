"""Households, who belongs to them, and what is left when somebody leaves."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.households import service
from app.households.model import ALL_SCOPES, CONTACT_SCOPES, MEMBERS_MAX, Household, Scope
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, CityId, HouseholdId, new_id
from tests.build import NOW
from tests.contract.households.cast import CHIYODA, KAKOGAWA, Cast, add_viewer


def known(connection: Connection, viewer: Viewer) -> list[HouseholdId]:
    """The households that the viewer is shown; the list and the single question must agree."""
    listed = [one.household.id for one in service.households(connection, viewer, None, 100, NOW)]
    for household_id in listed:
        assert household_id == service.household(connection, viewer, household_id, NOW).household.id
    return listed


def sees(connection: Connection, cast: Cast, viewer: Viewer) -> frozenset[Scope]:
    try:
        return service.known_wearer(connection, viewer, cast.hana.id, NOW).sees
    except NotFound:
        return frozenset()


def leave(connection: Connection, cast: Cast, viewer: Viewer) -> None:
    service.remove_member(connection, cast.clerk, cast.household.id, viewer.account_id, NOW)


@pytest.fixture
def sato(connection: Connection, cast: Cast) -> Household:
    return service.create_household(connection, KAKOGAWA, "Sato", [cast.chika.account_id], NOW)


def test_families_know_their_own_household_and_the_office_all_of_its_city(
    connection: Connection, cast: Cast, sato: Household
) -> None:
    tanaka = cast.household.id
    abroad = service.create_household(connection, CHIYODA, "Kato", [cast.family_abroad.account_id], NOW).id

    assert [tanaka] == known(connection, cast.daughter)
    assert [sato.id] == known(connection, cast.chika)
    assert known(connection, cast.aiko) == []
    assert [tanaka, sato.id] == known(connection, cast.clerk)
    assert [abroad] == known(connection, cast.clerk_abroad)
    assert [tanaka, sato.id, abroad] == known(connection, cast.administrator)
    with pytest.raises(NotFound):
        service.household(connection, cast.daughter, sato.id, NOW)


def test_households_are_listed_page_by_page(connection: Connection, cast: Cast, sato: Household) -> None:
    first = service.households(connection, cast.clerk, None, 1, NOW)
    second = service.households(connection, cast.clerk, first[0].household.id, 1, NOW)

    assert [cast.household, sato] == [first[0].household, second[0].household]
    assert [one.name for one in first[0].members] == ["daughter", "son"]


def test_operators_know_the_households_of_those_whose_alerts_they_see_to(
    connection: Connection, cast: Cast, sato: Household
) -> None:
    cast.wearer(connection, "Taro", sato.id)

    assert known(connection, cast.operator) == []

    service.give_consent(
        connection,
        cast.hana.id,
        scopes={Scope.ALERTS},
        role=cast.operator.role,
        by=cast.son.account_id,
        now=NOW,
    )

    assert [cast.household.id] == known(connection, cast.operator)
    with pytest.raises(NotFound):
        service.managed_household(connection, cast.operator, cast.household.id, NOW)


@pytest.mark.parametrize("who", ["daughter", "clerk", "administrator"])
def test_a_household_disappears_for_those_from_whom_all_of_it_is_hidden(
    connection: Connection, cast: Cast, who: str
) -> None:
    viewer = getattr(cast, who)
    cast.hide_hana_from(connection, viewer)

    assert known(connection, viewer) == []
    with pytest.raises(NotFound):
        service.household(connection, viewer, cast.household.id, NOW)
    with pytest.raises(NotFound):
        service.new_wearer(connection, viewer, cast.household.id, "x", born_on=None, note="", now=NOW)
    assert [cast.household.id] == known(connection, cast.son)


def test_a_household_with_somebody_else_in_it_stays_and_shows_only_them(connection: Connection, cast: Cast) -> None:
    taro = cast.wearer(connection, "Taro")
    cast.hide_hana_from(connection, cast.daughter)

    assert [cast.household.id] == known(connection, cast.daughter)
    listed = service.known_wearers(connection, cast.daughter, cast.household.id, None, 10, NOW)
    assert [taro.id] == [one.wearer.id for one in listed]

    service.end_wearer(connection, cast.son, taro.id, NOW)

    assert known(connection, cast.daughter) == []


def test_a_wearer_entered_later_is_not_shown_by_itself_to_whom_another_of_the_household_is_hidden_from(
    connection: Connection, cast: Cast
) -> None:
    cast.hide_hana_from(connection, cast.daughter)
    child = cast.wearer(connection, "child")

    assert child.id not in service.visible_wearer_ids(connection, cast.daughter, Scope.PLACE, NOW)
    assert child.id in service.visible_wearer_ids(connection, cast.son, Scope.PLACE, NOW)


def test_only_accounts_of_families_of_the_city_become_members(connection: Connection, cast: Cast) -> None:
    for account_id in (cast.family_abroad.account_id, AccountId(new_id())):
        with pytest.raises(NotFound):
            service.create_household(connection, KAKOGAWA, "x", [account_id], NOW)
        with pytest.raises(NotFound):
            service.add_member(connection, cast.clerk, cast.household.id, account_id, NOW)
    for viewer in (cast.clerk, cast.operator):
        with pytest.raises(InvalidInput):
            service.add_member(connection, cast.clerk, cast.household.id, viewer.account_id, NOW)


def test_becoming_a_member_twice_is_being_it_once(connection: Connection, cast: Cast) -> None:
    for _ in range(2):
        household = service.add_member(connection, cast.clerk, cast.household.id, cast.chika.account_id, NOW)

        assert [one.name for one in household.members] == ["Chika", "daughter", "son"]

    assert service.known_wearer(connection, cast.chika, cast.hana.id, NOW).manages


def test_a_household_has_room_for_so_many(connection: Connection, cast: Cast) -> None:
    for number in range(MEMBERS_MAX - 2):
        account_id = add_viewer(connection, str(number)).account_id
        service.add_member(connection, cast.clerk, cast.household.id, account_id, NOW)

    with pytest.raises(Conflict):
        service.add_member(connection, cast.clerk, cast.household.id, cast.chika.account_id, NOW)
    service.add_member(connection, cast.clerk, cast.household.id, cast.son.account_id, NOW)


def test_who_leaves_loses_what_came_with_being_a_member(connection: Connection, cast: Cast) -> None:
    assert sees(connection, cast, cast.son) == ALL_SCOPES

    leave(connection, cast, cast.son)

    assert sees(connection, cast, cast.son) == frozenset()
    assert cast.hana.id not in service.visible_wearer_ids(connection, cast.son, None, NOW)
    assert known(connection, cast.son) == []
    assert sees(connection, cast, cast.daughter) == ALL_SCOPES
    with pytest.raises(NotFound):
        leave(connection, cast, cast.son)


def test_who_leaves_loses_what_they_gave_to_themselves(connection: Connection, cast: Cast) -> None:
    service.new_consent(
        connection,
        cast.son,
        cast.hana.id,
        scopes=ALL_SCOPES,
        account_id=cast.son.account_id,
        role=None,
        from_at=None,
        until_at=None,
        now=NOW,
    )
    leave(connection, cast, cast.son)

    assert sees(connection, cast, cast.son) == frozenset()


def test_who_leaves_keeps_what_another_gave_them_by_name(connection: Connection, cast: Cast) -> None:
    service.give_consent(
        connection,
        cast.hana.id,
        scopes={Scope.HEALTH},
        account_id=cast.son.account_id,
        by=cast.daughter.account_id,
        now=NOW,
    )
    leave(connection, cast, cast.son)

    assert sees(connection, cast, cast.son) == {Scope.HEALTH}


def test_who_leaves_and_is_a_contact_is_still_told(connection: Connection, cast: Cast) -> None:
    service.add_contact(
        connection, cast.hana.id, "son", account_id=cast.son.account_id, by=cast.son.account_id, now=NOW
    )
    leave(connection, cast, cast.son)

    assert sees(connection, cast, cast.son) == CONTACT_SCOPES
    assert [one.contact.name for one in service.told(connection, cast.hana.id, NOW)] == ["son"]


def test_leaving_one_household_leaves_another_as_it_is(connection: Connection, cast: Cast) -> None:
    other = service.create_household(connection, KAKOGAWA, "Sato", [cast.son.account_id], NOW)
    taro = cast.wearer(connection, "Taro", other.id)
    leave(connection, cast, cast.son)

    assert service.known_wearer(connection, cast.son, taro.id, NOW).sees == ALL_SCOPES


def test_the_office_enters_households_of_its_own_city_and_administrators_of_any(
    connection: Connection, cast: Cast
) -> None:
    own = service.new_household(connection, cast.clerk, "Sato", [cast.aiko.account_id], None, NOW)
    abroad = service.new_household(
        connection, cast.administrator, "Kato", [cast.family_abroad.account_id], CHIYODA, NOW
    )

    assert (own.household.city_id, [one.name for one in own.members]) == (KAKOGAWA, ["Aiko"])
    assert abroad.household.city_id == CHIYODA
    for viewer, city_id in ((cast.clerk, CHIYODA), (cast.administrator, CityId(11002))):
        with pytest.raises(NotFound):
            service.new_household(connection, viewer, "x", [], city_id, NOW)


def test_a_household_gets_another_name(connection: Connection, cast: Cast) -> None:
    renamed = service.change_household(connection, cast.clerk, cast.household.id, name="Tanaka-Sato", now=NOW)

    assert renamed.household.name == "Tanaka-Sato"
    assert renamed == service.household(connection, cast.daughter, cast.household.id, NOW)
    with pytest.raises(NotFound):
        service.change_household(connection, cast.clerk_abroad, cast.household.id, name="x", now=NOW)


def test_a_family_enters_changes_and_ends_its_own_wearers(connection: Connection, cast: Cast) -> None:
    born_on = date(1940, 5, 3)
    entered = service.new_wearer(
        connection, cast.daughter, cast.household.id, "Taro", born_on=born_on, note="hard of hearing", now=NOW
    )
    changed = service.change_wearer(connection, cast.son, entered.wearer.id, born_on=None, now=NOW)

    assert entered.sees == ALL_SCOPES
    assert (born_on, "hard of hearing") == (entered.wearer.born_on, entered.wearer.note)
    assert (changed.wearer.name, changed.wearer.born_on, changed.wearer.note) == ("Taro", None, "hard of hearing")

    service.end_wearer(connection, cast.son, entered.wearer.id, NOW)

    with pytest.raises(NotFound):
        service.known_wearer(connection, cast.daughter, entered.wearer.id, NOW)
    with pytest.raises(NotFound):
        service.end_wearer(connection, cast.son, entered.wearer.id, NOW)


def test_consents_of_a_wearer_entered_by_the_office_name_the_office(connection: Connection, cast: Cast) -> None:
    taro = service.new_wearer(connection, cast.clerk, cast.household.id, "Taro", born_on=None, note="", now=NOW).wearer
    consents = service.consents_of(connection, cast.daughter, taro.id, None, 10, NOW)

    assert {cast.daughter.account_id, cast.son.account_id} == {one.consent.account_id for one in consents}
    assert {"clerk"} == {one.given_by_name for one in consents}
    assert {"daughter", "son"} == {one.account_name for one in consents}


def test_nobody_is_born_tomorrow(connection: Connection, cast: Cast) -> None:
    tomorrow = (NOW + timedelta(days=1)).date()

    with pytest.raises(InvalidInput) as refusal:
        service.new_wearer(connection, cast.daughter, cast.household.id, "x", born_on=tomorrow, note="", now=NOW)
    with pytest.raises(InvalidInput):
        service.change_wearer(connection, cast.daughter, cast.hana.id, born_on=tomorrow, now=NOW)

    assert refusal.value.where == "born_on"


def test_a_wearer_cannot_be_entered_into_anothers_household(
    connection: Connection, cast: Cast, sato: Household
) -> None:
    for household_id in (sato.id, HouseholdId(new_id())):
        with pytest.raises(NotFound):
            service.new_wearer(connection, cast.daughter, household_id, "x", born_on=None, note="", now=NOW)
        with pytest.raises(NotFound):
            service.new_wearer(connection, cast.clerk_abroad, household_id, "x", born_on=None, note="", now=NOW)
    with pytest.raises(NotFound):
        service.create_wearer(connection, HouseholdId(new_id()), "x", now=NOW)
