"""Usage files and scheme files with anything in them: priced, or refused by file and field, and nothing else."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kit.errors import InvalidInput
from app.programmes.catalogue import Faulty, decode, packaged
from app.programmes.model import Line
from app.programmes.pricing import price, read_usage
from tests.property.hostile import NUMBERS, TEXTS, TIMES, Raw, json_text

PAGE = (Path(__file__).parents[2] / "docs" / "programmes.md").read_text(encoding="utf-8")
EXAMPLES = {name: json.loads(text) for name, text in re.findall(r"```json (\w+) \{.*?\}\n(.*?)```", PAGE, re.DOTALL)}
SCHEMES = packaged()
CATALOGUE = {
    name: files("app.programmes").joinpath("catalogue", f"{name}.toml").read_text(encoding="utf-8") for name in SCHEMES
}

hostile = st.sampled_from([*NUMBERS, *TEXTS, *TIMES, Raw("null"), Raw("true"), Raw("{}"), Raw("[]"), Raw("[" * 3_000)])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with something else at a path."""
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = changed(value[path[0]], path[1:], new)
    return copied


@given(st.data())
def test_a_usage_with_anything_in_it_is_priced_or_refused_with_its_field(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(EXAMPLES)))
    path = data.draw(st.sampled_from(places(EXAMPLES[name])))
    text = json_text(changed(EXAMPLES[name], path, data.draw(hostile)))

    faults, lines = outcome(name, text.encode("utf-8", "surrogatepass"))

    assert all(fault.startswith("usage.json: ") and len(fault) > len("usage.json: ") for fault in faults)
    assert all(line.amount_yen >= 0 or line.deposit for line in lines)


def outcome(name: str, text: bytes) -> tuple[list[str], list[Line]]:
    """What is wrong with a usage file, or the lines that come out."""
    try:
        question = read_usage(text, "usage.json")
        grant = question.terms.subsidy
        return [], price(SCHEMES[name], question, SCHEMES.get(grant.scheme) if grant else None).lines
    except Faulty as error:
        return error.lines(), []
    except InvalidInput as error:
        return [f"usage.json: {error.where or ''}"], []


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"nul", b"[" * 100_000, b'{"terms": 1}', b'{"terms": {}, "terms": []}']
)
def test_what_is_no_usage_is_refused(text: bytes) -> None:
    with pytest.raises(Faulty):
        read_usage(text, "usage.json")


words = st.sampled_from(
    ["0", "-1", "1.5", '""', '"x"', "true", "[]", "{}", "2026-04-01", "9999-12-31", "2026-04-01T00:00:00Z", "07:00:00",
     "inf", "nan", '"rest"', '"not_stated"', "{ from = 1 }", "{ by_class = {} }", "99999999999999999999"]
)  # fmt: skip


@given(st.data())
@example(None)
def test_a_scheme_file_with_anything_in_it_is_one_or_is_refused_with_its_field(data: st.DataObject | None) -> None:
    if data is None:
        text = "a = " + "[" * 5_000
    else:
        lines = CATALOGUE[data.draw(st.sampled_from(sorted(CATALOGUE)))].splitlines()
        place = data.draw(st.sampled_from([n for n, line in enumerate(lines) if "=" in line]))
        kind = data.draw(st.sampled_from(["value", "drop", "twice", "cut"]))
        name = lines[place].partition("=")[0]
        changes = {
            "value": [f"{name}= {data.draw(words)}"],
            "drop": [],
            "twice": [lines[place]] * 2,
            "cut": [lines[place][:-1]],
        }
        lines[place : place + 1] = changes[kind]
        text = "\n".join(lines)

    faults = faults_of(text)

    assert all(fault.startswith("scheme.toml: ") for fault in faults)


def faults_of(text: str) -> list[str]:
    """What is wrong with a scheme file."""
    try:
        decode(text, "scheme.toml")
    except Faulty as error:
        return error.lines()
    return []
