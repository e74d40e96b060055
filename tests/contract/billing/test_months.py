"""From contracts and usage as they are entered to documents, and what is found out later."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.billing import service
from app.billing.model import Kind, RunState
from app.billing.service.closing import next_step
from app.billing.store import reading, runs
from app.kit.errors import InvalidInput
from app.kit.ids import CityId, new_id
from app.programmes.model import Absence, Away, Grant, Item, Payer, Terms
from app.programmes.rating import rate
from app.programmes.service import contracting, noting, quota, turning, usages, wearing
from app.programmes.store import contracts, usage
from tests.build import KAKOGAWA, town, viewer
from tests.contract.billing import contracted
from tests.contract.billing.build import MONTH, documents, put, said

APRIL = datetime(2026, 4, 1, 3, tzinfo=UTC)
TOWN = CityId(281000)


def closed(connection: Connection, city_id: CityId, month: str = MONTH, now: datetime = APRIL, **more):
    run = service.begin(connection, city_id, month, None, now, **more)
    while (step := next_step(connection, now, 3, run.id)) is not None:
        assert step(connection)
    found = runs.one(connection, run.id)
    assert found is not None
    return found


@pytest.fixture
def kobe(connection: Connection) -> list:
    """Seven wearers under the scheme of Kobe, one of whom had seven turn-outs in March."""
    contracted.city_of(connection, TOWN, "神戸市")
    put(connection, "alsok", TOWN)
    return contracted.kobe(connection, TOWN, contracted.wearers(connection, TOWN, 7), turn_outs=7)


def test_the_city_pays_six_turn_outs_and_the_family_the_seventh(connection: Connection, kobe: list) -> None:
    """神戸市 ※年6回まで。7回目から利用者負担; 70 minutes are two hours of 6,600."""
    closed(connection, TOWN)
    by_payer: dict[Payer, list[int]] = {}
    for one in documents(connection):
        by_payer.setdefault(one.payee.payer, []).append(one.totals.total_yen)

    assert [2_200] * 6 + [2_200 + 13_200] == sorted(by_payer[Payer.USER])
    assert [6 * 13_200] == by_payer[Payer.CITY]
    assert [1, 2, 3, 4, 5, 6, 7, 8] == [one.number for one in documents(connection)]


def test_each_line_says_how_it_came_about(connection: Connection, kobe: list) -> None:
    closed(connection, TOWN)
    one = max(documents(connection), key=lambda each: each.totals.total_yen if each.payee.payer is Payer.USER else 0)
    japanese, english = (service.in_words(connection, one, language) for language in ("ja", "en"))

    assert any("かけつけサービス出動料金" in text and "6,600円 × 2時間 = 13,200円" in text for text in japanese)
    assert any("kobe-2024" in text for text in japanese)
    assert any("Turn-out" in text and "6,600 yen × 2 hour = 13,200 yen" in text for text in english)
    assert any("7" in text and text.startswith("    ") for text in english)


def test_sapporo_is_billed_by_ward_and_category(connection: Connection) -> None:
    """The share of each class is the family's (0, 300, 900); the rest of 2,530 is the ward's."""
    contracted.city_of(connection, TOWN, "札幌市")
    put(connection, "contractor", TOWN)
    contracted.sapporo(connection, TOWN, contracted.wearers(connection, TOWN, 30))
    closed(connection, TOWN)
    found = documents(connection)
    families = sorted(one.totals.total_yen for one in found if one.payee.payer is Payer.USER)
    citys = [one for one in found if one.payee.payer is Payer.CITY]

    assert [300] * 10 + [900] * 10 == families
    assert 30 * 2_530 - sum(families) == sum(one.totals.total_yen for one in citys)
    assert 10 == len({one.payee.ward for one in citys})
    assert {"elderly", "disabled"} == {one.payee.category for one in citys}


def test_the_last_night_of_the_fiscal_year_is_billed_with_march(connection: Connection) -> None:
    """Seven turn-outs through the ledger; the last from 23:30 on 31 March to 00:40: two hours of March, the 7th of its
    year. One of 00:10 the next day is the first of the new year, and April's.
    """
    contracted.city_of(connection, TOWN, "神戸市")
    put(connection, "alsok", TOWN)
    (one,) = contracted.kobe(connection, TOWN, contracted.wearers(connection, TOWN, 1))
    last_night = datetime(2026, 3, 31, 14, 30, tzinfo=UTC)
    for departed in (
        *(last_night - timedelta(days=day) for day in range(6, -1, -1)),
        last_night + timedelta(minutes=40),
    ):
        turned_out(connection, one, departed)
    closed(connection, TOWN)
    closed(connection, TOWN, "2026-04", APRIL + timedelta(days=31))

    assert {
        ("2026-03", Payer.USER): 2_200 + 13_200,
        ("2026-03", Payer.CITY): 6 * 13_200,
        ("2026-04", Payer.USER): 2_200,
        ("2026-04", Payer.CITY): 13_200,
    } == {(each.month, each.payee.payer): each.totals.total_yen for each in documents(connection)}


def turned_out(connection: Connection, one, departed: datetime) -> None:
    """A turn-out of 70 minutes, accepted a minute before, as `dispatch` tells it."""
    key = new_id()
    quota.reserve(connection, one.id, key, departed - timedelta(minutes=1))
    quota.settle(connection, key, departed, departed)
    ended = departed + timedelta(minutes=70)
    told = turning.TurnOutFacts(dispatch_id=key, contract_id=one.id, departed_at=departed, ended_at=ended)
    turning.record_turn_out(connection, told, ended)


def test_a_contract_of_which_something_is_unknown_waits(connection: Connection, kobe: list) -> None:
    """Nobody said what the month costs in Sapporo: that contract waits, says for what, and the others do not."""
    put(connection, "contractor", TOWN)
    (other,) = contracted.wearers(connection, TOWN, 1)
    contracted.sapporo(connection, TOWN, [other])
    (one,) = contracts.of_wearer(connection, other)
    contracts.change(connection, _with(one, amounts={}))
    run = closed(connection, TOWN)
    (gap,) = runs.gaps_of(connection, run.id, None, 10)

    assert (one.id, ("terms.amounts.monthly",)) == (gap.contract_id, gap.why)
    assert 8 == len(documents(connection))
    contracts.change(connection, one)
    again = closed(connection, TOWN, now=APRIL + timedelta(days=1))
    assert (1, 0) == (again.wearers, again.gaps)
    assert 2_530 == sum(one.totals.total_yen for one in documents(connection) if one.payee.issuer == "contractor")


def test_a_contract_that_meets_a_defect_of_ours_costs_the_others_nothing(
    connection: Connection, kobe: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rated(scheme, terms, usage, subsidy=None):
        if usage.turn_outs:
            raise ZeroDivisionError
        return rate(scheme, terms, usage, subsidy)

    monkeypatch.setattr("app.billing.service.gathering.rate", rated)
    run = closed(connection, TOWN)
    (gap,) = runs.gaps_of(connection, run.id, None, 10)
    assert (kobe[0].id, ("defect:ZeroDivisionError",)) == (gap.contract_id, gap.why)
    assert [2_200] * 6 == [one.totals.total_yen for one in documents(connection)]
    monkeypatch.undo()
    closed(connection, TOWN)
    assert [79_200, 15_400] == sorted((one.totals.total_yen for one in documents(connection)[6:]), reverse=True)


def _with(one, **terms):
    return replace(one, terms=replace(one.terms, **terms))


def kakogawa(connection: Connection):
    """Hana has a tag of ALSOK's in Kakogawa, which the city bears."""
    cast = town(connection, APRIL - timedelta(days=200))
    scheme = contracted.publish(connection, "kakogawa")
    for code in scheme.companies:
        put(connection, code)
    plan = scheme.versions[0].plans[0].id
    known = contracting.enter(
        connection, viewer(cast.clerk), cast.hana.id,
        Terms(scheme="kakogawa", plan=plan, contracted_on=date(2025, 10, 1), applied_on=date(2025, 9, 20)), False,
        APRIL - timedelta(days=190),
    )  # fmt: skip
    return cast, known.contract


def test_the_hospital_was_found_out_later(connection: Connection) -> None:
    """入院 … により、使用が認められないことが判明した期間に発生した費用: the city gets back what it paid for March."""
    cast, contract = kakogawa(connection)
    closed(connection, KAKOGAWA)
    before = said(connection)
    assert [(1, Kind.INVOICE, "加古川市", 220)] == before
    later = APRIL + timedelta(days=30)
    wearing.be_away(
        connection, viewer(cast.clerk), contract.id,
        Absence(kind=Away.HOSPITAL, since=date(2026, 2, 20), until=date(2026, 4, 10), known_on=date(2026, 4, 30)),
        "病院からの連絡", later,
    )  # fmt: skip
    run = closed(connection, KAKOGAWA, now=later)

    assert 1 == run.wearers
    assert [(-220, Kind.RETURN), (220, Kind.INVOICE)] == sorted(
        (one.totals.total_yen, one.kind) for one in documents(connection)[1:]
    )
    assert all(service.is_right(connection, one) for one in documents(connection))
    after = said(connection)
    closed(connection, KAKOGAWA, now=later + timedelta(days=1))
    closed(connection, KAKOGAWA, now=later + timedelta(days=2), everybody=True)
    assert after == said(connection)


def test_who_closes_a_later_month_bills_what_was_corrected_in_earlier_ones(connection: Connection) -> None:
    cast, contract = kakogawa(connection)
    closed(connection, KAKOGAWA)
    later = APRIL + timedelta(days=31)
    wearing.be_away(
        connection, viewer(cast.clerk), contract.id,
        Absence(kind=Away.HOSPITAL, since=date(2026, 2, 20), until=date(2026, 3, 31), known_on=date(2026, 4, 30)),
        "病院からの連絡", later - timedelta(days=1),
    )  # fmt: skip
    while (step := service.plan_closing(connection, 1, later)) is not None:
        step(connection)

    assert {("2026-03", 0), ("2026-03", 1), ("2026-04", 0)} == {
        (one.month, one.round) for one in runs.newest(connection, KAKOGAWA, None, 10)
    }
    assert [("2026-03", 220), ("2026-03", -220), ("2026-03", 220), ("2026-04", 220)] == [
        (one.month, one.totals.total_yen)
        for one in sorted(documents(connection), key=lambda one: (one.month, one.round, one.kind.value == "invoice"))
    ]


def test_a_turn_out_that_was_told_wrong_is_put_right(connection: Connection, kobe: list) -> None:
    closed(connection, TOWN)
    used = usage.of_days(connection, [kobe[0].id], date(2026, 3, 1), date(2026, 3, 31))[kobe[0].id]
    seventh = max(used, key=lambda one: one.facts.quota_number)
    usages.correct(
        connection, seventh, _ended(seventh.facts, minutes=60), "記録の訂正", None, APRIL + timedelta(days=3)
    )
    closed(connection, TOWN, now=APRIL + timedelta(days=4))
    changed = documents(connection)[8:]

    assert [(-13_200, Kind.RETURN), (6_600, Kind.INVOICE)] == sorted(
        (one.totals.total_yen, one.kind) for one in changed
    )


def _ended(facts, minutes):
    return replace(facts, ended_at=facts.departed_at + timedelta(minutes=minutes))


def test_a_withdrawn_contract_is_given_back(connection: Connection) -> None:
    cast, contract = kakogawa(connection)
    closed(connection, KAKOGAWA)
    contracting.withdraw(connection, viewer(cast.clerk), contract.id, "二重登録", APRIL + timedelta(days=2))
    closed(connection, KAKOGAWA, now=APRIL + timedelta(days=3))

    assert [220, -220] == [one.totals.total_yen for one in documents(connection)]


def test_a_subsidy_bears_its_most_once_in_whichever_months_things_were_bought(connection: Connection) -> None:
    """初期設置費用（上限1万円）: of 4,950 (加入料金) and 6,490 in March 10,000, of 2,750 (標準充電器) in April nothing."""
    cast = town(connection, APRIL - timedelta(days=200))
    contracted.publish(connection, "otaru")
    for code in contracted.publish(connection, "cocosecom").companies:
        put(connection, code)
    terms = Terms(
        scheme="cocosecom", contracted_on=date(2026, 3, 1), received_on=date(2026, 3, 1), amounts={"monthly": 1_320},
        choices={"subsidised_charger_battery": "yes"},
        subsidy=Grant(scheme="otaru", applied_on=date(2026, 1, 10), ticket_on=date(2026, 1, 20)),
    )  # fmt: skip
    later, clerk = APRIL + timedelta(days=30), viewer(cast.clerk)
    known = contracting.enter(connection, clerk, cast.hana.id, terms, False, later)
    for code, day in (("charger_battery", date(2026, 3, 5)), ("charger_standard", date(2026, 4, 2))):
        noting.record(connection, clerk, known.contract.id, Item(code=code, on=day), code, later)
    for month in ("2026-03", "2026-04"):
        closed(connection, KAKOGAWA, month, later)

    assert [
        ("2026-03", Payer.CITY, 10_000), ("2026-03", Payer.USER, 1_440 + 1_320), ("2026-04", Payer.USER, 2_750 + 1_320),
    ] == sorted((one.month, one.payee.payer, one.totals.total_yen) for one in documents(connection))  # fmt: skip


def test_a_page_of_a_statement(connection: Connection, kobe: list) -> None:
    closed(connection, TOWN)
    clerk = contracted.clerk_of(connection, TOWN)

    assert [("alsok", 1, 79_200)] == [
        (one.issuer, one.wearers, one.total_yen) for one in reading.parts(connection, viewer(clerk), MONTH)
    ]


def test_an_amount_that_no_row_can_hold_is_refused_and_holds_up_no_town(connection: Connection) -> None:
    """10,000 repairs of 100,000,000 yen each: a slip of the pen, which stops at its own contract."""
    cast, contract = kakogawa(connection)
    clerk, slip = viewer(cast.clerk), Item(code="repair", on=date(2026, 3, 9), quantity=10_000, unit_yen=100_000_000)
    with pytest.raises(InvalidInput, match="1000000000000"):
        noting.record(connection, clerk, contract.id, slip, "a", APRIL)
    usages.record(connection, contract, slip, "b", clerk.account_id, APRIL)
    run = closed(connection, KAKOGAWA)

    assert (RunState.CLOSED, 1) == (run.state, run.gaps)
    assert [("usage.repair",)] == [one.why for one in runs.gaps_of(connection, run.id, None, 9)]
