"""`mimamori programmes check` and `price`, as somebody calls them; and the examples of docs/programmes.md."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.programmes.catalogue import packaged

PAGE = (Path(__file__).parents[3] / "docs" / "programmes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json (\w+) (\{.*?\})\n(.*?)```", PAGE, re.DOTALL)


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["programmes", *arguments], input=given, catch_exceptions=False)


def price(tmp_path: Path, scheme: str, usage: Any) -> Result:
    file = tmp_path / "usage.json"
    file.write_text(usage if isinstance(usage, str) else json.dumps(usage), encoding="utf-8")
    return run("price", scheme, "--usage", str(file))


@pytest.mark.parametrize(("scheme", "shares", "usage"), EXAMPLES, ids=[one[0] for one in EXAMPLES])
def test_the_examples_of_the_page_come_out_as_it_says(tmp_path: Path, scheme: str, shares: str, usage: str) -> None:
    result = price(tmp_path, scheme, usage)

    assert (0, "") == (result.exit_code, result.stderr)
    found = json.loads(result.stdout)
    assert json.loads(shares) == {key: found[key] for key in json.loads(shares)}


def test_the_page_has_every_scheme_and_an_example_of_each_that_has_prices() -> None:
    headings = set(re.findall(r"^### (\w+)$", PAGE, re.MULTILINE))

    assert set(packaged()) - {"oita_stickers"} <= headings
    assert headings - {"otaru", "oita_stickers"} <= {one[0] for one in EXAMPLES}


def test_the_page_names_every_field_of_a_usage() -> None:
    from app.programmes.model import Rating, Terms, TurnOut, Usage
    from app.programmes.pricing import Priced

    for struct in (Terms, Usage, TurnOut, Priced, Rating):
        for name in struct.__struct_fields__:
            if name not in ("scheme", "versions"):
                assert f"`{name}`" in PAGE, name


def test_fields_may_stand_side_by_side(tmp_path: Path) -> None:
    apart = {
        "terms": {"plan": "nec", "installed_on": "2019-04-10"},
        "usage": {"months": {"from": "2026-04", "until": "2026-04"}},
    }

    together = price(tmp_path, "ino", {**apart["terms"], **apart["usage"]})

    assert 0 == together.exit_code
    assert price(tmp_path, "ino", apart).stdout == together.stdout


def test_a_usage_comes_through_a_pipe() -> None:
    usage = json.dumps({"items": [{"code": "strap", "on": "2026-04-01"}]})

    result = run("price", "kobe", "--usage", "-", given=usage)

    assert {"user": 1_000} == json.loads(result.stdout)["shares_before_tax"]


def test_what_is_missing_is_asked_for_and_what_is_known_is_printed(tmp_path: Path) -> None:
    usage = {
        "terms": {"installed_on": "2026-04-01", "amounts": {"installation": 33_000}},
        "usage": {"months": {"from": "2026-04", "until": "2026-04"}},
    }

    result = price(tmp_path, "secom_home", usage)

    assert 3 == result.exit_code
    found = json.loads(result.stdout)
    assert (False, {"user": 33_000}) == (found["complete"], found["shares"])
    assert [("terms.amounts.monthly", 4_620)] == [(one["field"], one["at_least_yen"]) for one in found["asked"]]
    assert result.stderr.startswith("usage.json: terms.amounts.monthly: ")


@pytest.mark.parametrize(
    ("usage", "message"),
    [
        ("{", "usage.json: it is not JSON"),
        ("[]", "usage.json: an object with terms and usage is wanted"),
        ({"terms": {"amounts": {"monthly": 1_000}}}, "usage.json: terms.amounts.monthly: The scheme does not leave this amount open"),
        ({"amounts": {"monthly": 1_000}}, "usage.json: amounts.monthly: The scheme does not leave this amount open"),
        ({"usage": {"turn_outs": [{"id": 7}]}}, "usage.json: usage.turn_outs[0].id: Expected `str`, got `int`"),
        ({"terms": {}, "plan": "x"}, "usage.json: plan: there is no such field beside terms and usage"),
        ({"trun_outs": []}, "usage.json: trun_outs: there is no such field"),
    ],
    ids=["no JSON", "no object", "stated by the scheme", "side by side", "type", "both forms", "unknown"],
)  # fmt: skip
def test_a_wrong_usage_is_named_by_file_and_field(tmp_path: Path, usage: Any, message: str) -> None:
    result = price(tmp_path, "kobe", usage)

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith(message)


def test_a_moment_without_seconds_and_a_mark_at_the_beginning_are_understood(tmp_path: Path) -> None:
    usage = {"turn_outs": [{"id": "a", "departed_at": "2026-05-01T10:00+09:00", "ended_at": "20260501T1101+0900"}]}

    result = price(tmp_path, "kobe", "\ufeff" + json.dumps(usage))

    assert {"city": 13_200} == json.loads(result.stdout)["shares"]


def test_a_subsidy_alone_has_no_price(tmp_path: Path) -> None:
    result = price(tmp_path, "otaru", {"installed_on": "2026-04-01"})

    assert 2 == result.exit_code
    assert result.stderr.startswith("usage.json: subsidy: otaru is a subsidy: rate a company's scheme")


def test_less_than_from_is_refused(tmp_path: Path) -> None:
    result = price(tmp_path, "secom_home", {"installed_on": "2026-04-01", "amounts": {"installation": 32_999}})

    assert 2 == result.exit_code
    assert result.stderr.startswith("usage.json: amounts.installation: 32999 is less than the 33000")


def test_a_file_of_ones_own_is_checked_and_priced(tmp_path: Path) -> None:
    from importlib.resources import files

    text = files("app.programmes").joinpath("catalogue", "kobe.toml").read_text(encoding="utf-8")
    own = tmp_path / "mine.toml"
    own.write_text(text.replace('per = "fiscal_year"', 'per = "calendar_year"'), encoding="utf-8")
    usage = {
        "free_used": {"CY2026": 6},
        "turn_outs": [{"id": "a", "departed_at": "2026-03-01T10:00:00+09:00", "ended_at": "2026-03-01T10:20:00+09:00"}],
    }

    assert {"user": 6_600} == json.loads(price(tmp_path, str(own), usage).stdout)["shares"]
    assert "a calendar year" in run("check", str(own), "--lang", "en").stdout


def test_check_explains_in_both_languages_and_looks_through_all() -> None:
    both = run("check", "kobe").stdout

    assert "神戸市GPS安心かけつけサービス (kobe)" in both
    assert "Kobe GPS rush-out service (kobe)" in both
    listed = run("check").stdout
    assert sorted(packaged()) == [line.split(":")[0] for line in listed.splitlines()]


def test_check_names_a_fault_by_file_and_field(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('id = "bad"\nname = { ja = "悪", en = 3 }\n', encoding="utf-8")

    result = run("check", str(tmp_path / "bad.toml"))

    assert 2 == result.exit_code
    assert result.stderr.startswith("bad.toml: name.en: Expected `str`, got `int`")
    assert "no scheme of this id" in run("check", "atlantis").stderr


def test_a_towns_own_folder_is_known_by_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.resources import files

    text = files("app.programmes").joinpath("catalogue", "kyowa.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace('id = "kyowa"\n', 'id = "mine"\n', 1), encoding="utf-8")
    monkeypatch.setenv("MIMAMORI_SCHEMES_DIR", str(tmp_path))

    assert "mine: K-NET" in run("check").stdout
    assert 0 == run("check", "mine").exit_code


def test_what_people_write_is_understood(tmp_path: Path) -> None:
    usage = {
        "choices": {"cancelled_before_departure": "free", "cancelled_after_departure": "one_unit"},
        "months": "2026-05",
        "turn_outs": [
            {"departed_at": "2026-05-01T10:00+09:00", "ended_at": "2026-05-01T10:30+09:00"},
            {"departed_at": "2026-05-02T10:00+09:00", "ended_at": "2026-05-02T10:30+09:00", "cancelled": True},
            {"ended_at": "2026-05-03T10:30+09:00", "cancelled": True},
            {"departed_at": "2026-05-04T10:00+09:00", "ended_at": "2026-05-04T11:30+09:00", "cancelled": False},
        ],
        "items": [
            {"code": "strap", "on": "2026-05-31T23:30:00+09:00"},
            {"code": "strap", "on": "2026-05-31T15:30:00Z"},
        ],
    }

    found = json.loads(price(tmp_path, "kobe", usage).stdout)

    turned_out = {line["source"]: line["amount_yen"] for line in found["lines"] if line["code"] == "turn_out"}
    assert {"turn_out_1": 6_600, "turn_out_2": 6_600, "turn_out_3": 0, "turn_out_4": 13_200} == turned_out
    assert ["2026-05-31"] == [line["on"] for line in found["lines"] if line["code"] == "strap"]
    assert {"what": "usage.items[1]", "why": "outside_months"} in found["left_out"]


def test_the_line_that_the_page_shows_is_the_one_that_comes_out(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```json\n(\{.*?\n\})\n```", PAGE, re.DOTALL)
    usage = {
        "free_used": {"FY2026": 6},
        "turn_outs": [{"id": "a", "departed_at": "2026-05-01T10:00+09:00", "ended_at": "2026-05-01T11:01+09:00"}],
    }

    assert [json.loads(shown)] == json.loads(price(tmp_path, "kobe", usage).stdout)["lines"]
