"""Contacts in order, what they see, and whose phone may be placed."""

from datetime import timedelta

import pytest
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.households import service, tables
from app.households.model import CONTACT_SCOPES, CONTACTS_MAX, Contact, GivenAs, Scope
from app.kit.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.kit.ids import AccountId, ContactId, new_id
from tests.build import NOW
from tests.contract.households.cast import Cast

LATER = NOW + timedelta(hours=1)


def names(connection: Connection, cast: Cast) -> list[str]:
    """The contacts of Hana in order, whose ranks must be 1 to n."""
    listed = service.contacts_of(connection, cast.daughter, cast.hana.id, NOW)

    assert list(range(1, len(listed) + 1)) == [one.rank for one in listed]
    return [one.name for one in listed]


def add(
    connection: Connection, cast: Cast, name: str, rank: int | None = None, account: Viewer | None = None
) -> Contact:
    account_id = None if account is None else account.account_id
    return service.add_contact(connection, cast.hana.id, name, rank=rank, account_id=account_id, now=NOW)


def sees(connection: Connection, cast: Cast, viewer: Viewer) -> frozenset[Scope]:
    try:
        return service.known_wearer(connection, viewer, cast.hana.id, NOW).sees
    except NotFound:
        return frozenset()


def test_contacts_keep_their_order_when_one_is_put_between_taken_out_and_moved(
    connection: Connection, cast: Cast
) -> None:
    first, second, third = (add(connection, cast, name) for name in ("a", "b", "c"))

    assert names(connection, cast) == ["a", "b", "c"]

    put = add(connection, cast, "d", rank=2)

    assert put.rank == 2
    assert names(connection, cast) == ["a", "d", "b", "c"]

    service.remove_contact(connection, cast.daughter, cast.hana.id, first.id, NOW)

    assert names(connection, cast) == ["d", "b", "c"]

    wanted = [third.id, put.id, second.id]
    ordered = service.order_contacts(connection, cast.son, cast.hana.id, wanted, NOW)

    assert wanted == [one.id for one in ordered]
    assert names(connection, cast) == ["c", "d", "b"]


def test_an_order_of_another_list_is_refused(connection: Connection, cast: Cast) -> None:
    one = add(connection, cast, "a")
    taro = cast.wearer(connection, "Taro")
    other = service.add_contact(connection, taro.id, "b", now=NOW)

    for wanted in ([], [other.id], [one.id, other.id]):
        with pytest.raises(Conflict):
            service.order_contacts(connection, cast.daughter, cast.hana.id, wanted, NOW)
    with pytest.raises(InvalidInput):
        service.order_contacts(connection, cast.daughter, cast.hana.id, [one.id, one.id], NOW)


def test_a_contact_with_an_account_sees_place_and_alerts_unless_asked_otherwise(
    connection: Connection, cast: Cast
) -> None:
    add(connection, cast, "Aiko", account=cast.aiko)
    service.add_contact(
        connection, cast.hana.id, "Chika", account_id=cast.chika.account_id, scopes={Scope.ALERTS}, now=NOW
    )
    service.add_contact(connection, cast.hana.id, "guard", account_id=cast.guard.account_id, scopes=[], now=NOW)

    assert sees(connection, cast, cast.aiko) == CONTACT_SCOPES
    assert sees(connection, cast, cast.chika) == {Scope.ALERTS}
    assert sees(connection, cast, cast.guard) == frozenset()


def test_a_contact_taken_off_the_list_loses_what_came_with_it_and_keeps_what_was_given_apart(
    connection: Connection, cast: Cast
) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)
    service.give_consent(
        connection,
        cast.hana.id,
        scopes={Scope.HEALTH},
        account_id=cast.aiko.account_id,
        by=cast.son.account_id,
        now=NOW,
    )
    service.remove_contact(connection, cast.daughter, cast.hana.id, contact.id, NOW)

    assert sees(connection, cast, cast.aiko) == {Scope.HEALTH}
    with pytest.raises(NotFound):
        service.contact(connection, cast.daughter, cast.hana.id, contact.id, NOW)
    with pytest.raises(NotFound):
        service.remove_contact(connection, cast.daughter, cast.hana.id, contact.id, NOW)


def test_an_account_is_a_contact_once(connection: Connection, cast: Cast) -> None:
    add(connection, cast, "Aiko", account=cast.aiko)
    another = add(connection, cast, "b")

    with pytest.raises(Conflict):
        add(connection, cast, "Aiko again", account=cast.aiko)
    with pytest.raises(Conflict):
        service.change_contact(
            connection, cast.daughter, cast.hana.id, another.id, account_id=cast.aiko.account_id, now=NOW
        )


@pytest.mark.parametrize("who", ["family_abroad", "administrator_abroad", None])
def test_an_account_of_another_city_is_as_unknown_as_none(connection: Connection, cast: Cast, who: str | None) -> None:
    account_id = AccountId(new_id()) if who is None else getattr(cast, who).account_id

    with pytest.raises(NotFound):
        service.add_contact(connection, cast.hana.id, "x", account_id=account_id, now=NOW)


def test_whom_she_is_hidden_from_cannot_be_made_a_contact_and_nobody_is_told_why(
    connection: Connection, cast: Cast
) -> None:
    contact = add(connection, cast, "a")
    cast.hide_hana_from(connection, cast.aiko)
    account_id = cast.aiko.account_id

    with pytest.raises(Conflict) as added:
        add(connection, cast, "Aiko", account=cast.aiko)
    with pytest.raises(Conflict) as changed:
        service.change_contact(connection, cast.daughter, cast.hana.id, contact.id, account_id=account_id, now=NOW)

    assert added.value.detail == changed.value.detail
    assert "protect" not in added.value.detail.lower()


def test_a_list_has_an_end(connection: Connection, cast: Cast) -> None:
    for number in range(CONTACTS_MAX):
        add(connection, cast, str(number))

    with pytest.raises(Conflict):
        add(connection, cast, "one too many")


def test_a_change_leaves_what_it_does_not_name(connection: Connection, cast: Cast) -> None:
    contact = service.add_contact(connection, cast.hana.id, "a", relation="neighbour", phone="0780", now=NOW)
    changed = service.change_contact(connection, cast.son, cast.hana.id, contact.id, phone="0781", now=NOW)

    assert (changed.name, changed.relation, changed.phone) == ("a", "neighbour", "0781")

    emptied = service.change_contact(
        connection, cast.son, cast.hana.id, contact.id, relation="", account_id=UNSET, now=NOW
    )

    assert (emptied.name, emptied.relation, emptied.phone, emptied.rank) == ("a", "", "0781", 1)


def test_another_account_of_a_contact_is_another_person(connection: Connection, cast: Cast) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)
    service.share_place(connection, cast.aiko, contact.id, True, NOW)
    changed = service.change_contact(
        connection, cast.daughter, cast.hana.id, contact.id, account_id=cast.chika.account_id, now=NOW
    )

    assert changed.shares_place_since is None
    assert sees(connection, cast, cast.aiko) == frozenset()
    assert sees(connection, cast, cast.chika) == CONTACT_SCOPES

    service.change_contact(connection, cast.daughter, cast.hana.id, contact.id, account_id=None, now=NOW)

    assert sees(connection, cast, cast.chika) == frozenset()
    assert service.told(connection, cast.hana.id, NOW) == []


def test_naming_the_same_account_again_changes_nothing(connection: Connection, cast: Cast) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)
    shared = service.share_place(connection, cast.aiko, contact.id, True, NOW)
    same = service.change_contact(
        connection, cast.daughter, cast.hana.id, contact.id, account_id=cast.aiko.account_id, now=NOW
    )

    assert shared == same
    assert sees(connection, cast, cast.aiko) == CONTACT_SCOPES


def test_a_contact_agrees_for_its_own_phone_and_takes_it_back(connection: Connection, cast: Cast) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)
    agreed = service.share_place(connection, cast.aiko, contact.id, True, NOW)
    again = service.share_place(connection, cast.aiko, contact.id, True, LATER)

    assert agreed.shares_place_since == NOW
    assert again.shares_place_since == NOW
    assert service.contacts_by_id(connection, [contact.id]) == {contact.id: again}

    withdrawn = service.share_place(connection, cast.aiko, contact.id, False, LATER)

    assert withdrawn.shares_place_since is None


@pytest.mark.parametrize("who", ["daughter", "son", "chika", "clerk", "administrator", "family_abroad"])
def test_nobody_agrees_for_another(connection: Connection, cast: Cast, who: str) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)
    by_phone = add(connection, cast, "by phone")

    for contact_id in (contact.id, by_phone.id, ContactId(new_id())):
        with pytest.raises(NotFound):
            service.share_place(connection, getattr(cast, who), contact_id, True, NOW)


def test_a_contact_who_sees_nothing_any_more_can_still_withdraw(connection: Connection, cast: Cast) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)
    service.share_place(connection, cast.aiko, contact.id, True, NOW)
    consent = next(
        one.consent
        for one in service.consents_of(connection, cast.daughter, cast.hana.id, None, 10, NOW)
        if one.consent.given_as is GivenAs.CONTACT
    )
    service.revoke_consent(connection, cast.daughter, cast.hana.id, consent.id, NOW)

    assert sees(connection, cast, cast.aiko) == frozenset()
    assert [contact.id] == [one.id for one in service.contacts_that_are(connection, cast.aiko)]
    assert service.share_place(connection, cast.aiko, contact.id, False, LATER).shares_place_since is None


def test_leaving_the_list_and_the_end_of_a_wearer_end_the_agreement(connection: Connection, cast: Cast) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)
    taro = cast.wearer(connection, "Taro")
    other = service.add_contact(connection, taro.id, "Aiko", account_id=cast.aiko.account_id, now=NOW)
    service.share_place(connection, cast.aiko, contact.id, True, NOW)
    service.remove_contact(connection, cast.daughter, cast.hana.id, contact.id, NOW)
    service.end_wearer(connection, cast.daughter, taro.id, NOW)
    row = connection.execute(select(tables.contact).where(tables.contact.c.id == contact.id)).one()

    assert (row.ended_at, row.shares_place_since) == (NOW, None)
    assert service.contacts_that_are(connection, cast.aiko) == []
    for contact_id in (contact.id, other.id):
        with pytest.raises(NotFound):
            service.share_place(connection, cast.aiko, contact_id, True, NOW)


def test_who_sees_her_alerts_reads_whom_to_call_and_changes_nothing(connection: Connection, cast: Cast) -> None:
    contact = add(connection, cast, "Aiko", account=cast.aiko)

    assert [contact] == service.contacts_of(connection, cast.aiko, cast.hana.id, NOW)
    assert contact == service.contact(connection, cast.aiko, cast.hana.id, contact.id, NOW)
    with pytest.raises(NotFound):
        service.change_contact(connection, cast.aiko, cast.hana.id, contact.id, name="x", now=NOW)
    with pytest.raises(NotFound):
        service.remove_contact(connection, cast.aiko, cast.hana.id, contact.id, NOW)


def test_who_sees_only_her_place_does_not_read_the_contacts(connection: Connection, cast: Cast) -> None:
    service.give_consent(
        connection,
        cast.hana.id,
        scopes={Scope.PLACE, Scope.TRACK, Scope.HEALTH},
        account_id=cast.chika.account_id,
        by=cast.son.account_id,
        now=NOW,
    )

    with pytest.raises(NotFound):
        service.contacts_of(connection, cast.chika, cast.hana.id, NOW)


def test_a_contact_of_another_wearer_is_unknown_here(connection: Connection, cast: Cast) -> None:
    taro = cast.wearer(connection, "Taro")
    contact = service.add_contact(connection, taro.id, "a", now=NOW)

    with pytest.raises(NotFound):
        service.contact(connection, cast.daughter, cast.hana.id, contact.id, NOW)
    with pytest.raises(NotFound):
        service.remove_contact(connection, cast.daughter, cast.hana.id, contact.id, NOW)


def test_the_office_cannot_let_itself_see_by_becoming_a_contact(connection: Connection, cast: Cast) -> None:
    contact = add(connection, cast, "a")
    account_id = cast.clerk.account_id

    with pytest.raises(NotAllowed):
        service.new_contact(
            connection,
            cast.clerk,
            cast.hana.id,
            "me",
            relation="",
            phone="",
            account_id=account_id,
            rank=None,
            scopes={Scope.PLACE},
            now=NOW,
        )
    with pytest.raises(NotAllowed):
        service.change_contact(connection, cast.clerk, cast.hana.id, contact.id, account_id=account_id, now=NOW)
