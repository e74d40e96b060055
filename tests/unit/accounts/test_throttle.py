"""How many failed sign-ins are too many."""

from datetime import datetime, timedelta

import pytest

from app.accounts.throttle import LONGEST, THROTTLES, Kind, Throttle, refuse, subjects, wait_s
from app.kit.errors import TooMany
from tests.build import NOW


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=one) for one in seconds]


def test_every_kind_has_its_row_and_its_words() -> None:
    assert {throttle.kind for throttle in THROTTLES} == set(Kind)
    assert all(str(throttle.failures) in throttle.words for throttle in THROTTLES)
    assert max(throttle.window for throttle in THROTTLES) == LONGEST


@pytest.mark.parametrize("throttle", THROTTLES)
def test_one_failure_less_than_the_limit_waits_not(throttle: Throttle) -> None:
    failures = [NOW] * (throttle.failures - 1)

    assert wait_s({throttle.kind: failures}, NOW) == 0
    assert wait_s({throttle.kind: [*failures, NOW]}, NOW) == throttle.window.total_seconds()


def test_the_wait_ends_when_enough_failures_are_old() -> None:
    assert wait_s({Kind.PAIR: ago(290, 100, 50, 20, 10)}, NOW) == 10
    assert wait_s({Kind.PAIR: ago(10, 20, 290, 100, 50)}, NOW) == 10
    assert wait_s({Kind.PAIR: ago(299.2, 100, 50, 20, 10)}, NOW) == 1
    assert wait_s({Kind.PAIR: ago(300, 100, 50, 20, 10)}, NOW) == 0


def test_of_too_many_failures_all_but_the_newest_must_grow_old() -> None:
    assert wait_s({Kind.PAIR: ago(290, 280, 270, 100, 50, 20, 10)}, NOW) == 30


def test_the_longest_wait_counts() -> None:
    failures = {Kind.PAIR: ago(290, 4, 3, 2, 1), Kind.EMAIL: [NOW] * 20}

    assert wait_s(failures, NOW) == 3600


def test_nothing_to_wait_for_passes_and_a_wait_is_told() -> None:
    refuse({}, NOW)

    with pytest.raises(TooMany) as refusal:
        refuse({Kind.PAIR: [NOW] * 5}, NOW)
    assert refusal.value.retry_after_s == 300


@pytest.mark.parametrize("email", ["taro@example.jp", " TARO@Example.jp", "ｔａｒｏ@example.jp"])
def test_spellings_of_one_mailbox_are_one_subject(email: str) -> None:
    assert subjects(email, "203.0.113.5") == subjects("taro@example.jp", "203.0.113.5")


@pytest.mark.parametrize("peer", ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:1:2::1%eth0"])
def test_addresses_of_one_ipv6_network_are_one_peer(peer: str) -> None:
    assert subjects("a@b.jp", peer)[Kind.PEER] == subjects("a@b.jp", "2001:db8:1:2::")[Kind.PEER]


def test_an_ipv4_address_is_the_same_however_a_socket_writes_it() -> None:
    assert subjects("a@b.jp", "::ffff:203.0.113.5") == subjects("a@b.jp", "203.0.113.5")


def test_other_people_networks_and_kinds_are_other_subjects() -> None:
    one = subjects("a@b.jp", "203.0.113.5")
    others = [subjects("c@b.jp", "203.0.113.5"), subjects("a@b.jp", "203.0.113.6"), subjects("a@b.jp", "2001:db8::1")]

    assert len(set(one.values())) == 3
    assert one[Kind.EMAIL] != others[0][Kind.EMAIL]
    assert one[Kind.PEER] == others[0][Kind.PEER]
    assert all(one[Kind.PAIR] != other[Kind.PAIR] for other in others)


@pytest.mark.parametrize("email", ["no address", "", "\ud800", "x" * 254])
@pytest.mark.parametrize("peer", ["", "testclient", "unix:"])
def test_whatever_is_shown_has_a_subject(email: str, peer: str) -> None:
    assert all(len(subject) == 32 for subject in subjects(email, peer).values())
