"""Who may see what, in single cases that a family or an office would name."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from app.accounts.model import Role
from app.households.access import Facts, Reason, decide, decide_managing, seen
from app.households.model import CONTACT_SCOPES, Consent, Scope
from app.kit.ids import AccountId, CityId, ConsentId, WearerId
from tests.build import NOW

DAUGHTER, GRANDSON = AccountId(UUID(int=1)), AccountId(UUID(int=2))
KAKOGAWA, CHIYODA = CityId(282103), CityId(131016)

CONSENT = Consent(
    id=ConsentId(UUID(int=10)),
    wearer_id=WearerId(UUID(int=20)),
    account_id=DAUGHTER,
    scopes=CONTACT_SCOPES,
    from_at=NOW,
    until_at=NOW + timedelta(days=1),
    given_by=GRANDSON,
    given_at=NOW,
)
FACTS = Facts(
    viewer_id=DAUGHTER,
    viewer_city_id=KAKOGAWA,
    viewer_role=Role.FAMILY,
    wearer_city_id=KAKOGAWA,
    consents=(CONSENT,),
)


def with_consent(**changes: object) -> Facts:
    return msgspec.structs.replace(FACTS, consents=(msgspec.structs.replace(CONSENT, **changes),))


def test_a_contact_sees_what_the_consent_says_and_no_more() -> None:
    assert {Scope.PLACE, Scope.ALERTS} == seen(FACTS, NOW)


def test_a_consent_counts_from_its_first_moment_up_to_its_last_which_is_not_its_own() -> None:
    moment = timedelta(microseconds=1)
    until_at = NOW + timedelta(days=1)

    assert not decide(FACTS, Scope.PLACE, NOW - moment).granted
    assert decide(FACTS, Scope.PLACE, NOW).granted
    assert decide(FACTS, Scope.PLACE, until_at - moment).granted
    assert not decide(FACTS, Scope.PLACE, until_at).granted


def test_a_consent_without_an_end_goes_on() -> None:
    assert decide(with_consent(until_at=None), Scope.PLACE, NOW + timedelta(days=9999)).granted


def test_a_revoked_consent_counts_for_nothing() -> None:
    assert Reason.NOT_CONSENTED is decide(with_consent(revoked_at=NOW), Scope.PLACE, NOW).reason


def test_another_persons_consent_is_not_ones_own() -> None:
    assert Reason.NOT_CONSENTED is decide(with_consent(account_id=GRANDSON), None, NOW).reason


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.GUARD, Role.CARE_MANAGER, Role.POLICE, Role.CLERK])
def test_a_consent_to_a_role_reaches_everybody_of_it_in_her_city(role: Role) -> None:
    facts = msgspec.structs.replace(with_consent(account_id=None, role=role), viewer_role=role)

    assert Reason.CONSENTED is decide(facts, Scope.PLACE, NOW).reason
    assert not decide(msgspec.structs.replace(facts, viewer_city_id=CHIYODA), Scope.PLACE, NOW).granted


@pytest.mark.parametrize("role", [Role.FAMILY, Role.VENDOR, Role.ADMINISTRATOR])
def test_a_consent_to_a_role_of_strangers_reaches_nobody(role: Role) -> None:
    facts = msgspec.structs.replace(with_consent(account_id=None, role=role), viewer_role=role)

    assert not decide(facts, Scope.PLACE, NOW).granted


def test_members_of_the_household_manage_her() -> None:
    assert Reason.MANAGES is decide_managing(msgspec.structs.replace(FACTS, member=True)).reason
    assert Reason.NOT_MANAGING is decide_managing(FACTS).reason


@pytest.mark.parametrize("role", [Role.GUARD, Role.OPERATOR, Role.CARE_MANAGER, Role.VENDOR, Role.POLICE])
def test_a_member_who_is_no_family_manages_nothing(role: Role) -> None:
    facts = msgspec.structs.replace(FACTS, member=True, viewer_role=role)

    assert Reason.NOT_MANAGING is decide_managing(facts).reason


def test_the_office_manages_but_sees_no_place_without_consent() -> None:
    clerk = msgspec.structs.replace(FACTS, viewer_role=Role.CLERK, consents=())

    assert decide_managing(clerk).granted
    assert Reason.MANAGES is decide(clerk, None, NOW).reason
    assert frozenset() == seen(clerk, NOW)


def test_a_clerk_of_another_city_does_not_know_of_her_and_an_administrator_does() -> None:
    abroad = msgspec.structs.replace(FACTS, viewer_city_id=CHIYODA, consents=())
    clerk = msgspec.structs.replace(abroad, viewer_role=Role.CLERK)
    administrator = msgspec.structs.replace(abroad, viewer_role=Role.ADMINISTRATOR)

    assert Reason.OTHER_CITY is decide(clerk, None, NOW).reason
    assert decide_managing(administrator).granted
    assert not decide(administrator, Scope.PLACE, NOW).granted
