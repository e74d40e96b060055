"""The words of this room, from one catalogue a language in `words/`. A value may be a word of its own in each
language (a dict), a whole number (shown with thousands) or text.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

LANGUAGES = ("ja", "easy", "en")
"""Japanese, easy Japanese, English."""

Value = str | int | Mapping[str, str]


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every phrase of a language, by `section.name`."""
    source = files("app.programmes").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return {f"{section}.{key}": text for section, table in tomllib.loads(source).items() for key, text in table.items()}


def phrase(key: str, language: str, **values: Value) -> str:
    """One phrase with its values. Easy Japanese has words of its own only for what families read on a phone; the rest
    is said in Japanese.
    """
    text = catalogue(language).get(key)
    if text is None and language == "easy":
        text = catalogue("ja")[key]
    if text is None:
        raise KeyError(f"{key} has no words in {language}")
    return text.format(**{name: _shown(value, language) for name, value in values.items()})


def both(key: str, **values: Value) -> dict[str, str]:
    """A phrase in Japanese and English, as lines carry it."""
    return {language: phrase(key, language, **values) for language in ("ja", "en")}


def payer_words(payer: str, city: Mapping[str, str] | None) -> dict[str, str]:
    """Who pays, by language; a city by its name where that is Japanese (神戸市が負担します, the city pays)."""
    named = {language: phrase(f"payer.{payer}", language) for language in LANGUAGES}
    if payer == "city" and city is not None:
        named |= {"ja": city["ja"], "easy": city["ja"]}
    return named


def unit_words(unit: str) -> dict[str, str]:
    """What a line counts, in words: `hour`, `month`, `30_minutes`."""
    minutes, _, rest = unit.partition("_")
    if rest == "minutes":
        return both("duration.minutes", minutes=minutes)
    return both(f"unit.{unit}")


def _shown(value: Value, language: str) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str):
        return value
    return value.get(language) or value["ja"]
