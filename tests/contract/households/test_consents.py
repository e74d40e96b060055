"""Consents are given, listed and revoked; protections overrule them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.households import service
from app.households.model import ALL_SCOPES, KnownConsent, Scope
from app.kit.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.kit.ids import AccountId, ConsentId, ProtectionId, WearerId, new_id
from tests.build import NOW
from tests.contract.households.cast import Cast

HOUR = timedelta(hours=1)


def give(
    connection: Connection,
    cast: Cast,
    by: Viewer,
    *,
    to: Viewer | None = None,
    role: Role | None = None,
    scopes: frozenset[Scope] = frozenset({Scope.PLACE}),
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> KnownConsent:
    return service.new_consent(
        connection,
        by,
        cast.hana.id,
        scopes=scopes,
        account_id=None if to is None else to.account_id,
        role=role,
        from_at=from_at,
        until_at=until_at,
        now=NOW,
    )


def sees_place(connection: Connection, cast: Cast, viewer: Viewer, now: datetime = NOW) -> bool:
    return cast.hana.id in service.visible_wearer_ids(connection, viewer, Scope.PLACE, now)


def protect(connection: Connection, cast: Cast, by: Viewer, account_id: AccountId | None) -> ProtectionId:
    return service.new_protection(
        connection, by, cast.hana.id, "a relative", account_id=account_id, reason="court order", now=NOW
    ).id


def test_a_consent_lets_see_from_its_beginning_to_its_end(connection: Connection, cast: Cast) -> None:
    give(connection, cast, cast.daughter, to=cast.aiko, from_at=NOW + HOUR, until_at=NOW + 2 * HOUR)
    seen = [sees_place(connection, cast, cast.aiko, NOW + hour * HOUR) for hour in range(4)]

    assert seen == [False, True, False, False]


def test_a_revoked_consent_is_over_at_once_and_cannot_be_revoked_twice(connection: Connection, cast: Cast) -> None:
    consent = give(connection, cast, cast.daughter, to=cast.aiko)

    assert sees_place(connection, cast, cast.aiko)

    service.revoke_consent(connection, cast.son, cast.hana.id, consent.consent.id, NOW)

    assert not sees_place(connection, cast, cast.aiko)
    for consent_id in (consent.consent.id, ConsentId(new_id())):
        with pytest.raises(NotFound):
            service.revoke_consent(connection, cast.son, cast.hana.id, consent_id, NOW)


def test_a_consent_of_another_wearer_is_unknown_here(connection: Connection, cast: Cast) -> None:
    consent = give(connection, cast, cast.daughter, to=cast.aiko)
    taro = cast.wearer(connection, "Taro")

    with pytest.raises(NotFound):
        service.revoke_consent(connection, cast.daughter, taro.id, consent.consent.id, NOW)
    assert sees_place(connection, cast, cast.aiko)


def test_the_list_shows_who_may_see_what_newest_first_without_the_revoked(connection: Connection, cast: Cast) -> None:
    consents = [
        give(connection, cast, cast.daughter, to=cast.aiko),
        give(connection, cast, cast.clerk, role=Role.OPERATOR, scopes=ALL_SCOPES),
        give(connection, cast, cast.daughter, to=cast.chika, from_at=NOW + HOUR, until_at=NOW + 2 * HOUR),
    ]
    gone = give(connection, cast, cast.daughter, to=cast.guard)
    service.revoke_consent(connection, cast.daughter, cast.hana.id, gone.consent.id, NOW)
    first = service.consents_of(connection, cast.son, cast.hana.id, None, 2, NOW)
    rest = service.consents_of(connection, cast.son, cast.hana.id, first[-1].consent.id, 10, NOW)

    assert consents[::-1] == [*first, *rest][:3]
    assert {cast.daughter.account_id, cast.son.account_id} == {one.consent.account_id for one in rest[1:]}


@pytest.mark.parametrize("who", ["family_abroad", "clerk_abroad", "administrator_abroad"])
def test_nobody_of_another_city_can_be_let_see(connection: Connection, cast: Cast, who: str) -> None:
    with pytest.raises(NotFound):
        give(connection, cast, cast.daughter, to=getattr(cast, who))


def test_an_unknown_account_or_wearer_cannot_be_named(connection: Connection, cast: Cast) -> None:
    by = cast.son.account_id
    for wearer_id, account_id in (
        (cast.hana.id, AccountId(new_id())),
        (WearerId(new_id()), cast.aiko.account_id),
    ):
        with pytest.raises(NotFound):
            service.give_consent(connection, wearer_id, scopes={Scope.PLACE}, account_id=account_id, by=by, now=NOW)


def test_a_consent_has_one_grantee_some_scope_and_a_length(connection: Connection, cast: Cast) -> None:
    def where(**given: object) -> str | None:
        with pytest.raises(InvalidInput) as refusal:
            give(connection, cast, cast.daughter, **({"to": cast.aiko} | given))  # type: ignore[arg-type]
        return refusal.value.where

    assert where(role=Role.GUARD) == "account_id"
    assert where(to=None) == "account_id"
    assert where(to=None, role=Role.FAMILY) == "role"
    assert where(to=None, role=Role.ADMINISTRATOR) == "role"
    assert where(scopes=frozenset()) == "scopes"
    assert where(until_at=NOW) == "until_at"
    assert where(from_at=NOW + HOUR, until_at=NOW + HOUR) == "until_at"
    assert where(from_at=NOW - 2 * HOUR, until_at=NOW - HOUR) == "until_at"
    assert where(from_at=datetime.max.replace(tzinfo=NOW.tzinfo)) == "from_at"
    assert where(until_at=datetime.max.replace(tzinfo=NOW.tzinfo)) == "until_at"


def test_the_office_writes_consents_down_but_not_for_itself(connection: Connection, cast: Cast) -> None:
    for to, role in ((cast.clerk, None), (None, Role.CLERK)):
        with pytest.raises(NotAllowed):
            give(connection, cast, cast.clerk, to=to, role=role)
    with pytest.raises(NotAllowed):
        give(connection, cast, cast.administrator, to=cast.administrator)

    give(connection, cast, cast.clerk, to=cast.aiko)
    give(connection, cast, cast.daughter, role=Role.CLERK)

    assert sees_place(connection, cast, cast.aiko)
    assert sees_place(connection, cast, cast.clerk)


def test_a_member_who_comes_later_lets_itself_see_in_one_call(connection: Connection, cast: Cast) -> None:
    service.add_member(connection, cast.clerk, cast.household.id, cast.chika.account_id, NOW)

    assert not sees_place(connection, cast, cast.chika)

    give(connection, cast, cast.chika, to=cast.chika)

    assert sees_place(connection, cast, cast.chika)


def test_whom_she_is_hidden_from_cannot_be_let_see_and_nobody_is_told_why(connection: Connection, cast: Cast) -> None:
    protect(connection, cast, cast.clerk, cast.aiko.account_id)

    with pytest.raises(Conflict) as refusal:
        give(connection, cast, cast.daughter, to=cast.aiko)

    assert "protect" not in refusal.value.detail.lower()
    assert "Aiko" not in refusal.value.detail


def test_a_protection_leaves_no_trace_in_what_the_family_reads(connection: Connection, cast: Cast) -> None:
    contact = service.add_contact(connection, cast.hana.id, "Aiko", account_id=cast.aiko.account_id, now=NOW)
    service.share_place(connection, cast.aiko, contact.id, True, NOW)
    consents = service.consents_of(connection, cast.daughter, cast.hana.id, None, 10, NOW)
    protect(connection, cast, cast.clerk, cast.aiko.account_id)

    assert not sees_place(connection, cast, cast.aiko)
    assert consents == service.consents_of(connection, cast.daughter, cast.hana.id, None, 10, NOW)
    assert [contact] == service.contacts_of(connection, cast.daughter, cast.hana.id, NOW)
    assert service.contacts_that_are(connection, cast.aiko) == []
    with pytest.raises(NotFound):
        service.share_place(connection, cast.aiko, contact.id, True, NOW)


def test_when_a_protection_ends_what_was_given_counts_again(connection: Connection, cast: Cast) -> None:
    give(connection, cast, cast.daughter, to=cast.aiko)
    protection_id = protect(connection, cast, cast.clerk, cast.aiko.account_id)

    assert not sees_place(connection, cast, cast.aiko)

    service.end_protection(connection, cast.colleague, cast.hana.id, protection_id, NOW)

    assert sees_place(connection, cast, cast.aiko)
    with pytest.raises(NotFound):
        service.end_protection(connection, cast.clerk, cast.hana.id, protection_id, NOW)


def test_the_office_lists_protections_in_force_newest_first(connection: Connection, cast: Cast) -> None:
    note = protect(connection, cast, cast.clerk, None)
    second = protect(connection, cast, cast.clerk, cast.aiko.account_id)
    third = protect(connection, cast, cast.administrator_abroad, cast.chika.account_id)
    service.end_protection(connection, cast.clerk, cast.hana.id, second, NOW)
    first_page = service.protections_of(connection, cast.clerk, cast.hana.id, None, 1, NOW)
    second_page = service.protections_of(connection, cast.clerk, cast.hana.id, third, 1, NOW)

    assert [third, note] == [one.id for one in (*first_page, *second_page)]
    assert (first_page[0].set_by, first_page[0].reason) == (cast.administrator_abroad.account_id, "court order")


def test_a_protection_stands_once_against_one(connection: Connection, cast: Cast) -> None:
    protect(connection, cast, cast.clerk, cast.aiko.account_id)

    with pytest.raises(Conflict):
        protect(connection, cast, cast.clerk, cast.aiko.account_id)


def test_a_protection_is_against_anybody_who_could_come_near(connection: Connection, cast: Cast) -> None:
    protect(connection, cast, cast.clerk, cast.administrator_abroad.account_id)

    assert cast.hana.id not in service.visible_wearer_ids(connection, cast.administrator_abroad, None, NOW)
    for account_id in (cast.family_abroad.account_id, AccountId(new_id())):
        with pytest.raises(NotFound):
            protect(connection, cast, cast.clerk, account_id)


@pytest.mark.parametrize("who", ["daughter", "aiko", "operator", "guard"])
def test_only_the_office_knows_of_protections(connection: Connection, cast: Cast, who: str) -> None:
    viewer = getattr(cast, who)
    protection_id = protect(connection, cast, cast.clerk, cast.chika.account_id)

    with pytest.raises(NotAllowed):
        protect(connection, cast, viewer, cast.chika.account_id)
    with pytest.raises(NotAllowed):
        service.protections_of(connection, viewer, cast.hana.id, None, 10, NOW)
    with pytest.raises(NotAllowed):
        service.end_protection(connection, viewer, cast.hana.id, protection_id, NOW)


def test_a_clerk_cannot_end_the_protection_against_themselves_nor_one_of_another_city(
    connection: Connection, cast: Cast
) -> None:
    protection_id = protect(connection, cast, cast.colleague, cast.clerk.account_id)

    for viewer in (cast.clerk, cast.clerk_abroad):
        with pytest.raises(NotFound):
            service.end_protection(connection, viewer, cast.hana.id, protection_id, NOW)
        with pytest.raises(NotFound):
            service.protections_of(connection, viewer, cast.hana.id, None, 10, NOW)
