from beacon_ingest.decoders.formats import FORMATS
from beacon_ingest.limits import LIMITS, Rates


def test_every_format_has_its_limits() -> None:
    assert set(FORMATS) == set(LIMITS)


def waits(rates: Rates, now_s: float, count: int) -> list[float]:
    """What Hana's device is told when it asks so often in one moment."""
    return [rates.wait_s("hana", now_s) for _ in range(count)]


def test_a_device_may_send_its_burst_and_then_its_rate() -> None:
    rates = Rates(per_s=4, burst=3)

    assert waits(rates, 1000, 4) == [0, 0, 0, 0.25]
    assert waits(rates, 1000.25, 2) == [0, 0.25]
    assert waits(rates, 1060, 4) == [0, 0, 0, 0.25]


def test_what_is_refused_is_not_held_against_the_device() -> None:
    rates = Rates(per_s=4, burst=1)
    waits(rates, 1000, 100)

    assert rates.wait_s("hana", 1000.25) == 0


def test_one_device_does_not_use_up_the_rate_of_another() -> None:
    rates = Rates(per_s=1, burst=1)
    rates.wait_s("hana", 1000)

    assert rates.wait_s("hana", 1000) > 0
    assert rates.wait_s("taro", 1000) == 0


def test_whoever_reserves_is_told_a_later_time_each_time() -> None:
    rates = Rates(per_s=4, burst=2)

    assert [rates.reserve_s("hana", 1000) for _ in range(4)] == [0, 0, 0.25, 0.5]
    assert rates.reserve_s("hana", 1000.5) == 0.25


def test_the_memory_of_rates_is_bounded_and_forgets_the_longest_unheard() -> None:
    rates = Rates(per_s=1, burst=1, keys_max=2)
    rates.wait_s("hana", 1000)
    rates.wait_s("taro", 1000)
    rates.reserve_s("hana", 1000)
    rates.wait_s("jiro", 1000)

    assert len(rates) == 2
    assert rates.wait_s("hana", 1000) > 0
    assert rates.wait_s("taro", 1000) == 0
