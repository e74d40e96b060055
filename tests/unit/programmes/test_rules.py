"""Rules that a town may write otherwise than the packaged schemes do: each is a field, and the field decides."""

from importlib.resources import files
from typing import Any

import msgspec
import pytest

from app.programmes.catalogue import Faulty, decode
from app.programmes.model import Rating, Terms, Usage
from app.programmes.phrases import unit_words
from app.programmes.rating import rate
from app.programmes.scheme import Scheme
from tests.unit.programmes.ask import jst, months, turn_out

AN_HOUR_AND_A_HALF = turn_out("a", "2026-05-01 10:00", "2026-05-01 11:30")


def changed(scheme_id: str, *changes: tuple[str, str]) -> Scheme:
    """A packaged scheme with some words of its file changed."""
    text = files("app.programmes").joinpath("catalogue", f"{scheme_id}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return decode(text, "changed.toml")


def rated(scheme: Scheme, terms: dict[str, Any], **usage: Any) -> Rating:
    return rate(scheme, msgspec.convert(terms, Terms), msgspec.convert(usage, Usage))


@pytest.mark.parametrize(
    ("ended", "yen"),
    [("10:30", 6_600), ("11:00", 6_600), ("11:59", 6_600), ("12:00", 13_200), ("14:00", 19_800)],
)
def test_only_hours_that_are_over_may_count(ended: str, yen: int) -> None:
    scheme = changed("kobe", ('started_unit = "whole"', 'started_unit = "completed"'))

    (line,) = rated(scheme, {}, turn_outs=[turn_out("a", "2026-05-01 10:00", f"2026-05-01 {ended}")]).lines

    assert yen == line.amount_yen


def test_time_may_count_from_the_arrival() -> None:
    scheme = changed("kobe", ('clock_starts = "departure"', 'clock_starts = "arrival"'))

    (line,) = rated(scheme, {}, turn_outs=[{**AN_HOUR_AND_A_HALF, "arrived_at": jst("2026-05-01 10:40")}]).lines
    assert 6_600 == line.amount_yen

    asked = rated(scheme, {}, turn_outs=[AN_HOUR_AND_A_HALF]).asked
    assert ["usage.turn_outs.a.arrived_at"] == [one.field for one in asked]


def test_units_may_be_half_hours() -> None:
    scheme = changed("kobe", ("unit_minutes = 60", "unit_minutes = 30"), ("yen = 6600", "yen = 3000"))

    (line,) = rated(scheme, {}, turn_outs=[turn_out("a", "2026-05-01 10:00", "2026-05-01 11:01")]).lines

    assert (3, "30_minutes", 9_000) == (line.quantity, line.unit, line.amount_yen)
    assert {"ja": "30分", "en": "30 minutes"} == unit_words(line.unit)


@pytest.mark.parametrize("unit", ["hour", "turn_out", "month", "time", "once", "piece"])
def test_every_unit_has_words(unit: str) -> None:
    assert {"ja", "en"} == set(unit_words(unit))


@pytest.mark.parametrize(
    ("per", "terms", "payer"),
    [
        ("calendar_year", {"free_used": {"CY2026": 6}}, "user"),
        ("calendar_year", {"free_used": {"CY2025": 6}}, "city"),
        ("month", {"free_used": {"M2026-05": 6}}, "user"),
        ("contract_year", {"contracted_on": "2025-05-02", "free_used": {"K2025-05-02": 6}}, "user"),
        ("contract_year", {"contracted_on": "2025-05-01", "free_used": {"K2025-05-01": 6}}, "city"),
    ],
    ids=["calendar year", "another year's", "month", "contract year", "the anniversary begins a new one"],
)
def test_which_year_is_a_field(per: str, terms: dict[str, Any], payer: str) -> None:
    scheme = changed("kobe", ('per = "fiscal_year"', f'per = "{per}"'))

    (line, *_) = [one for one in rated(scheme, terms, turn_outs=[AN_HOUR_AND_A_HALF]).lines if one.source]

    assert payer == str(line.payer)


def test_a_contracts_year_needs_the_day_of_the_contract() -> None:
    scheme = changed("kobe", ('per = "fiscal_year"', 'per = "contract_year"'))

    found = rated(scheme, {}, turn_outs=[AN_HOUR_AND_A_HALF])

    assert ([], ["terms.contracted_on"]) == (found.lines, [one.field for one in found.asked])


def test_a_price_that_the_paper_does_not_state_is_the_contracts() -> None:
    scheme = changed("kobe", ("yen = 6600", 'yen = "not_stated"'))

    assert ["terms.amounts.turn_out"] == [one.field for one in rated(scheme, {}, turn_outs=[AN_HOUR_AND_A_HALF]).asked]
    (line,) = rated(scheme, {"amounts": {"turn_out": 5_500}}, turn_outs=[AN_HOUR_AND_A_HALF]).lines
    assert 11_000 == line.amount_yen


def test_what_calling_off_costs_may_be_stated() -> None:
    scheme = changed("kobe", ('cancelled_before_departure = "not_stated"', 'cancelled_before_departure = "one_unit"'))

    (line,) = rated(
        scheme, {}, turn_outs=[{"id": "a", "cancelled": "before_departure", "ended_at": jst("2026-05-01 10:00")}]
    ).lines

    assert (6_600, "2026-05-01") == (line.amount_yen, str(line.on))


@pytest.mark.parametrize(
    ("contracted_on", "first"),
    [("2026-04-01", "2026-04-01"), ("2026-04-02", "2026-05-01"), ("2026-04-30", "2026-05-01")],
)
def test_the_first_month_may_be_the_next_one(contracted_on: str, first: str) -> None:
    scheme = changed("kobe", ('id = "monthly"\n', 'id = "monthly"\nfirst_month = "next"\n'))

    found = rated(scheme, {"contracted_on": contracted_on}, months=months("2026-03", "2026-06"))

    assert first == str(min(line.on for line in found.lines if line.code == "monthly"))


def test_a_service_may_be_cheaper_from_a_day_on() -> None:
    """A new tariff is a new version; what happened before keeps the old one."""
    text = files("app.programmes").joinpath("catalogue", "kyowa.toml").read_text(encoding="utf-8")
    old, _, version = text.partition("[[versions]]")
    newer = version.replace("kyowa-2026", "kyowa-2027").replace("shares = { user = 3080 }", "shares = { user = 1540 }")
    both = f"{old}[[versions]]\nuntil = 2026-12-31{version}\n[[versions]]\nfrom = 2027-01-01{newer}"
    scheme = decode(both, "kyowa.toml")

    found = rated(scheme, {"installed_on": "2026-01-01"}, months=months("2026-12", "2027-01"))

    assert [("kyowa-2026", 3_080), ("kyowa-2027", 1_540)] == [(one.version, one.amount_yen) for one in found.lines]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("unit_minutes = 60\n", ""), "versions[0].dispatch.unit_minutes: a cap of minutes needs a unit"),
        (('started_by = ["contact"]', 'started_by = ["nobody"]'), "versions[0].dispatch.price: nobody is sent"),
        (('started_by = ["contact"]', 'started_by = ["contact", "nobody"]'), "versions[0].dispatch.started_by: nobody, and"),
        (('cancelled_before_departure = "not_stated"', 'cancelled_before_departure = "as_served"'), "versions[0].dispatch.cancelled_before_departure: before the departure"),
        (("cap_minutes = 180", "cap_minutes = 0"), "versions[0].dispatch.cap_minutes: Expected `int` >= 1"),
        (('field = "dispatch.free.per"', 'field = "dispatch.free.pre"'), "versions[0].readings[2].field: the version has no field 'dispatch.free.pre'"),
        (('id = "strap"', 'id = "charger"'), "versions[0].prices[3].id: two prices are called 'charger'"),
    ],
    ids=lambda value: value[1][:40] if isinstance(value, tuple) else None,
)  # fmt: skip
def test_terms_of_turn_outs_that_cannot_be_meant_are_named(change: tuple[str, str], fault: str) -> None:
    with pytest.raises(Faulty) as raised:
        changed("kobe", change)

    assert any(line.startswith(f"changed.toml: {fault}") for line in raised.value.lines()), raised.value.lines()
