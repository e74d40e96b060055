"""Kobe's GPS service, priced. Each row quotes the line of the paper that it stands on."""

import pytest

from tests.unit.programmes.ask import amounts, jst, line_of, months, priced, turn_out

SIX_USED = {"FY2026": 6}


@pytest.mark.parametrize(
    ("departed", "ended", "yen"),
    [
        # 「6,600円/時間 ※3時間まで」
        ("2026-05-01 10:00", "2026-05-01 10:01", 6_600),
        ("2026-05-01 10:00", "2026-05-01 10:59", 6_600),
        ("2026-05-01 10:00", "2026-05-01 11:00", 6_600),  # exactly 60:00 is one hour
        ("2026-05-01 10:00", "2026-05-01 11:00:00.001", 13_200),
        ("2026-05-01 10:00", "2026-05-01 11:00:01", 13_200),
        ("2026-05-01 10:00", "2026-05-01 12:00", 13_200),
        ("2026-05-01 10:00", "2026-05-01 12:00:01", 19_800),
        # 「※延長含め1回最大3時間まで」
        ("2026-05-01 10:00", "2026-05-01 13:00", 19_800),
        ("2026-05-01 10:00", "2026-05-01 13:00:01", 19_800),
        ("2026-05-01 10:00", "2026-05-02 10:00", 19_800),
        ("2026-05-01 10:00", "2026-05-01 10:00", 6_600),
    ],
)
def test_an_hour_that_has_begun_counts_whole_and_three_are_the_most(departed: str, ended: str, yen: int) -> None:
    found = priced("kobe", free_used=SIX_USED, turn_outs=[turn_out("a", departed, ended)])

    assert [("turn_out", "user", yen)] == amounts(found)
    assert found.lines[0].tax_included
    assert 10 == found.lines[0].tax_rate_pct


def test_the_city_pays_six_a_year_and_the_user_from_the_seventh() -> None:
    """「神戸市 ※年6回まで。7回目から利用者負担」"""
    outs = [turn_out(f"t{n}", f"2026-05-0{n} 10:00", f"2026-05-0{n} 10:30") for n in range(1, 9)]

    found = priced("kobe", turn_outs=outs)

    assert ["city"] * 6 + ["user"] * 2 == [str(line.payer) for line in found.lines]
    assert {"city": 39_600, "user": 13_200} == found.shares
    assert "2026年度の7回目。6回を超えたので利用者が負担します" in found.lines[6].because["ja"]
    assert "dispatch.beyond" == found.lines[6].rule


def test_year_and_month_are_those_of_the_departure_in_japan() -> None:
    """31 March 23:30 to 1 April 00:40 is the old year's, though it ends in the new one."""
    over_midnight = turn_out("a", "2026-03-31 23:30", "2026-04-01 00:40")

    found = priced("kobe", free_used={"FY2025": 6}, turn_outs=[over_midnight])

    assert [("turn_out", "user", 13_200)] == amounts(found)
    assert "2026-03-31" == str(found.lines[0].on)
    assert ["city"] == [str(line.payer) for line in priced("kobe", free_used=SIX_USED, turn_outs=[over_midnight]).lines]


def test_a_moment_in_any_zone_is_the_same_moment() -> None:
    in_utc = {"id": "a", "departed_at": "2026-03-31T14:30:00Z", "ended_at": "2026-03-31T15:40:00Z"}

    found = priced("kobe", free_used={"FY2025": 6, "FY2026": 0}, turn_outs=[in_utc])

    assert [("turn_out", "user", 13_200)] == amounts(found)
    assert "2026-03-31" == str(found.lines[0].on)


def test_half_past_midnight_on_the_first_of_april_is_the_first_of_the_new_year() -> None:
    found = priced("kobe", free_used={"FY2025": 6}, turn_outs=[turn_out("a", "2026-04-01 00:10", "2026-04-01 00:40")])

    assert [("turn_out", "city", 6_600)] == amounts(found)


def test_the_ledger_knows_better_which_of_the_year_it_is() -> None:
    seventh = turn_out("a", "2026-05-01 10:00", "2026-05-01 10:30", quota_number=7)

    assert [("turn_out", "user", 6_600)] == amounts(priced("kobe", turn_outs=[seventh]))


def test_the_insurer_bears_the_citys_share_and_not_the_users() -> None:
    """「かけつけサービスについて、約定履行費用保険を適用。」"""
    insured = turn_out("a", "2026-05-01 10:00", "2026-05-01 11:30", insured=True)

    assert [("turn_out", "insurer", 13_200)] == amounts(priced("kobe", turn_outs=[insured]))
    assert [("turn_out", "user", 13_200)] == amounts(priced("kobe", free_used=SIX_USED, turn_outs=[insured]))


def test_the_fees_of_the_contract() -> None:
    found = priced("kobe", contracted_on="2026-04-15", devices=2, months=months("2026-04", "2026-06"))

    assert [
        ("monthly", "user", 4_400),  # 「月額利用料 2,200円/月 利用者」「2,000円/台」
        ("contract_fee", "city", 9_900),  # 「契約手数料 4,950円 神戸市」「4,500円/台」
        ("monthly", "user", 4_400),
        ("monthly", "user", 4_400),
    ] == amounts(found)


def test_accessories_are_priced_without_tax() -> None:
    """「【別売品（消費税別）】充電アダプタ：4,700円 専用ストラップ：1,000円」"""
    found = priced(
        "kobe", items=[{"code": "charger", "on": "2026-04-02"}, {"code": "strap", "on": "2026-04-02", "quantity": 2}]
    )

    assert [("charger", "user", 4_700), ("strap", "user", 2_000)] == amounts(found)
    assert not any(line.tax_included for line in found.lines)
    assert ({}, {"user": 6_700}) == (found.shares, found.shares_before_tax)


def test_called_off_is_asked_for_where_the_paper_is_silent() -> None:
    before = {"id": "b", "cancelled": "before_departure", "ended_at": jst("2026-05-02 10:00")}
    after = turn_out("a", "2026-05-01 10:00", "2026-05-01 10:20", cancelled="after_departure")

    found = priced("kobe", turn_outs=[before, after])

    assert [] == found.lines
    assert ["terms.choices.cancelled_after_departure", "terms.choices.cancelled_before_departure"] == sorted(
        one.field for one in found.asked
    )
    assert not found.complete


@pytest.mark.parametrize(
    ("choice", "yen", "number_of_next"), [("free", 0, 6), ("one_unit", 6_600, 7), ("as_served", 13_200, 7)]
)
def test_what_was_called_off_counts_when_it_costs_something(choice: str, yen: int, number_of_next: int) -> None:
    called_off = turn_out("a", "2026-05-01 10:00", "2026-05-01 11:20", cancelled="after_departure")
    after_it = turn_out("b", "2026-05-02 10:00", "2026-05-02 10:20")

    found = priced(
        "kobe", free_used={"FY2026": 5}, choices={"cancelled_after_departure": choice}, turn_outs=[called_off, after_it]
    )

    assert yen == line_of(found, "a").amount_yen
    assert f"2026年度の{number_of_next}回目" in line_of(found, "b").because["ja"]
    assert found.complete


def test_what_lies_outside_of_the_months_counts_and_gives_no_line() -> None:
    outs = [turn_out(f"t{n}", f"2026-05-0{n} 10:00", f"2026-05-0{n} 10:30") for n in range(1, 7)]
    june = turn_out("june", "2026-06-01 10:00", "2026-06-01 10:30")

    found = priced("kobe", months=months("2026-06"), turn_outs=[*outs, june])

    assert [("monthly", "user", 2_200), ("turn_out", "user", 6_600)] == amounts(found)
    assert 6 == sum(one.why == "outside_months" and one.what.startswith("turn_outs.") for one in found.left_out)
