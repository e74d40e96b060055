"""What Ino, Kakogawa and Sapporo bear and what is left to users, priced. Each row quotes the line of the paper."""

from typing import Any

import pytest

from app.programmes.catalogue import scheme_of
from app.programmes.corrections import corrected
from app.programmes.model import Usage
from app.programmes.pricing import Priced
from app.programmes.rating import rate
from tests.unit.programmes.ask import amounts, months, priced

OLD, NEW = "2020-03-31", "2020-04-01"
APRIL = months("2026-04")


@pytest.mark.parametrize(
    ("plan", "installed_on", "town", "user"),
    [
        # ア「令和2年3月31日までに機器設置済みの場合」
        ("nec", OLD, 3_605, 380),  # 「月額 3,985 町負担分 3,605 利用者負担 380」
        ("nec", "2010-06-01", 3_605, 380),
        ("phone", OLD, 1_620, 0),  # 「1,620 町負担分 1,620 利用者負担 0」
        # イ「令和2年4月1日以降に機器を設置した場合」
        ("nec", NEW, 3_663, 407),  # 「月額 4,070 町負担分 3,663 利用者負担 407」
        ("tateyama", NEW, 3_663, 407),
        ("tateyama_sensor", NEW, 4_158, 462),  # 「月額 4,620 町負担分 4,158 利用者負担 462」
        ("phone", NEW, 1_620, 0),
        ("kids_phone", NEW, 1_980, 220),  # 「月額 2,200 町負担分 1,980 利用者負担 220」
        ("aikotoba_sensor", NEW, 2_475, 275),  # 「月額 2,750 町負担分 2,475 利用者負担 275」
        ("aikotoba", NEW, 1_980, 220),
        ("acceleration", NEW, 990, 110),  # 「月額 1,100 町負担分 990 利用者負担 110」
    ],
)
def test_ino_bears_its_share_of_the_rental_by_the_table_of_the_installation(
    plan: str, installed_on: str, town: int, user: int
) -> None:
    found = priced("ino", plan=plan, installed_on=installed_on, months=APRIL)

    assert [("monthly", "city", town), ("monthly", "user", user)] == amounts(found)
    assert all(line.tax_included for line in found.lines)  # 「金額はすべて消費税及び地方消費税を含む金額である。」


@pytest.mark.parametrize(
    ("plan", "installed_on", "town", "user"),
    [
        ("nec", OLD, 9_000, 1_000),  # 「取付時のみ 10,000 町負担分 9,000 利用者負担 1,000」
        ("nec", NEW, 9_900, 1_100),  # 「取付時のみ 11,000 町負担分 9,900 利用者負担 1,100」
        ("tateyama", NEW, 9_000, 1_000),  # 「取付時のみ 10,000 町負担分 9,000 利用者負担 1,000」
        ("tateyama_sensor", NEW, 19_800, 2_200),  # 「取付時のみ 22,000 町負担分 19,800 利用者負担 2,200」
    ],
)
def test_ino_bears_its_share_of_the_installation(plan: str, installed_on: str, town: int, user: int) -> None:
    found = priced("ino", plan=plan, installed_on=installed_on)

    assert [("installation", "city", town), ("installation", "user", user)] == amounts(found)


@pytest.mark.parametrize("plan", ["phone", "kids_phone", "aikotoba_sensor", "aikotoba", "acceleration"])
def test_in_ino_there_is_no_fee_of_installation_for_what_needs_none(plan: str) -> None:
    """「取付工事なし」「レンタル料に含む」"""
    assert [] == priced("ino", plan=plan, installed_on=NEW).lines


def test_ino_asks_when_it_was_installed() -> None:
    assert ["terms.installed_on"] == [one.field for one in priced("ino", plan="nec", months=APRIL).asked]


@pytest.mark.parametrize(
    ("plan", "once", "monthly", "issuer"),
    [
        ("alsok_tag", 2_420, 220, "alsok"),  # 「2,420円(税込) 220円(税込)」
        ("mimamorume_at_once", 2_620, 440, "mimamorume"),  # 「2,620円(税込) ・一括払 440円(税込)」
        ("mimamorume_monthly", 2_620, 515, "mimamorume"),  # 「・毎月払 515円(税込)」
        ("bibile", 3_905, 0, "george_shaun"),  # 「3,905円(税込) なし」
    ],
)
def test_kakogawa_bears_all(plan: str, once: int, monthly: int, issuer: str) -> None:
    found = priced(
        "kakogawa", plan=plan, applied_on="2026-04-01", contracted_on="2026-04-10", months=months("2026-04", "2026-06")
    )

    assert {"city": once + 3 * monthly} == found.shares
    assert {issuer} == {line.issuer for line in found.lines}


@pytest.mark.parametrize(
    ("contracted_on", "city", "user"),
    [
        ("2026-04-05", 2_420 + 220 + 220, 0),
        ("2026-04-06", 2_420 + 220 + 220, 0),
        # The contract was there first: its registration and the fee of April arose before.
        ("2026-04-04", 220, 2_420 + 220),
        ("2026-03-20", 220, 220),
    ],
)
def test_kakogawa_bears_nothing_from_before_the_application(contracted_on: str, city: int, user: int) -> None:
    """「申請前にすでに発生している費用」"""
    found = priced(
        "kakogawa", plan="alsok_tag", applied_on="2026-04-05", contracted_on=contracted_on,
        months=months("2026-04", "2026-05"),
    )  # fmt: skip

    assert (city, user) == (found.shares.get("city", 0), found.shares.get("user", 0))  # type: ignore[call-overload]
    assert bool(user) == bool(found.refusals)


def test_kakogawa_bears_neither_replacement_nor_repair() -> None:
    """「機器等の再取得が必要となった場合の機器料金および故障等による修繕費用」"""
    found = priced(
        "kakogawa", plan="alsok_tag", applied_on="2026-04-05", amounts={"replacement": 2_420},
        items=[{"code": "replacement", "on": "2026-06-01"}, {"code": "repair", "on": "2026-06-02", "unit_yen": 1_100}],
    )  # fmt: skip

    assert {"user": 3_520} == found.shares
    silent = priced("kakogawa", plan="alsok_tag", items=[{"code": "repair", "on": "2026-06-02"}])
    assert ["terms.amounts.repair"] == [one.field for one in silent.asked]


def away(kind: str, **more: Any) -> Priced:
    return priced(
        "kakogawa", plan="alsok_tag", applied_on="2026-04-01", contracted_on="2026-04-01",
        months=months("2026-05", "2026-08"), absences=[{"kind": kind, "from": "2026-06-01", **more}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "until", "users_months"),
    [("hospital", "2026-06-30", 1), ("facility", "2026-07-31", 2), ("death", None, 3), ("other", "2026-06-01", 1)],
)
def test_kakogawa_bears_nothing_while_nobody_uses_it(kind: str, until: str | None, users_months: int) -> None:
    """「入院、施設入所、死亡などにより、使用が認められないことが判明した期間に発生した費用」"""
    found = away(kind, until=until)

    assert (220 * (4 - users_months), 220 * users_months) == (found.shares.get("city"), found.shares.get("user"))  # type: ignore[call-overload]
    assert {f"absence_{kind}"} == {one.rule for one in found.refusals}
    assert [] == found.corrections


def test_what_is_found_out_later_is_given_back_to_the_city() -> None:
    found = away("hospital", until="2026-07-10", known_on="2026-08-03")

    assert ["city", "user", "user", "city"] == [str(line.payer) for line in found.lines]
    assert [
        ("2026-06-01", "city", -220), ("2026-07-01", "city", -220), ("2026-06-01", "user", 220), ("2026-07-01", "user", 220),
    ] == [(str(line.on), str(line.payer), line.amount_yen) for line in found.corrections]  # fmt: skip
    assert found.corrections[0].because["ja"].startswith("取り消し")


def test_what_was_not_yet_billed_when_it_was_found_out_needs_no_correction() -> None:
    found = away("hospital", until="2026-07-10", known_on="2026-06-20")

    assert [] == found.corrections
    assert 440 == found.shares["user"]  # type: ignore[index]


def test_a_correction_of_nothing_is_nothing() -> None:
    lines = away("death").lines

    assert [] == corrected(lines, lines)


def sapporo(**fields: Any) -> Priced:
    given = {
        "installed_on": "2024-05-20", "amounts": {"monthly": 2_500}, "category": "elderly",
        "residence": [{"from": "2024-01-01", "ward": "中央区"}], **fields,
    }  # fmt: skip
    return priced("sapporo", **given)


@pytest.mark.parametrize(
    ("household", "yen"),
    [
        ({"assistance": [{"from": "2025-01-01"}]}, 0),  # 「生活保護法の適用を受ける被保護者 0円」
        ({"household_class": "assisted"}, 0),
        # 「当該年度分…の市町村民税が課税されていない世帯に属する者 300円」
        ({"tax_classes": {"2026": "untaxed"}}, 300),
        ({"tax_classes": {"2026": "taxed"}}, 900),  # 「上記以外の者 900円」
        ({"household_class": "taxed", "tax_classes": {"2026": "untaxed"}}, 300),
    ],
    ids=["public assistance", "assisted", "untaxed", "taxed", "the year's own class goes first"],
)
def test_sapporos_user_pays_by_household(household: dict[str, Any], yen: int) -> None:
    found = sapporo(**household, months=months("2026-08"))

    # 「契約額のうち利用者負担額を除いた金額を委託料として札幌市に請求する」
    assert [("monthly", "city", 2_500 - yen), ("monthly", "user", yen)] == amounts(found)


@pytest.mark.parametrize(
    ("month", "yen"),
    [("2026-03", 300), ("2026-04", 300), ("2026-06", 300), ("2026-07", 900), ("2026-12", 900), ("2027-03", 900), ("2027-06", 900)],
)  # fmt: skip
def test_in_sapporo_april_to_june_go_by_the_tax_of_the_year_before(month: str, yen: int) -> None:
    """「当該年度分(4月から6月までの利用料にあっては、前年度分)の市町村民税」"""
    found = sapporo(tax_classes={"2025": "untaxed", "2026": "taxed"}, months=months(month))

    assert ("monthly", "user", yen) in amounts(found)


def test_sapporo_asks_for_the_tax_of_a_year_that_nobody_stated() -> None:
    found = sapporo(tax_classes={"2025": "untaxed"}, months=months("2026-05", "2026-09"))

    assert ["terms.tax_classes.2026"] == [one.field for one in found.asked]
    assert [300, 300] == [line.amount_yen for line in found.lines if line.payer == "user"]


@pytest.mark.parametrize(
    ("days", "billed"),
    [
        # 「「通報機器を設置した月」から「利用廃止を決定した月の前月」まで」
        ({"installed_on": "2026-05-20", "end_decided_on": "2026-09-10"}, ["05", "06", "07", "08"]),
        ({"installed_on": "2026-05-31", "end_decided_on": "2026-06-01"}, ["05"]),
        # 「「通報機器を設置した月」と「利用廃止を決定した月」が同月の場合…1か月分とする」
        ({"installed_on": "2026-05-02", "end_decided_on": "2026-05-30"}, ["05"]),
        ({"installed_on": "2026-07-01"}, ["07", "08", "09", "10"]),
    ],
    ids=["until the month before the decision", "decided on the first", "the same month", "still running"],
)
def test_in_sapporo_a_month_is_whole_or_not_at_all(days: dict[str, str], billed: list[str]) -> None:
    found = sapporo(**days, household_class="taxed", months=months("2026-04", "2026-10"))

    assert billed == [str(line.on)[5:7] for line in found.lines if line.payer == "user"]
    assert {900} == {line.amount_yen for line in found.lines if line.payer == "user"}


def test_in_sapporo_the_decision_counts_not_the_last_day() -> None:
    found = sapporo(ended_on="2026-08-31", household_class="taxed", months=months("2026-07", "2026-10"))

    assert ["terms.end_decided_on"] == [one.field for one in found.asked]


@pytest.mark.parametrize(
    ("moved_on", "wards"),
    [
        # 「月の途中(初日を除く)で居住区が変更となった…変更のあった月は、変更前の区…翌月以降は変更後の区」
        ("2026-06-01", ["中央区", "北区", "北区"]),
        ("2026-06-02", ["中央区", "中央区", "北区"]),
        ("2026-06-30", ["中央区", "中央区", "北区"]),
    ],
)
def test_a_ward_is_billed_by_where_she_lived_on_the_first(moved_on: str, wards: list[str]) -> None:
    residence = [{"from": moved_on, "ward": "北区"}, {"from": "2024-01-01", "ward": "中央区"}]

    found = sapporo(
        household_class="taxed", residence=residence, category="disabled", months=months("2026-05", "2026-07")
    )

    citys = [line for line in found.lines if line.payer == "city"]
    assert wards == [line.ward for line in citys]
    assert {"disabled"} == {line.category for line in citys}


def test_sapporo_asks_under_what_the_city_wants_it() -> None:
    found = sapporo(household_class="taxed", residence=[], category=None, months=months("2026-05"))

    assert ["terms.residence", "terms.category"] == [one.field for one in found.asked]


def test_in_sapporo_the_users_share_is_known_without_the_unit_price() -> None:
    found = sapporo(household_class="untaxed", amounts={}, months=months("2026-05"))

    assert [("monthly", "user", 300)] == amounts(found)
    assert ["terms.amounts.monthly"] == [one.field for one in found.asked]


def test_a_scheme_that_sends_nobody_says_so() -> None:
    scheme = scheme_of("sapporo")

    assert rate(scheme, priced_terms(), Usage()).lines == []
    assert ["nobody"] == [
        str(one) for version in scheme.versions if version.dispatch for one in version.dispatch.started_by
    ]


def priced_terms() -> Any:
    from app.programmes.model import Terms

    return Terms(household_class="taxed")
