"""Money of schemes: never negative, capped, shares that add up, and the same whatever order things are told in."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.programmes.borne import as_known
from app.programmes.catalogue import packaged
from app.programmes.corrections import corrected
from app.programmes.model import (
    Absence,
    Away,
    Cancelled,
    Grant,
    Item,
    Line,
    Months,
    Payer,
    PlaceTold,
    Rating,
    Residence,
    Terms,
    Told,
    TurnOut,
    Usage,
)
from app.programmes.rating import rate

SCHEMES = packaged()
CHOICES = {"cancelled_before_departure": "one_unit", "cancelled_after_departure": "as_served"}
MINUTES_CAP, YEN_CAP = 180, 19_800
START = datetime(2025, 12, 1, tzinfo=UTC)

days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
seconds = st.integers(0, 8 * 3600)
minutes_later = st.integers(0, 300 * 24 * 60)
"""Spans that cross the ends of months, of the calendar year and of the fiscal year."""


@st.composite
def turn_outs(draw: st.DrawFn, most: int = 12) -> list[TurnOut]:
    """Turn-outs with ids of their own, in any order; some called off, some insured."""
    found = []
    for number, (later, lasts) in enumerate(draw(st.lists(st.tuples(minutes_later, seconds), max_size=most))):
        departed = START + timedelta(minutes=later)
        cancelled = draw(st.sampled_from([None, None, None, Cancelled.BEFORE, Cancelled.AFTER]))
        found.append(
            TurnOut(
                id=f"t{number}", departed_at=None if cancelled == Cancelled.BEFORE else departed,
                ended_at=departed + timedelta(seconds=lasts), cancelled=cancelled, insured=draw(st.booleans()),
            )
        )  # fmt: skip
    return found


spans = st.tuples(st.integers(0, 30), st.integers(0, 14)).map(
    lambda pair: Months(since=month(pair[0]), until=month(pair[0] + pair[1]))
)


def month(number: int) -> str:
    year, left = divmod(2025 * 12 + number, 12)
    return f"{year}-{left + 1:02d}"


def total(lines: Sequence[Line], payer: Payer | None = None) -> int:
    return sum(line.amount_yen for line in lines if payer is None or line.payer == payer)


def of(scheme: str, terms: Terms, usage: Usage) -> Rating:
    subsidy = SCHEMES[terms.subsidy.scheme] if terms.subsidy else None
    return rate(SCHEMES[scheme], terms, usage, subsidy)


RUSHING = ["kobe", "cocosecom", "chuo", "kyowa"]
PLANS = {"chuo": "rental"}


def terms_of(scheme: str, **more: Any) -> Terms:
    return Terms(plan=PLANS.get(scheme), choices=CHOICES, **more)


@given(st.sampled_from(RUSHING), turn_outs())
def test_turn_outs_never_cost_less_than_nothing_and_each_has_one_line(scheme: str, outs: list[TurnOut]) -> None:
    found = of(scheme, terms_of(scheme), Usage(turn_outs=outs))

    assert all(line.amount_yen >= 0 and line.unit_yen >= 0 for line in found.lines)
    assert all(line.amount_yen == line.quantity * line.unit_yen for line in found.lines)
    assert sorted(one.id for one in outs) == sorted(line.source for line in found.lines)
    assert found.complete


@given(turn_outs())
def test_the_cap_holds(outs: list[TurnOut]) -> None:
    found = of("kobe", terms_of("kobe"), Usage(turn_outs=outs))

    assert all(line.quantity <= MINUTES_CAP // 60 and line.amount_yen <= YEN_CAP for line in found.lines)


@given(turn_outs(most=20))
def test_the_city_bears_six_of_a_fiscal_year_and_not_one_more(outs: list[TurnOut]) -> None:
    found = of("kobe", terms_of("kobe"), Usage(turn_outs=[replace(one, insured=False) for one in outs]))

    for year in (2025, 2026):
        of_year = [line for line in found.lines if date(year, 4, 1) <= line.on < date(year + 1, 4, 1)]
        by_city = [line for line in of_year if line.payer == Payer.CITY]

        assert min(6, len(of_year)) == len(by_city)


@given(st.sampled_from(RUSHING), turn_outs(), st.data(), seconds)
def test_more_minutes_never_cost_less(scheme: str, outs: list[TurnOut], data: st.DataObject, longer: int) -> None:
    assume(outs)
    place = data.draw(st.integers(0, len(outs) - 1))
    one = outs[place]
    assume(one.cancelled != Cancelled.BEFORE)
    assert one.ended_at is not None
    lengthened = [*outs]
    lengthened[place] = replace(one, ended_at=one.ended_at + timedelta(seconds=longer))

    before = of(scheme, terms_of(scheme), Usage(turn_outs=outs)).lines
    after = of(scheme, terms_of(scheme), Usage(turn_outs=lengthened)).lines

    assert total(before) <= total(after)
    for payer in Payer:
        assert total(before, payer) <= total(after, payer)


items = st.lists(
    st.builds(Item, code=st.sampled_from(["charger", "strap"]), on=days, quantity=st.integers(1, 3)), max_size=5
)


@given(turn_outs(), items, spans, st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(
    outs: list[TurnOut], bought: list[Item], months: Months, chance: Any
) -> None:
    shuffled, bought_otherwise = [*outs], [*bought]
    chance.shuffle(shuffled)
    chance.shuffle(bought_otherwise)
    terms = terms_of("kobe", contracted_on=date(2026, 1, 10))

    one = of("kobe", terms, Usage(turn_outs=outs, items=bought, months=months))
    other = of("kobe", terms, Usage(turn_outs=shuffled, items=bought_otherwise, months=months))

    assert one.lines == other.lines


told = st.lists(
    st.builds(PlaceTold, by=st.sampled_from(Told), on=days, id=st.uuids().map(str), quantity=st.integers(1, 3)),
    max_size=5,
)


@given(turn_outs(), told)
def test_the_same_told_twice_is_rated_once_and_rating_again_changes_nothing(
    outs: list[TurnOut], asked: list[PlaceTold]
) -> None:
    usage = Usage(turn_outs=outs, places_told=asked)
    once = of("cocosecom", terms_of("cocosecom"), usage)

    assert once == of("cocosecom", terms_of("cocosecom"), usage)
    twice = Usage(turn_outs=[*outs, *outs], places_told=[*asked, *asked])
    assert once.lines == of("cocosecom", terms_of("cocosecom"), twice).lines


@given(turn_outs(), items, st.integers(0, 30), st.integers(1, 8))
def test_months_rated_one_by_one_are_the_months_rated_together(
    outs: list[TurnOut], bought: list[Item], first: int, count: int
) -> None:
    terms = terms_of("kobe", contracted_on=date(2026, 1, 10), ended_on=date(2027, 2, 20))

    def rated(since: int, until: int) -> list[Line]:
        months = Months(since=month(since), until=month(until))
        return of("kobe", terms, Usage(turn_outs=outs, items=bought, months=months)).lines

    apart = [line for step in range(count) for line in rated(first + step, first + step)]

    assert rated(first, first + count - 1) == apart


@given(
    st.integers(900, 10_000), st.sampled_from(["assisted", "untaxed", "taxed"]), spans, days,
    st.lists(
        st.builds(Residence, since=days, ward=st.sampled_from(["中央区", "北区", "東区"])),
        max_size=4, unique_by=lambda one: one.since,
    ),
)  # fmt: skip
def test_in_sapporo_both_shares_add_up_to_the_unit_price(
    unit_yen: int, household: str, months: Months, installed_on: date, residence: list[Residence]
) -> None:
    terms = Terms(
        installed_on=installed_on, household_class=household, amounts={"monthly": unit_yen}, residence=residence
    )

    lines = of("sapporo", terms, Usage(months=months)).lines

    owed = [line for line in lines if line.payer == Payer.USER]
    assert unit_yen * len(owed) == total(lines)
    assert all(line.amount_yen >= 0 for line in lines)


PLANS_OF_INO = [
    "nec",
    "tateyama",
    "tateyama_sensor",
    "phone",
    "kids_phone",
    "aikotoba",
    "aikotoba_sensor",
    "acceleration",
]


@given(st.sampled_from(PLANS_OF_INO), st.dates(date(2020, 4, 1), date(2027, 1, 1)), spans)
def test_in_ino_both_shares_add_up_to_the_total_of_the_table(plan: str, installed_on: date, months: Months) -> None:
    (version,) = [one for one in SCHEMES["ino"].versions if one.id == "ino-i"]
    (found,) = [one for one in version.plans if one.id == plan]
    totals = {price.id: price.total for price in found.prices}

    lines = of("ino", Terms(plan=plan, installed_on=installed_on), Usage(months=months)).lines

    for code in {line.code for line in lines}:
        of_code = [line for line in lines if line.code == code]
        owed = len([line for line in of_code if line.payer == Payer.USER])

        assert totals[code] * owed == total(of_code)  # type: ignore[operator]


VENDORS = ["kyowa", "alsok_home", "chuo", "secom_home", "ntt_silverphone", "cocosecom"]


@given(st.sampled_from(VENDORS), days, days, days, st.integers(33_000, 90_000))
def test_a_subsidy_moves_at_most_ten_thousand_and_loses_nothing(
    vendor: str, applied_on: date, ticket_on: date, installed_on: date, installation: int
) -> None:
    assume(applied_on <= ticket_on)
    terms = Terms(
        plan={"chuo": "purchase", "ntt_silverphone": "rental"}.get(vendor), installed_on=installed_on,
        contracted_on=installed_on, amounts={"installation": installation} if vendor == "secom_home" else {},
    )  # fmt: skip
    grant = Grant(scheme="otaru", applied_on=applied_on, ticket_on=ticket_on)

    without = of(vendor, terms, Usage())
    with_it = of(vendor, replace(terms, subsidy=grant), Usage())

    assert total(without.lines) == total(with_it.lines)
    in_time = applied_on < installed_on and ticket_on <= installed_on <= ticket_on + timedelta(days=90)
    assert in_time == (total(with_it.lines, Payer.CITY) > 0) == (not with_it.refusals)
    assert total(with_it.lines, Payer.CITY) <= 10_000


absences = st.lists(
    st.builds(
        Absence, kind=st.sampled_from(Away), since=days, until=st.none() | days, known_on=st.none() | days
    ),
    max_size=4,
).map(lambda away: [one for one in away if one.until is None or one.since <= one.until])  # fmt: skip


@given(days, days, spans, absences, days)
def test_in_kakogawa_somebody_bears_each_month_and_corrections_lead_to_what_is_right(
    applied_on: date, contracted_on: date, months: Months, away: list[Absence], known: date
) -> None:
    terms = Terms(plan="alsok_tag", applied_on=applied_on, contracted_on=contracted_on, absences=away)
    usage = Usage(months=months)

    right = of("kakogawa", terms, usage).lines
    billed = of("kakogawa", as_known(terms, known), usage).lines
    corrections = corrected(billed, right)

    assert total(billed) == total(right)
    assert len({(line.code, line.on) for line in right}) == len(right)
    for payer in Payer:
        assert total(right, payer) == total(billed, payer) + total(corrections, payer)


@given(turn_outs(), items, spans)
def test_what_is_written_as_json_and_read_again_is_the_same(
    outs: list[TurnOut], bought: list[Item], months: Months
) -> None:
    usage, terms = Usage(turn_outs=outs, items=bought, months=months), terms_of("kobe", contracted_on=date(2026, 1, 1))
    found = of("kobe", terms, usage)

    assert usage == msgspec.json.decode(msgspec.json.encode(usage), type=Usage)
    assert terms == msgspec.json.decode(msgspec.json.encode(terms), type=Terms)
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Rating)
