"""The services of Otaru's companies and the city's subsidy on them, priced. Each row quotes the line of the paper."""

from typing import Any

import pytest

from tests.unit.programmes.ask import amounts, months, priced, turn_out

GRANT = {"scheme": "otaru", "applied_on": "2026-05-01", "ticket_on": "2026-05-20"}
IN_TIME = {"installed_on": "2026-06-01", "contracted_on": "2026-06-01", "subsidy": GRANT}
PHONE = {"by": "phone", "on": "2026-06-11"}
WEB = {"by": "web", "on": "2026-06-11"}


@pytest.mark.parametrize(
    ("scheme", "fields", "city", "user"),
    [
        # 「取付工事費 3,190円 3,190円 0円」
        ("ntt_silverphone", {"plan": "rental"}, 3_190, 0),
        # 「取付工事費 10,000円 10,000円 0円」
        ("kyowa", {}, 10_000, 0),
        # 「取付工事費 13,365円 10,000円 3,365円」
        ("alsok_home", {}, 10_000, 3_365),
        # 「工事費 26,500円 10,000円 16,500円」
        ("chuo", {"plan": "rental"}, 10_000, 16_500),
        # 「機器代・工事費 107,000円 10,000円 97,000円」
        ("chuo", {"plan": "purchase"}, 10_000, 97_000),
        # 「取付工事料 33,000円～ 10,000円 23,000円～」
        ("secom_home", {"amounts": {"installation": 33_000}}, 10_000, 23_000),
        ("secom_home", {"amounts": {"installation": 41_800}}, 10_000, 31_800),
        # 「加入料金 4,950円 4,950円」「標準充電器 2,750円 2,750円」
        ("cocosecom", {"items": [{"code": "charger_standard", "on": "2026-06-01"}]}, 7_700, 0),
        # 「小樽市が助成するのは、初期設置費用（上限1万円）のみ」 with the charger of 6,490 counted in: 11,440
        (
            "cocosecom",
            {
                "items": [{"code": "charger_battery", "on": "2026-06-01"}],
                "choices": {"subsidised_charger_battery": "yes"},
            },
            10_000,
            1_440,
        ),
        ("cocosecom", {
            "items": [{"code": "charger_battery", "on": "2026-06-01"}],
            "choices": {"subsidised_charger_battery": "no"},
        }, 4_950, 6_490),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_the_city_bears_the_initial_cost_up_to_ten_thousand(
    scheme: str, fields: dict[str, Any], city: int, user: int
) -> None:
    found = priced(scheme, **IN_TIME, **fields)

    assert {"city": city, "user": user} == found.shares
    assert found.complete
    assert [] == found.refusals


@pytest.mark.parametrize(
    ("scheme", "fields", "yen"),
    [
        ("ntt_silverphone", {"plan": "rental"}, 418),  # 「機器レンタル料 418円 月額」
        ("ntt_silverphone", {"plan": "purchase"}, 0),
        ("kyowa", {}, 3_080),  # 「月額使用料 3,080円」
        ("alsok_home", {}, 2_838),  # 「月額使用料 2,838円」
        ("alsok_home", {"options": ["built_in_line"]}, 3_938),  # 「電話回線がない場合は、月額1,100円上乗せ」
        ("chuo", {"plan": "rental"}, 5_500),  # 「月額使用料 5,500円」
        ("chuo", {"plan": "purchase"}, 4_000),  # 「月額使用料 4,000円」
        ("secom_home", {"amounts": {"monthly": 4_620}}, 4_620),  # 「月額使用料 4,620円～」
        ("secom_home", {"amounts": {"monthly": 5_170}}, 5_170),
        ("cocosecom", {"amounts": {"monthly": 1_320}}, 1_320),  # 「月額使用料 1,320円～ 月額（プランによる）」
        ("cocosecom", {"amounts": {"monthly": 2_310}}, 2_310),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_user_bears_every_month(scheme: str, fields: dict[str, Any], yen: int) -> None:
    """「設置後に毎月発生する月額使用料は自己負担（助成対象外）となります。」"""
    found = priced(scheme, **fields, months=months("2026-06", "2026-08"))

    assert {"user": 3 * yen} == (found.shares or {"user": 0})
    assert found.complete


def test_a_monthly_fee_begins_with_the_month_of_the_installation() -> None:
    """「設置後に毎月発生する月額使用料」"""
    found = priced("kyowa", contracted_on="2026-05-20", installed_on="2026-06-30", months=months("2026-05", "2026-07"))

    assert ["2026-06", "2026-07"] == [str(line.on)[:7] for line in found.lines if line.code == "monthly"]
    asked = priced("kyowa", contracted_on="2026-05-20", months=months("2026-05", "2026-07"))
    assert ([], ["terms.installed_on"]) == (asked.lines, [one.field for one in asked.asked])


@pytest.mark.parametrize(
    ("scheme", "fields", "code", "yen"),
    [
        ("ntt_silverphone", {"plan": "purchase"}, "device", 55_000),  # 「レンタルの他、55,000円で販売もしています。」
        ("secom_home", {"amounts": {"installation": 33_000}}, "deposit", 20_000),  # 「保証料 20,000円」
        ("cocosecom", {}, "joining", 4_950),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_paid_once(scheme: str, fields: dict[str, Any], code: str, yen: int) -> None:
    found = priced(scheme, **fields, installed_on="2026-06-01", contracted_on="2026-06-01")

    assert (code, "user", yen) in amounts(found)


@pytest.mark.parametrize(
    ("days", "rule"),
    [
        # 「設置前に申請頂く必要があります。設置後の申請はできません」
        ({"applied_on": "2026-06-02", "ticket_on": "2026-06-20"}, "applied_after_installation"),
        ({"applied_on": "2026-06-01", "ticket_on": "2026-06-01"}, "applied_after_installation"),
        ({"applied_on": "2026-05-01", "ticket_on": "2026-06-02"}, "installed_before_ticket"),
        # 「助成券には有効期限があります。（90日間）有効期限内で設置を完了させてください」
        ({"applied_on": "2026-02-01", "ticket_on": "2026-03-02"}, "ticket_expired"),
    ],
    ids=["applied after", "applied the same day", "before the ticket", "91 days after the ticket"],
)
def test_a_refused_subsidy_says_why_and_the_user_bears_all(days: dict[str, str], rule: str) -> None:
    found = priced("kyowa", installed_on="2026-06-01", subsidy={"scheme": "otaru", **days})

    assert {"user": 10_000} == found.shares
    assert [rule] == [one.rule for one in found.refusals]
    assert all(found.refusals[0].because.values())


@pytest.mark.parametrize("ticket_on", ["2026-03-03", "2026-06-01"], ids=["its last day", "its first day"])
def test_a_ticket_is_good_on_its_ninetieth_day(ticket_on: str) -> None:
    grant = {"scheme": "otaru", "applied_on": "2026-02-01", "ticket_on": ticket_on}

    assert {"city": 10_000, "user": 0} == priced("kyowa", installed_on="2026-06-01", subsidy=grant).shares


def test_a_subsidy_is_not_guessed() -> None:
    found = priced("kyowa", installed_on="2026-06-01", subsidy={"scheme": "otaru", "applied_on": "2026-05-01"})

    assert ["terms.subsidy.ticket_on"] == [one.field for one in found.asked]
    bought = priced("ntt_silverphone", plan="purchase", **IN_TIME)
    assert ["terms.choices.subsidised_device"] == [one.field for one in bought.asked]


@pytest.mark.parametrize(
    ("minutes", "yen"),
    [("10:01", 11_000), ("11:00", 11_000), ("11:00:01", 22_000), ("12:00", 22_000), ("16:30", 77_000)],
)
def test_cocosecom_rushes_out_for_each_hour_or_part(minutes: str, yen: int) -> None:
    """「現場急行費用 11,000円 都度（1時間までごと）」: no cap is stated."""
    found = priced("cocosecom", turn_outs=[turn_out("a", "2026-06-12 10:00", f"2026-06-12 {minutes}")])

    assert [("turn_out", "user", yen)] == amounts(found)


def test_cocosecom_tells_places_by_telephone_for_a_fee() -> None:
    """「位置情報提供料金 専用HPで検索 - / セコムに電話確認 220円 1回」"""
    found = priced("cocosecom", places_told=[PHONE, {**PHONE, "quantity": 2}, WEB])

    assert {"user": 660} == found.shares
    assert ("place_on_web", "user", 0) in amounts(found)


@pytest.mark.parametrize(
    ("received_on", "since", "until"),
    [
        # 「受領した日が月の途中の場合は翌月1日から起算して3年間」
        ("2026-05-10", "2026-06-01", "2029-05-31"),
        ("2026-05-31", "2026-06-01", "2029-05-31"),
        ("2026-12-02", "2027-01-01", "2029-12-31"),
        # 「本体を受領した日から3年間」
        ("2026-05-01", "2026-05-01", "2029-04-30"),
    ],
)
def test_cocosecom_binds_for_three_years(received_on: str, since: str, until: str) -> None:
    term = priced("cocosecom", received_on=received_on).term

    assert term is not None
    assert (since, until) == (str(term.since), str(term.until))


@pytest.mark.parametrize(
    ("ended_on", "asked"), [("2029-05-30", ["terms.amounts.penalty"]), ("2029-05-31", []), ("2030-01-01", [])]
)
def test_cocosecom_ended_early_costs_what_the_paper_does_not_say(ended_on: str, asked: list[str]) -> None:
    """「当初の契約期間中の中途解約は解約金が発生します。」"""
    found = priced("cocosecom", received_on="2026-05-10", ended_on=ended_on)

    assert asked == [one.field for one in found.asked]


def test_a_penalty_that_the_contract_sets() -> None:
    found = priced("cocosecom", received_on="2026-05-10", ended_on="2027-01-31", amounts={"penalty": 8_800})

    assert [("penalty", "user", 8_800)] == amounts(found)


def test_chuo_rushes_out_twice_a_month_for_nothing() -> None:
    """「現場急行費用 2,200円 1回当たり ※月2回まで無料」"""
    outs = [turn_out(f"m{n}", f"2026-04-{n:02} 10:00", f"2026-04-{n:02} 15:00") for n in (1, 2, 30)]
    found = priced("chuo", plan="rental", turn_outs=[*outs, turn_out("x", "2026-05-01 00:00", "2026-05-01 01:00")])

    assert [0, 0, 2_200, 0] == [line.amount_yen for line in found.lines]


@pytest.mark.parametrize("scheme", ["kyowa", "alsok_home", "secom_home"])
def test_the_monthly_fee_holds_turn_outs(scheme: str) -> None:
    """「現場急行費用 月額使用料に含まれます」"""
    found = priced(scheme, turn_outs=[turn_out("a", "2026-04-01 10:00", "2026-04-01 18:00")])

    assert [("turn_out", "user", 0)] == amounts(found)


def test_calling_off_what_the_monthly_fee_holds_is_not_asked_for() -> None:
    called_off = turn_out("a", "2026-04-01 10:00", "2026-04-01 10:20", cancelled="after_departure")

    found = priced("kyowa", turn_outs=[called_off])

    assert ([("turn_out", "user", 0)], True) == (amounts(found), found.complete)


def test_secoms_deposit_comes_back_when_the_term_is_over() -> None:
    """「保証料 20,000円 契約満了時に返却」「5年間の継続契約」"""
    found = priced("secom_home", amounts={"installation": 33_000}, installed_on="2026-04-01", ended_on="2031-03-31")

    assert [20_000, -20_000] == [line.amount_yen for line in found.lines if line.deposit]
    assert ({"user": 0}, {"user": 33_000}) == (found.deposits, found.shares)


def test_secom_ended_early_asks_for_what_the_paper_does_not_say() -> None:
    """「中途解約は違約金が発生します。」"""
    fields = {"installed_on": "2026-04-01", "ended_on": "2030-03-31", "amounts": {"installation": 33_000}}

    found = priced("secom_home", **fields)

    assert {"terms.amounts.penalty", "terms.choices.deposit_on_early_end"} == {one.field for one in found.asked}
    answered = priced("secom_home", **{
        **fields, "amounts": {"installation": 33_000, "penalty": 50_000}, "choices": {"deposit_on_early_end": "kept"},
    })  # fmt: skip
    assert answered.complete
    assert ({"user": 20_000}, {"user": 83_000}) == (answered.deposits, answered.shares)


def test_alsok_ended_early_costs_nothing() -> None:
    """「レンタルプランは5年契約になりますが、中途解約の際の違約金は不要（一部例外あり）。」"""
    found = priced("alsok_home", installed_on="2026-04-01", ended_on="2027-03-31", months=months("2027-03", "2027-05"))

    assert [("monthly", "user", 2_838)] == amounts(found)
    assert found.complete


@pytest.mark.parametrize(
    ("fields", "field", "least"),
    [({"installed_on": "2026-04-01"}, "terms.amounts.installation", 33_000),
     ({"months": months("2026-04")}, "terms.amounts.monthly", 4_620)],
    ids=["installation", "monthly"],
)  # fmt: skip
def test_from_is_asked_for(fields: dict[str, Any], field: str, least: int) -> None:
    found = priced("secom_home", **fields)

    assert [(field, least)] == [(one.field, one.at_least_yen) for one in found.asked]


@pytest.mark.parametrize(
    ("span", "shares"),
    [
        (("2026-06", "2026-06"), {"city": 4_950, "user": 1_320}),
        (("2026-07", "2026-07"), {"city": 5_050, "user": 1_440 + 1_320}),
        (("2026-06", "2026-07"), {"city": 10_000, "user": 1_440 + 2 * 1_320}),
    ],
    ids=["the first month", "the month after", "both"],
)
def test_the_ten_thousand_are_one_for_all_months(span: tuple[str, str], shares: dict[str, int]) -> None:
    # 「初期設置費用（上限1万円）」: 加入料金 4,950円 in June and the charger of 6,490円 in July are one such cost.
    found = priced(
        "cocosecom", **IN_TIME, received_on="2026-06-01", amounts={"monthly": 1_320},
        choices={"subsidised_charger_battery": "yes"},
        items=[{"code": "charger_battery", "on": "2026-07-01"}], months=months(*span),
    )  # fmt: skip

    assert shares == {key: value for key, value in found.shares.items() if value}
    assert found.complete
