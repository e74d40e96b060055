"""Failed sign-ins are counted, and too many of them wait."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from httpx import Response

from app.accounts import passwords, service
from app.accounts.tables import sign_in_failure
from tests.contract.web import PASSWORD, PEER_HEADER, Town

HANAKO = "hanako@example.jp"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing costs nothing here: what is looked at is the counting."""
    monkeypatch.setattr(passwords, "compare", lambda _hash, password: (password == PASSWORD, None))


def attempt(here: Town, email: str = HANAKO, password: str = "wrong", peer: str = "203.0.113.5") -> Response:
    body = {"email": email, "password": password}
    return here.client.post("/v1/sign-in", json=body, headers={PEER_HEADER: peer})


def failures_stored(here: Town) -> int:
    with here.database.transaction() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(sign_in_failure)).scalar_one()


def test_after_five_failures_even_the_right_password_waits(here: Town) -> None:
    for _ in range(5):
        assert attempt(here).status_code == 401
        here.clock.pass_by(timedelta(seconds=10))

    answer = attempt(here, password=PASSWORD)

    assert answer.status_code == 429
    assert answer.json()["type"] == "/problems/too-many"
    assert answer.headers["retry-after"] == "250"


def test_after_the_wait_the_right_password_opens(here: Town) -> None:
    for _ in range(5):
        attempt(here)
    here.clock.pass_by(timedelta(seconds=299))
    assert attempt(here, password=PASSWORD).status_code == 429

    here.clock.pass_by(timedelta(seconds=1))

    assert attempt(here, password=PASSWORD).status_code == 200


def test_an_unknown_address_is_throttled_like_a_known_one(here: Town) -> None:
    known = [attempt(here, peer="203.0.113.1").status_code for _ in range(6)]
    unknown = [attempt(here, "nobody@example.jp", peer="203.0.113.2").status_code for _ in range(6)]

    assert known == unknown == [401] * 5 + [429]


def test_other_spellings_of_an_address_do_not_start_again(here: Town) -> None:
    spellings = [HANAKO, "HANAKO@example.jp", " hanako@EXAMPLE.jp", "ｈａｎａｋｏ@example.jp", "Hanako@example.JP"]
    for spelling in spellings:
        assert attempt(here, spelling).status_code == 401

    assert attempt(here, "hAnAkO@example.jp").status_code == 429


def test_somebody_elses_failures_do_not_keep_one_out_elsewhere(here: Town) -> None:
    for _ in range(6):
        attempt(here, peer="203.0.113.5")

    assert attempt(here, password=PASSWORD, peer="198.51.100.7").status_code == 200


def test_many_machines_that_guess_one_password_are_stopped(here: Town) -> None:
    statuses = [attempt(here, peer=f"203.0.113.{number}").status_code for number in range(25)]

    assert statuses == [401] * 20 + [429] * 5


def test_one_machine_that_tries_many_addresses_is_stopped(here: Town) -> None:
    statuses = [attempt(here, f"someone{number}@example.jp").status_code for number in range(62)]

    assert statuses == [401] * 60 + [429] * 2


def test_a_guesser_with_a_whole_ipv6_network_is_one_guesser(here: Town) -> None:
    statuses = [attempt(here, peer=f"2001:db8:0:1::{number:x}").status_code for number in range(1, 7)]

    assert statuses == [401] * 5 + [429]


def test_guesses_all_at_once_are_not_more_than_one_after_another(here: Town) -> None:
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: attempt(here).status_code, range(24)))

    assert statuses.count(401) == 5
    assert statuses.count(429) == 19


def test_a_right_password_forgives_ones_own_typing_but_not_the_rest(here: Town) -> None:
    for _ in range(4):
        attempt(here, peer="203.0.113.5")
    assert attempt(here, password=PASSWORD, peer="203.0.113.5").status_code == 200

    assert [attempt(here, peer="203.0.113.5").status_code for _ in range(6)] == [401] * 5 + [429]
    statuses = [attempt(here, peer=f"198.51.100.{number}").status_code for number in range(12)]
    assert statuses == [401] * 11 + [429]


def test_ones_own_account_does_not_wash_a_machine_clean(here: Town) -> None:
    for number in range(59):
        attempt(here, f"someone{number}@example.jp")
    assert attempt(here, password=PASSWORD).status_code == 200

    assert [attempt(here, f"other{number}@example.jp").status_code for number in range(2)] == [401, 429]


def test_a_waiting_attempt_is_not_counted(here: Town) -> None:
    for _ in range(5):
        attempt(here)
    stored = failures_stored(here)

    attempt(here)

    assert failures_stored(here) == stored


def test_what_counts_no_more_is_forgotten(here: Town) -> None:
    attempt(here)
    here.clock.pass_by(timedelta(minutes=61))
    attempt(here)

    with here.database.transaction() as connection:
        assert service.forget_failures(connection, here.clock()) == 3
    assert failures_stored(here) == 3
