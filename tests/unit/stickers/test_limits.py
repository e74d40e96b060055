"""Guessers wait, helpers come through, and nothing grows without end."""

import pytest

from app.stickers.limits import (
    AGAIN_AFTER_S,
    AGAIN_WITHIN_S,
    LIMITS,
    OF_ADDRESS,
    OF_ALL,
    RETRY_S,
    SECOND,
    SLOW,
    WIDE,
    Kind,
    Limits,
    network_of,
)

HERE = "203.0.113.7"
GOOD = "A" * 14


def code(number: int) -> str:
    return f"{number:014d}"


def guess(limits: Limits, number: int, now_s: float, address: str = HERE) -> bool:
    """One wrong code; whether it was looked up."""
    allowed = limits.ask(address, code(number), now_s).allowed
    if allowed:
        limits.missed(address, code(number), now_s)
    return allowed


def guessed(limits: Limits, count: int, a_second: float = 1000.0, begin_s: float = 0.0) -> int:
    """So many guesses one after another; how many were looked up."""
    return sum(guess(limits, number, begin_s + number / a_second) for number in range(count))


def test_every_kind_of_limit_has_its_row_and_its_reason() -> None:
    assert list(Kind) == [limit.kind for limit in LIMITS]
    assert all(limit.words for limit in LIMITS)


def test_a_few_old_stickers_hold_nobody_up() -> None:
    limits = Limits()

    assert OF_ADDRESS.misses == guessed(limits, OF_ADDRESS.misses)
    assert 0.0 == Limits().ask(HERE, GOOD, 0.0).wait_s


def test_a_guesser_gets_few_look_ups_a_second() -> None:
    limits = Limits()

    looked_up = guessed(limits, 60_000)  # One minute.

    assert looked_up <= OF_ADDRESS.misses + (60 + SLOW.wait_max_s) * SLOW.a_second + 1


def test_a_guesser_who_asks_for_each_code_twice_is_limited_as_well() -> None:
    limits = Limits()
    looked_up = 0
    for number in range(60_000):
        now_s = number / 1000
        looked_up += guess(limits, number, now_s)
        looked_up += guess(limits, number - 4000, now_s)

    both = SLOW.a_second + SECOND.a_second
    assert looked_up <= OF_ADDRESS.misses + 60 * both + SLOW.wait_max_s * SLOW.a_second + SECOND.wait_max_s * 8 + 2


@pytest.mark.parametrize("a_second", [50.0, 1000.0, 20_000.0])
def test_somebody_real_behind_the_address_of_a_guesser_comes_through_when_the_page_tries_again(a_second: float) -> None:
    limits = Limits()
    guessed(limits, int(20 * a_second) if a_second < 20_000 else 100_000, a_second)
    now_s = 20.0 if a_second < 20_000 else 5.0
    first = limits.ask(HERE, GOOD, now_s)
    for number in range(int(RETRY_S * min(a_second, 3000))):
        guess(limits, 1_000_000 + number, now_s + number / min(a_second, 3000))

    second = limits.ask(HERE, GOOD, now_s + RETRY_S)

    assert (False, RETRY_S) == (first.allowed, first.wait_s)
    assert (True, 0.0) == (second.allowed, second.wait_s)


def test_somebody_real_elsewhere_never_waits() -> None:
    limits = Limits()
    guessed(limits, 60_000)

    assert 0.0 == limits.ask("203.0.113.8", GOOD, 60.0).wait_s
    assert limits.ask("203.0.113.8", GOOD, 60.0).allowed


def test_a_code_that_was_good_never_waits_again_until_it_is_not() -> None:
    limits = Limits()
    limits.found(GOOD, 0.0)
    guessed(limits, 60_000)

    assert (True, 0.0) == ((verdict := limits.ask(HERE, GOOD, 60.0)).allowed, verdict.wait_s)
    limits.missed(HERE, GOOD, 60.0)
    assert not limits.ask(HERE, GOOD, 60.0).allowed


def test_many_machines_that_guess_little_each_go_slowly_and_fresh_addresses_do_not() -> None:
    limits = Limits()
    machines = [f"198.51.{n // 250}.{n % 250}" for n in range(OF_ALL.misses)]
    for number, machine in enumerate(machines):
        assert guess(limits, number, number / 100, machine)

    again = sum(guess(limits, 10_000 + n, 6.0, machine) for n, machine in enumerate(machines))

    assert again <= SLOW.a_second * SLOW.wait_max_s + 1
    assert limits.ask(HERE, GOOD, 6.0).allowed


def test_many_machines_that_guess_once_each_are_limited_in_all_and_who_is_real_comes_back() -> None:
    limits = Limits()
    seconds, a_second = 10, 2000
    looked_up = sum(guess(limits, n, n / a_second, f"2001:db8:{n:x}::1") for n in range(seconds * a_second))
    now_s = float(seconds)
    first = limits.ask(HERE, GOOD, now_s)
    for n in range(int(RETRY_S * a_second)):
        guess(limits, 1_000_000 + n, now_s + n / a_second, f"2001:db8:{n:x}:1::1")

    assert looked_up <= OF_ALL.misses + WIDE.a_second * (seconds + WIDE.wait_max_s) + 1
    assert not first.allowed
    assert (True, 0.0) == ((again := limits.ask(HERE, GOOD, now_s + RETRY_S)).allowed, again.wait_s)


def test_it_is_over_when_nobody_has_guessed_for_a_while() -> None:
    limits = Limits()
    guessed(limits, 5000)
    assert not limits.ask(HERE, GOOD, 5.0).allowed

    later_s = 5.0 + 2 * OF_ADDRESS.window_s
    assert (True, 0.0) == ((verdict := limits.ask(HERE, GOOD, later_s)).allowed, verdict.wait_s)


def test_whoever_comes_back_at_once_or_much_too_late_is_new() -> None:
    for pause_s in (AGAIN_AFTER_S - 1, AGAIN_WITHIN_S + 1):
        limits = Limits()
        guessed(limits, 5000)
        assert not limits.ask(HERE, GOOD, 5.0).allowed
        guessed(limits, 5000, begin_s=pause_s)

        assert limits.ask(HERE, GOOD, 5.0 + pause_s).wait_s > 0


def test_one_household_of_ipv6_is_one_guesser() -> None:
    limits = Limits()
    for number in range(OF_ADDRESS.misses):
        guess(limits, number, 0.0, f"2001:db8::{number:x}")

    waits = [limits.ask(f"2001:db8::ffff:{n:x}", code(n), 0.0) for n in range(20)]

    assert not all(one.allowed for one in waits)
    assert limits.ask("2001:db8:0:1::1", GOOD, 0.0).allowed


def test_what_is_no_address_is_an_address_of_its_own() -> None:
    assert ("", "unix:", "2001:db8::") == (network_of(""), network_of("unix:"), network_of("2001:db8::1%eth0"))


def test_what_is_kept_in_mind_has_an_end() -> None:
    limits = Limits(kept_max=100)
    for number in range(2000):
        guess(limits, number, 0.0, f"2001:db8:{number:x}::1")
        limits.found(code(number), 0.0)
        limits.noting(code(number), 0.0)
        guess(limits, number, 0.0)

    assert limits.size <= 400


def test_scans_of_one_code_are_written_now_and_then_and_none_is_lost() -> None:
    limits = Limits()

    assert [1, 0, 0, 3] == [limits.noting(GOOD, now_s) for now_s in (0.0, 1.0, 4.9, 5.0)]
    assert 1 == limits.noting(code(1), 5.0)
