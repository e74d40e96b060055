"""Scheme files: what is wrong with one is named by file and field; which version holds goes by the scheme's own axis."""

import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.kit.errors import InvalidInput
from app.programmes.catalogue import Faulty, decode, packaged, scheme_of, schemes
from app.programmes.choosing import choose, snapshot_of
from app.programmes.model import Payer, Terms, Usage
from app.programmes.phrases import LANGUAGES, catalogue
from app.programmes.rating import rate
from app.programmes.scheme import NOT_STATED, Scheme
from app.programmes.sharing import every_price
from app.programmes.words import explain
from tests.unit.programmes.ask import priced, turn_out

IDS = [
    "alsok_home", "chuo", "cocosecom", "ino", "kakogawa", "kobe", "kyowa", "ntt_silverphone", "otaru", "sapporo",
    "secom_home",
]  # fmt: skip

SMALL = """
id = "small"
name = { ja = "小", en = "Small" }
axis = "AXIS"
[documents.paper]
title = "要綱"
[companies.us]
name = { ja = "社", en = "Us" }
[[versions]]
id = "old"
issuer = "us"
until = 2026-03-31
[[versions.prices]]
kind = "monthly"
id = "monthly"
label = { ja = "月額", en = "Monthly" }
total = 1000
shares = { user = 100, city = 900 }
source = { says = "月額1,000円", document = "paper" }
[[versions]]
id = "new"
issuer = "us"
from = 2026-04-01
[[versions.prices]]
kind = "monthly"
id = "monthly"
label = { ja = "月額", en = "Monthly" }
shares = { user = 200, city = 1800 }
source = { says = "月額2,000円", document = "paper" }
"""


def small(axis: str = "service_date", *changes: tuple[str, str]) -> str:
    text = SMALL.replace("AXIS", axis)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_packaged_schemes_are_these() -> None:
    assert [*IDS] == [one for one in packaged() if one != "oita_stickers"]


@pytest.mark.parametrize("scheme_id", IDS)
def test_every_figure_of_a_scheme_carries_the_words_of_its_paper(scheme_id: str) -> None:
    for version in scheme_of(scheme_id).versions:
        for price in every_price(version):
            figures = [amount for amount in price.shares.values() if isinstance(amount, int) and amount]

            assert price.source.says
            assert all(f"{yen:,}" in price.source.says for yen in figures), price.id


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ([('kind = "monthly"', 'kind = "weekly"')], "versions[0].prices[0].kind: Invalid value 'weekly'"),
        ([("user = 100", 'user = "100"')], "versions[0].prices[0].shares.user: Invalid enum value '100'"),
        ([("user = 100", "user = -100")], "versions[0].prices[0].shares.user: Expected `int` >= 0"),
        ([("user = 100", "uncle = 100")], "versions[0].prices[0].shares.uncle: Invalid enum value 'uncle'"),
        ([("user = 100", "user = 99")], "versions[0].prices[0].shares: the shares add up to 999, not to the total of 1000"),
        ([('label = { ja = "月額", en = "Monthly" }\n', "")], "versions[0].prices[0]: Object missing required field `label`"),
        ([('issuer = "us"', 'issuer = "them"')], "versions[0].issuer: there is no company 'them'"),
        ([('document = "paper"', 'document = "book"')], "versions[0].prices[0].source.document: there is no document 'book'"),
        ([("until = 2026-03-31", "until = 2026-04-02")], "versions[1].from: it begins on 2026-04-01, when old still holds"),
        ([('id = "new"', 'id = "old"')], "versions[1].id: two versions are called 'old'"),
        ([("until = 2026-03-31", "untill = 2026-03-31")], "versions[0]: Object contains unknown field `untill`"),
        ([("until = 2026-03-31", "until = 2026-02-30")], "it is not TOML"),
        ([("service_date", "birthday")], "axis: Invalid enum value 'birthday'"),
        ([("city = 900", 'city = "rest"'), ("total = 1000\n", "")], "versions[0].prices[0].total: somebody bears the rest"),
        ([("user = 100, city = 900", 'user = "not_stated", city = { from = 3 }')], "versions[0].prices[0].shares: only one amount"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_a_fault_is_named_by_file_and_field(changes: list[tuple[str, str]], fault: str) -> None:
    with pytest.raises(Faulty) as raised:
        decode(small("service_date", *changes), "small.toml")

    (line,) = raised.value.lines()
    assert line.startswith(f"small.toml: {fault}")


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(Faulty) as raised:
        decode(small("service_date", ('issuer = "us"', 'issuer = "them"'), ("user = 100", "user = 99")), "small.toml")

    assert ["versions[0].issuer", "versions[0].prices[0].shares"] == [where for where, _ in raised.value.faults]


@pytest.mark.parametrize(
    ("axis", "terms", "versions"),
    [
        ("service_date", {"installed_on": "2020-01-01", "applied_on": "2020-01-01"}, ["old", "new"]),
        ("installation_date", {"installed_on": "2026-03-31", "applied_on": "2026-04-01"}, ["old", "old"]),
        ("installation_date", {"installed_on": "2026-04-01", "applied_on": "2026-03-01"}, ["new"]),
        ("application_date", {"installed_on": "2026-03-01", "applied_on": "2026-03-31"}, ["old", "old"]),
        ("application_date", {"installed_on": "2026-03-01", "applied_on": "2026-04-01"}, ["new", "new"]),
    ],
    ids=["service", "installed before", "installed after", "applied before", "applied after"],
)
def test_the_axis_of_the_scheme_chooses_the_version(axis: str, terms: dict[str, Any], versions: list[str]) -> None:
    scheme = decode(small(axis), "small.toml")
    usage = msgspec.convert({"months": {"from": "2026-03", "until": "2026-04"}}, Usage)

    found = rate(scheme, msgspec.convert(terms, Terms), usage)

    assert versions == [line.version for line in found.lines if line.payer == Payer.USER]
    assert [{"old": 100, "new": 200}[one] for one in versions] == [
        line.amount_yen for line in found.lines if line.payer == Payer.USER
    ]


def test_a_day_that_no_version_knows_is_an_error() -> None:
    scheme = decode(small("service_date", ("from = 2026-04-01", "from = 2026-05-01")), "small.toml")
    usage = msgspec.convert({"months": {"from": "2026-04", "until": "2026-04"}}, Usage)

    with pytest.raises(InvalidInput, match="No version of the scheme small holds on 2026-04-01"):
        rate(scheme, Terms(), usage)


@pytest.mark.parametrize("scheme_id", IDS)
def test_a_snapshot_is_the_same_after_json(scheme_id: str) -> None:
    scheme = scheme_of(scheme_id)

    assert scheme == msgspec.json.decode(msgspec.json.encode(scheme), type=Scheme)


def test_a_snapshot_prices_as_it_did_when_the_tariff_has_changed() -> None:
    scheme = scheme_of("kobe")
    usage = msgspec.convert({"turn_outs": [turn_out("a", "2026-05-01 10:00", "2026-05-01 12:30")]}, Usage)
    kept = msgspec.json.encode(snapshot_of(scheme, choose(scheme, Terms(), date(2026, 5, 1))))

    again = rate(msgspec.json.decode(kept, type=Scheme), Terms(), usage)

    assert rate(scheme, Terms(), usage) == again
    assert 19_800 == again.lines[0].amount_yen


def test_a_towns_own_file_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    text = files("app.programmes").joinpath("catalogue", "kobe.toml").read_text(encoding="utf-8")
    (tmp_path / "kobe.toml").write_text(text.replace("yen = 6600", "yen = 7700"), encoding="utf-8")
    (tmp_path / "small.toml").write_text(small(), encoding="utf-8")

    known = schemes(tmp_path)

    assert {*IDS, "small"} <= set(known)
    dispatch = known["kobe"].versions[0].dispatch
    assert dispatch is not None
    assert dispatch.price is not None
    assert 7_700 == dispatch.price.yen
    assert known["kobe"] == scheme_of("kobe", tmp_path)


def test_a_file_is_called_as_its_scheme(tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_text(small(), encoding="utf-8")

    with pytest.raises(Faulty, match=r"large\.toml: id: the file of the scheme 'small' is called small\.toml"):
        schemes(tmp_path)


@pytest.mark.parametrize("scheme_id", IDS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_scheme_is_explained_with_every_price_source_and_reading(scheme_id: str, language: str) -> None:
    scheme = scheme_of(scheme_id)

    text = explain(scheme, language)

    for version in scheme.versions:
        for price in every_price(version):
            assert price.source.says in text
            assert getattr(price, "when", "") in text
            assert (getattr(price, "starts", None) or "") in text
            for amount in price.shares.values():
                assert not isinstance(amount, int) or f"{amount:,}" in text
        for reading in version.readings:
            assert (reading.says.ja if language == "ja" else reading.says.en) in text
        if version.dispatch:
            assert version.dispatch.source.says in text


def test_what_is_not_stated_is_explained_as_such() -> None:
    text = explain(scheme_of("kobe"), "en")

    assert "before departure not stated (the engine asks), after departure not stated (the engine asks)" in text
    assert "Who calls 110 or 119 is not stated" in text
    asked = "terms.choices.cancelled_after_departure, terms.choices.cancelled_before_departure"
    assert f"Left open by the paper, and asked for where it is needed: {asked}" in text
    dispatch = scheme_of("kobe").versions[0].dispatch
    assert dispatch is not None
    assert NOT_STATED == dispatch.calls_110_119


def test_the_catalogues_of_words_have_the_same_keys_and_values() -> None:
    ja, easy, en = (catalogue(language) for language in LANGUAGES)

    assert set(ja) == set(en)
    assert set(easy) <= set(ja)
    named = re.compile(r"\{(\w+)\}")
    assert {key for key in ja if key.startswith("quote.")} == {key for key in easy if key.startswith("quote.")}
    differing = [
        key for key in ja if set(named.findall(ja[key])) != set(named.findall(en[key])) and not key.startswith("year.")
    ]
    assert [] == differing


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"turn_outs": [{"id": "a", "departed_at": "2026-05-01T10:00:00", "ended_at": "2026-05-01T11:00:00"}]}, "turn_outs[0].departed_at"),
        ({"turn_outs": [{"id": "a", "cancelled": "before_departure"}]}, "usage.turn_outs[0].ended_at"),
        ({"turn_outs": [{"id": "a", "ended_at": "2026-05-01T10:00:00Z"}]}, "usage.turn_outs[0].departed_at"),
        ({"turn_outs": [turn_out("a", "2026-05-01 10:00", "2026-05-01 09:00")]}, "usage.turn_outs[0].ended_at"),
        ({"turn_outs": [turn_out("a", "2026-05-01 10:00", "2026-05-01 11:00", cancelled="before_departure")]}, "usage.turn_outs[0].departed_at"),
        ({"turn_outs": [turn_out("a", "2026-05-01 10:00", "2026-05-01 11:00"), turn_out("a", "2026-05-01 10:00", "2026-05-01 12:00")]}, "usage.turn_outs[1].id"),
        ({"months": {"from": "2026-04", "until": "2026-03"}}, "usage.months.until"),
        ({"months": {"from": "2026-13", "until": "2026-13"}}, "months.from"),
        ({"amounts": {"monthly": 1}}, "terms.amounts.monthly"),
        ({"items": [{"code": "rocket", "on": "2026-05-01"}]}, "usage.items[0].code"),
        ({"items": [{"code": "strap", "on": "2026-05-01", "unit_yen": 1}]}, "usage.items[0].unit_yen"),
        ({"places_told": [{"by": "phone", "on": "2026-05-01"}]}, "usage.places_told[0].by"),
        ({"plan": "gold"}, "terms.plan"),
        ({"issuer": "gold"}, "terms.issuer"),
        ({"scheme": "chuo"}, "terms.scheme"),
        ({"options": ["gold"]}, "terms.options[0]"),
        ({"amounts": {"a": 1, "b": "2"}}, "amounts.b"),
        ({"amounts": {"a": 1, "B": 2}}, "amounts.B"),
        ({"contracted_on": "2026-04-01", "ended_on": "2026-03-31"}, "terms.ended_on"),
        ({"choices": {"colour": "red"}}, "terms.choices.colour"),
        ({"choices": {"cancelled_before_departure": "maybe"}, "turn_outs": [{"id": "a", "cancelled": "before_departure", "ended_at": "2026-05-01T10:00:00Z"}]}, "terms.choices.cancelled_before_departure"),
        ({"devices": 0}, "devices"),
        ({"turnouts": []}, "turnouts"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_a_wrong_usage_is_named_by_its_field(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        priced("kobe", **{"months": {"from": "2026-05", "until": "2026-05"}, **fields})

    assert where == raised.value.where
