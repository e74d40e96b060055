"""What somebody may write by mistake, also where no price hangs on it yet: it is named, and nothing is priced."""

from typing import Any

import pytest

from app.kit.errors import InvalidInput
from tests.unit.programmes.ask import amounts, jst, months, priced, turn_out

AN_HOUR = turn_out("a", "2026-05-01 10:00", "2026-05-01 11:00")


@pytest.mark.parametrize(
    ("scheme", "fields", "where"),
    [
        # 「年6回まで」 is counted by the fiscal year, 「月2回まで無料」 by the month: another key would count nothing.
        ("kobe", {"free_used": {"FY26": 6}}, "terms.free_used.FY26"),
        ("kobe", {"free_used": {"M2026-05": 6}}, "terms.free_used.M2026-05"),
        ("chuo", {"free_used": {"FY2026": 2}}, "terms.free_used.FY2026"),
        ("chuo", {"free_used": {"M2026-13": 2}}, "terms.free_used.M2026-13"),
        ("kyowa", {"free_used": {"2026": 2}}, "terms.free_used.2026"),
        # 「月額使用料 1,320円～」「取付工事料 33,000円～」
        ("cocosecom", {"amounts": {"monthly": 1_319}}, "terms.amounts.monthly"),
        ("secom_home", {"amounts": {"installation": 32_999}}, "terms.amounts.installation"),
        ("sapporo", {"household_class": "rich"}, "terms.household_class"),
        ("sapporo", {"tax_classes": {"2026": "rich"}}, "terms.tax_classes.2026"),
        ("kobe", {"choices": {"cancelled_before_departure": "half"}}, "terms.choices.cancelled_before_departure"),
        ("secom_home", {"choices": {"deposit_on_early_end": "yes"}}, "terms.choices.deposit_on_early_end"),
        ("cocosecom", {"choices": {"subsidised_charger": "yes"}}, "terms.choices.subsidised_charger"),
        # 「通報機器を設置した月」から「利用廃止を決定した月の前月」まで
        (
            "sapporo",
            {"installed_on": "2026-05-20", "end_decided_on": "2026-04-30"},
            "terms.end_decided_on",
        ),
        (
            "sapporo",
            {"residence": [{"from": "2026-04-01", "ward": "北区"}, {"from": "2026-04-01", "ward": "南区"}]},
            "terms.residence[1].from",
        ),
    ],
)
def test_a_slip_of_the_pen_is_named(scheme: str, fields: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        priced(scheme, **fields)

    assert where == raised.value.where


@pytest.mark.parametrize(
    ("scheme", "fields"),
    [
        ("cocosecom", {"amounts": {"monthly": 1_320}}),
        ("kobe", {"free_used": {"FY2026": 6, "FY2025": 1}, "household_class": "taxed"}),
        ("chuo", {"plan": "rental", "free_used": {"M2026-05": 2}}),
        ("sapporo", {"installed_on": "2026-05-20", "end_decided_on": "2026-05-20"}),
        (
            "sapporo",
            {"residence": [{"from": "2026-04-01", "ward": "北区"}, {"from": "2026-04-01", "ward": "北区"}]},
        ),
    ],
)
def test_what_can_be_meant_is_taken(scheme: str, fields: dict[str, Any]) -> None:
    assert [] == priced(scheme, **fields).asked


def test_a_turn_out_that_has_not_ended_is_asked_and_holds_up_no_other() -> None:
    running = {"id": "b", "departed_at": jst("2026-05-02 10:00")}

    found = priced("kobe", turn_outs=[AN_HOUR, running])

    assert [("turn_out", "city", 6_600)] == amounts(found)
    assert (False, ["usage.turn_outs.b.ended_at"]) == (found.complete, [one.field for one in found.asked])


def test_a_price_for_each_turn_out_does_not_ask_how_long_it_took() -> None:
    # 「現場急行費用 2,200円 1回当たり ※月2回まで無料」
    terms = {"plan": "rental", "free_used": {"M2026-05": 2}}

    found = priced("chuo", **terms, turn_outs=[{"id": "a", "departed_at": jst("2026-05-02 10:00")}])

    assert ([("turn_out", "user", 2_200)], []) == (amounts(found), found.asked)


def test_an_id_by_place_is_never_one_that_somebody_gave() -> None:
    nameless = {key: value for key, value in AN_HOUR.items() if key != "id"}

    found = priced("kobe", turn_outs=[nameless, turn_out("turn_out_1", "2026-05-02 10:00", "2026-05-02 11:00")])

    assert {"city": 13_200} == found.shares


@pytest.mark.parametrize(
    ("installed_on", "until"),
    [("2028-02-28", "2033-02-27"), ("2028-02-29", "2033-02-28"), ("2028-03-01", "2033-02-28")],
)
def test_a_term_from_a_leap_day_ends_with_its_month(installed_on: str, until: str) -> None:
    # 「5年間の継続契約」 and 民法143条2項: without such a day it ends on the last of the month.
    found = priced("secom_home", installed_on=installed_on, amounts={"installation": 33_000})

    assert found.term is not None
    assert until == str(found.term.until)


def test_a_contract_that_knows_no_day_runs_in_the_months_asked_for() -> None:
    assert {"user": 4_400} == priced("kobe", months=months("2026-04", "2026-05")).shares
