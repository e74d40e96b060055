"""The price before the button: what a family reads on the phone before somebody is sent."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.programmes.catalogue import scheme_of
from app.programmes.model import Payer, QuotaYear, Terms
from app.programmes.quotas import year_key
from app.programmes.quoting import Quote, quote

MAY = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)


def quoted(scheme: str, used: int = 0, now: datetime = MAY, **more: Any) -> Quote:
    found = quote(scheme_of(scheme), Terms(plan="rental" if scheme == "chuo" else None), used, now, **more)
    assert found is not None
    return found


def test_kobe_with_three_of_six_left() -> None:
    found = quoted("kobe", used=3)

    assert (3, 6, "FY2026", Payer.CITY, 0) == (
        found.free_left, found.free_turn_outs, found.year, found.payer_now, found.user_yen,
    )  # fmt: skip
    assert found.needs_contact
    english = found.words["en"]
    assert "3 of 6 left in fiscal year 2026, the city pays." in english
    assert "After that 6,600 yen for each hour or part of one." in english
    assert "At most 3 hours a turn-out, extensions included." in english
    assert "Only registered contacts may ask for it." in english
    assert "2026年度の無料分は6回のうち残り3回で、神戸市が負担します。" in found.words["ja"]
    assert any("ただで つかえるのは あと 3回です" in sentence for sentence in found.words["easy"])


@pytest.mark.parametrize("used", [6, 7])
def test_kobe_with_none_left(used: int) -> None:
    found = quoted("kobe", used=used)

    assert (0, Payer.USER, 6_600, 19_800) == (found.free_left, found.payer_now, found.user_yen, found.yen_max)
    assert "The 6 free ones of fiscal year 2026 are used up." in found.words["en"]
    assert "It costs 6,600 yen for each hour or part of one." in found.words["en"]


def test_what_the_city_has_insured_the_insurer_pays() -> None:
    assert Payer.INSURER == quoted("kobe", insured=True).payer_now
    assert "The city has insured this turn-out; the insurer pays." in quoted("kobe", insured=True).words["en"]
    assert Payer.USER == quoted("kobe", used=6, insured=True).payer_now


def test_the_year_is_that_of_japan() -> None:
    assert "FY2025" == quoted("kobe", now=datetime(2026, 3, 31, 14, 59, tzinfo=UTC)).year
    assert "FY2026" == quoted("kobe", now=datetime(2026, 3, 31, 15, 0, tzinfo=UTC)).year


def test_cocosecom_never_goes_to_the_home_and_keeps_no_key() -> None:
    """「自宅の鍵のお預かりはしないので、自宅への駆け付けはできません（外出先への駆け付けのみです）。」"""
    found = quoted("cocosecom")

    assert (False, False, 11_000, None) == (found.goes_home, found.keeps_key, found.user_yen, found.yen_max)
    assert {"Nobody goes to the home, only to places outside.", "No key of the home is kept."} <= set(found.words["en"])


@pytest.mark.parametrize(("used", "left", "user_yen"), [(0, 2, 0), (1, 1, 0), (2, 0, 2_200), (5, 0, 2_200)])
def test_chuo_says_how_many_are_left_this_month(used: int, left: int, user_yen: int) -> None:
    found = quoted("chuo", used=used)

    assert (left, user_yen, "M2026-05") == (found.free_left, found.user_yen, found.year)


def test_what_the_monthly_fee_holds_costs_nothing() -> None:
    found = quoted("alsok_home")

    assert (True, 0, "centre") == (found.included, found.user_yen, found.calls_110_119)
    assert "The turn-out is held by the monthly fee." in found.words["en"]


@pytest.mark.parametrize("scheme", ["sapporo", "ino", "ntt_silverphone", "otaru", "kakogawa"])
def test_who_sends_nobody_has_no_quote(scheme: str) -> None:
    assert quote(scheme_of(scheme), Terms(installed_on=date(2026, 1, 1)), 0, MAY) is None


@pytest.mark.parametrize("scheme", ["kobe", "cocosecom", "chuo", "kyowa", "alsok_home", "secom_home"])
def test_a_quote_names_what_the_paper_leaves_open_and_has_words_in_every_language(scheme: str) -> None:
    found = quoted(scheme)

    assert {"ja", "easy", "en"} == set(found.words)
    assert 1 == len({len(sentences) for sentences in found.words.values()})
    assert ("calls_110_119" in found.open) == (scheme != "alsok_home")
    assert not [one for sentences in found.words.values() for one in sentences if "{" in one]


@pytest.mark.parametrize(
    ("per", "moment", "key"),
    [
        (QuotaYear.FISCAL, datetime(2026, 3, 31, 14, 30, tzinfo=UTC), "FY2025"),
        (QuotaYear.FISCAL, datetime(2026, 3, 31, 15, 10, tzinfo=UTC), "FY2026"),
        (QuotaYear.CALENDAR, datetime(2026, 12, 31, 15, 0, tzinfo=UTC), "CY2027"),
        (QuotaYear.MONTH, datetime(2026, 4, 30, 15, 0, tzinfo=UTC), "M2026-05"),
        (QuotaYear.CONTRACT, datetime(2026, 6, 9, 14, 59, tzinfo=UTC), "K2025-06-10"),
        (QuotaYear.CONTRACT, datetime(2026, 6, 9, 15, 0, tzinfo=UTC), "K2026-06-10"),
    ],
)
def test_the_key_of_a_year(per: QuotaYear, moment: datetime, key: str) -> None:
    assert key == year_key(per, moment, date(2025, 6, 10))


def test_a_contract_of_29_february_has_a_year_every_year() -> None:
    contracted_on = date(2024, 2, 29)

    def key(day: int, month: int) -> str | None:
        return year_key(QuotaYear.CONTRACT, datetime(2026, month, day, tzinfo=UTC), contracted_on)

    assert ("K2025-02-28", "K2026-02-28") == (key(27, 2), key(28, 2))
