"""Whatever consents, protections, roles and cities there are: what the decision about seeing somebody always keeps."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.model import Role
from app.households.access import Facts, Reason, decide, decide_managing, seen
from app.households.model import CONSENT_ROLES, Consent, Protection, Scope
from app.kit.ids import AccountId, CityId, ConsentId, ProtectionId, WearerId
from tests.build import NOW

VIEWER, OTHER = AccountId(UUID(int=1)), AccountId(UUID(int=2))
WEARER = WearerId(UUID(int=3))
CITIES = (CityId(282103), CityId(131016))

accounts = st.sampled_from([VIEWER, OTHER])
moments = st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))
asked = st.sampled_from([None, *Scope])


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    """A consent to the viewer, to somebody else or to a role, somewhere around now."""
    role = draw(st.sampled_from([None, *CONSENT_ROLES]))
    return Consent(
        id=ConsentId(UUID(int=4)),
        wearer_id=WEARER,
        account_id=draw(accounts) if role is None else None,
        role=role,
        scopes=draw(st.frozensets(st.sampled_from(Scope), min_size=1)),
        from_at=draw(moments),
        until_at=draw(st.none() | moments),
        given_by=OTHER,
        given_at=NOW,
        revoked_at=draw(st.none() | moments),
    )


@st.composite
def protections(draw: st.DrawFn) -> Protection:
    """A protection against the viewer, against another or against nobody with an account, in force or ended."""
    return Protection(
        id=ProtectionId(UUID(int=5)),
        wearer_id=WEARER,
        name="a relative",
        account_id=draw(st.none() | accounts),
        set_by=OTHER,
        set_at=NOW,
        ended_at=draw(st.none() | moments),
    )


facts = st.builds(
    Facts,
    viewer_id=st.just(VIEWER),
    viewer_city_id=st.sampled_from(CITIES),
    viewer_role=st.sampled_from(Role),
    wearer_city_id=st.sampled_from(CITIES),
    ended=st.booleans(),
    member=st.booleans(),
    consents=st.lists(consents(), max_size=4).map(tuple),
    protections=st.lists(protections(), max_size=3).map(tuple),
)
unprotected = facts.map(lambda one: msgspec.structs.replace(one, protections=()))

AGAINST_VIEWER = Protection(
    id=ProtectionId(UUID(int=6)), wearer_id=WEARER, name="a relative", account_id=VIEWER, set_by=OTHER, set_at=NOW
)


@given(facts, asked, st.integers(0, 3))
def test_a_protection_wins_over_everything(facts: Facts, scope: Scope | None, place: int) -> None:
    protections = (*facts.protections[:place], AGAINST_VIEWER, *facts.protections[place:])
    hidden = msgspec.structs.replace(facts, protections=protections)

    assert Reason.PROTECTED is decide(hidden, scope, NOW).reason
    assert Reason.PROTECTED is decide_managing(hidden).reason
    assert not decide(hidden, scope, NOW).granted
    assert not decide_managing(hidden).granted
    assert frozenset() == seen(hidden, NOW)


@given(facts, st.sampled_from(Scope))
def test_a_protection_against_others_or_one_that_ended_hides_nothing(facts: Facts, scope: Scope) -> None:
    harmless = [one for one in facts.protections if one.account_id != VIEWER or one.ended_at is not None]
    with_them = msgspec.structs.replace(facts, protections=tuple(harmless))
    without = msgspec.structs.replace(facts, protections=())

    assert decide(without, scope, NOW) == decide(with_them, scope, NOW)
    assert decide_managing(without) == decide_managing(with_them)


@given(facts, asked)
def test_a_consent_grants_only_between_its_times_unrevoked_and_to_whom_it_was_given(
    facts: Facts, scope: Scope | None
) -> None:
    in_force = [one for one in facts.consents if reaches(one, facts) and counts(one, NOW)]
    fewer = msgspec.structs.replace(facts, consents=tuple(in_force))

    assert decide(fewer, scope, NOW) == decide(facts, scope, NOW)
    if scope is not None and decide(facts, scope, NOW).granted:
        assert any(scope in one.scopes for one in in_force)


@given(facts, st.sampled_from(Scope))
def test_managing_alone_shows_no_place(facts: Facts, scope: Scope) -> None:
    assert not decide(msgspec.structs.replace(facts, consents=()), scope, NOW).granted


@given(facts, consents(), asked)
def test_one_more_consent_never_takes_away(facts: Facts, more: Consent, scope: Scope | None) -> None:
    before = decide(facts, scope, NOW).granted
    after = decide(msgspec.structs.replace(facts, consents=(more, *facts.consents)), scope, NOW).granted

    assert after or not before


@given(facts, asked)
def test_becoming_a_member_never_takes_away(facts: Facts, scope: Scope | None) -> None:
    before = decide(msgspec.structs.replace(facts, member=False), scope, NOW).granted
    after = decide(msgspec.structs.replace(facts, member=True), scope, NOW).granted

    assert after or not before


@given(facts, asked)
def test_nobody_sees_into_another_city(facts: Facts, scope: Scope | None) -> None:
    abroad = msgspec.structs.replace(facts, viewer_city_id=CITIES[0], wearer_city_id=CITIES[1])
    may_know = scope is None and abroad.viewer_role is Role.ADMINISTRATOR

    assert may_know or not decide(abroad, scope, NOW).granted
    assert abroad.viewer_role is Role.ADMINISTRATOR or not decide_managing(abroad).granted


@given(facts, asked)
def test_one_who_has_ended_is_unknown_to_everybody(facts: Facts, scope: Scope | None) -> None:
    ended = msgspec.structs.replace(facts, ended=True)

    assert not decide(ended, scope, NOW).granted
    assert not decide_managing(ended).granted


@given(facts)
def test_who_manages_or_sees_anything_may_know_of_her_and_nobody_else(facts: Facts) -> None:
    expected = decide_managing(facts).granted or bool(seen(facts, NOW))

    assert expected == decide(facts, None, NOW).granted


@given(unprotected, st.sampled_from(Scope))
def test_the_reason_says_why(facts: Facts, scope: Scope) -> None:
    access = decide(facts, scope, NOW)

    assert access.granted == (access.reason in (Reason.MANAGES, Reason.CONSENTED))
    assert access.reason is not Reason.PROTECTED
    assert (access.reason is Reason.ENDED) == facts.ended


def reaches(consent: Consent, facts: Facts) -> bool:
    """Whether the consent was given to the viewer, by account or as one of a role."""
    return consent.account_id == facts.viewer_id or (consent.role is not None and consent.role == facts.viewer_role)


def counts(consent: Consent, now: datetime) -> bool:
    """Whether the consent has begun, has not ended and was not revoked."""
    ended = consent.until_at is not None and consent.until_at <= now
    return consent.from_at <= now and not ended and consent.revoked_at is None
