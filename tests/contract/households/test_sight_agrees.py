"""The conditions over the tables and the pure decision say the same, in towns made at random."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from msgspec import Struct
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.households import service
from app.households.access import Facts, decide, decide_managing, seen
from app.households.model import CONSENT_ROLES, Consent, Contact, GivenAs, Household, Protection, Scope, Wearer
from app.households.store import consents, contacts, people, sight
from app.households.tables import household_member
from app.kit.ids import AccountId, ConsentId, ContactId, HouseholdId, ProtectionId, WearerId, new_id
from tests.build import NOW
from tests.contract.households.cast import CHIYODA, KAKOGAWA, add_city, add_viewer

CITIES = (KAKOGAWA, CHIYODA)


class Town(Struct):
    """Everything that decides who sees whom."""

    viewers: list[Viewer]
    wearers: list[Wearer]
    members: set[tuple[HouseholdId, AccountId]]
    consents: list[Consent]
    protections: list[Protection]
    contacts: list[Contact]

    def facts(self, viewer: Viewer, wearer: Wearer) -> Facts:
        return Facts(
            viewer_id=viewer.account_id,
            viewer_city_id=viewer.city_id,
            viewer_role=viewer.role,
            wearer_city_id=wearer.city_id,
            ended=wearer.ended_at is not None,
            member=(wearer.household_id, viewer.account_id) in self.members,
            consents=tuple(one for one in self.consents if one.wearer_id == wearer.id),
            protections=tuple(one for one in self.protections if one.wearer_id == wearer.id),
        )


def some_time(chance: random.Random) -> datetime:
    return NOW + timedelta(hours=chance.randint(-2, 2))


def maybe(chance: random.Random, share: float) -> datetime | None:
    return some_time(chance) if chance.random() < share else None


def some_consent(chance: random.Random, wearers: Sequence[Wearer], viewers: Sequence[Viewer]) -> Consent:
    to_role = chance.random() < 0.3
    return Consent(
        id=ConsentId(new_id()),
        wearer_id=chance.choice(wearers).id,
        account_id=None if to_role else chance.choice(viewers).account_id,
        role=chance.choice(sorted(CONSENT_ROLES)) if to_role else None,
        scopes=frozenset(chance.sample(list(Scope), chance.randint(1, len(Scope)))),
        given_as=chance.choice(list(GivenAs)),
        from_at=some_time(chance),
        until_at=maybe(chance, 0.5),
        given_by=chance.choice(viewers).account_id,
        given_at=NOW,
    )


def a_town(connection: Connection, chance: random.Random) -> Town:
    """Two cities with accounts of all roles, households with anybody in them, and consents to anybody."""
    for city_id in CITIES:
        add_city(connection, city_id)
    viewers = [
        add_viewer(connection, f"{role} {number} of {city_id}", role, city_id)
        for city_id in CITIES
        for role in Role
        for number in range(4 if role is Role.FAMILY else 1)
    ]
    homes = [
        Household(id=HouseholdId(new_id()), city_id=chance.choice(CITIES), name="home", created_at=NOW)
        for _ in range(6)
    ]
    for home in homes:
        people.add_household(connection, home)
    members = {(chance.choice(homes).id, chance.choice(viewers).account_id) for _ in range(14)}
    connection.execute(
        insert(household_member), [{"household_id": home, "account_id": account} for home, account in members]
    )
    wearers = []
    for number in range(20):
        home = chance.choice(homes)
        wearers.append(
            Wearer(
                id=WearerId(new_id()),
                city_id=home.city_id,
                household_id=home.id,
                name=f"wearer {number}",
                created_at=NOW,
                ended_at=maybe(chance, 0.1),
            )
        )
        people.add_wearer(connection, wearers[-1])
    given = [some_consent(chance, wearers, viewers) for _ in range(150)]
    consents.add(connection, given)
    for one in chance.sample(given, 30):
        given.remove(one)
        consents.revoke(connection, one.wearer_id, one.id, one.given_by, NOW)
    protections = [
        Protection(
            id=ProtectionId(new_id()),
            wearer_id=chance.choice(wearers).id,
            name="a relative",
            account_id=chance.choice(viewers).account_id if chance.random() < 0.9 else None,
            set_by=viewers[0].account_id,
            set_at=NOW,
            ended_at=maybe(chance, 0.3),
        )
        for _ in range(40)
    ]
    for protection in protections:
        consents.add_protection(connection, protection)
    listed = []
    for number in range(80):
        let = chance.choice(given)
        by_phone = chance.random() < 0.2
        listed.append(
            Contact(
                id=ContactId(new_id()),
                wearer_id=let.wearer_id,
                rank=number + 1,
                name=f"contact {number}",
                account_id=None if by_phone else let.account_id or chance.choice(viewers).account_id,
                created_at=NOW,
            )
        )
    for contact in listed:
        contacts.add(connection, contact)
    return Town(
        viewers=viewers,
        wearers=wearers,
        members=members,
        consents=given,
        protections=protections,
        contacts=listed,
    )


@pytest.mark.parametrize("seed", range(3))
def test_lists_hold_exactly_those_whom_the_decision_grants(connection: Connection, seed: int) -> None:
    town = a_town(connection, random.Random(seed))
    found = 0
    for viewer in town.viewers:
        for scope in (None, *Scope):
            expected = {one.id for one in town.wearers if decide(town.facts(viewer, one), scope, NOW).granted}

            assert expected == service.visible_wearer_ids(connection, viewer, scope, NOW)
            found += len(expected)
        listed = service.known_wearers(connection, viewer, None, None, 100, NOW)
        for known in listed:
            facts = town.facts(viewer, known.wearer)

            assert decide_managing(facts).granted == known.manages
            assert seen(facts, NOW) == known.sees

    assert found > 50, "a town in which nobody sees anybody shows nothing"


@pytest.mark.parametrize("seed", range(3))
def test_the_facts_read_for_one_viewer_decide_like_all_facts(connection: Connection, seed: int) -> None:
    town = a_town(connection, random.Random(seed))
    ids = [one.id for one in town.wearers]
    for viewer in town.viewers:
        for wearer, facts in sight.facts_of(connection, viewer, ids).values():
            for scope in (None, *Scope):
                assert decide(town.facts(viewer, wearer), scope, NOW) == decide(facts, scope, NOW)


@pytest.mark.parametrize("seed", range(3))
def test_told_are_exactly_the_contacts_whom_the_decision_grants_alerts(connection: Connection, seed: int) -> None:
    town = a_town(connection, random.Random(seed))
    by_account = {viewer.account_id: viewer for viewer in town.viewers}
    total = 0
    for wearer in town.wearers:
        expected = [
            one
            for one in town.contacts
            if one.wearer_id == wearer.id
            and one.account_id is not None
            and decide(town.facts(by_account[one.account_id], wearer), Scope.ALERTS, NOW).granted
        ]
        told = service.told(connection, wearer.id, NOW)

        assert expected == [one.contact for one in told]
        assert [one.account_id for one in expected] == [one.account_id for one in told]
        total += len(told)

    assert total > 0, "a town in which nobody is told shows nothing"
