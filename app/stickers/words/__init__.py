"""The words of the finder's pages in the languages of who lives here, and which of them a phone wants. Pure.

`easy` is Japanese for whoever is learning it; the reading of a word stands in brackets behind it and is shown above it.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("ja", "easy", "en", "zh", "ko", "vi", "pt")
TAGS: Final[Mapping[str, str]] = {"easy": "ja", "zh": "zh-Hans"}
"""As HTML calls those languages that are called otherwise here (BCP 47)."""
NO_LANGUAGE_SAID: Final = "ja"
NONE_OF_OURS: Final = "en"
"""For a phone that speaks only what we do not: more of the world reads English than Japanese."""

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_READING: Final = re.compile(r"([\u3400-\u9fff々]+)\(([\u3040-\u30ff]+)\)")
_ITEMS_MAX: Final = 30


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every sentence of a language by its dotted key."""
    source = files("app.stickers").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for name, value in tomllib.loads(source).items():
        found |= {f"{name}.{key}": words for key, words in value.items()} if isinstance(value, dict) else {name: value}
    return found


def plain(language: str, key: str, **params: object) -> str:
    """The sentence, for a title: no readings.

    >>> plain("en", "wait.lead", seconds=5)[-16:]
    'after 5 seconds.'
    """
    return _READING.sub(r"\1", _filled(catalogue(language)[key], params))


def html(language: str, key: str, **params: object) -> str:
    """The sentence as HTML; what is filled in is escaped, whoever wrote it."""
    words = escape(catalogue(language)[key])
    if language == "easy":
        words = _READING.sub(r"<ruby>\1<rp>(</rp><rt>\2</rt><rp>)</rp></ruby>", words)
    return _filled(words, {name: escape(str(value)) for name, value in params.items()})


def tag(language: str) -> str:
    """What stands in `lang`.

    >>> tag("easy"), tag("pt")
    ('ja', 'pt')
    """
    return TAGS.get(language, language)


def choose(asked: str | None, accept: str) -> str:
    """The language of a page: what a link asked for, else what the phone likes best of ours (RFC 9110, 12.5.4).

    >>> choose(None, "zh-TW,zh;q=0.9,en;q=0.8"), choose("vi", "ja"), choose(None, "fr"), choose(None, "")
    ('zh', 'vi', 'en', 'ja')
    """
    if asked in LANGUAGES:
        return asked
    wanted = _wanted(accept)
    ours = [primary for primary in wanted if primary in LANGUAGES]
    if ours:
        return ours[0]
    return NONE_OF_OURS if any(primary != "*" for primary in wanted) else NO_LANGUAGE_SAID


def _wanted(accept: str) -> list[str]:
    """The primary tags that a header names, best first, without those of weight 0 or of none that can be read."""
    weighed: list[tuple[float, str]] = []
    for item in accept.split(",", _ITEMS_MAX)[:_ITEMS_MAX]:
        name, *settings = (part.strip().lower() for part in item.split(";"))
        weight = next((_weight(one[2:]) for one in settings if one.startswith("q=")), 1.0)
        if name and weight > 0:
            weighed.append((weight, name.partition("-")[0].partition("_")[0]))
    return [name for _, name in sorted(weighed, key=lambda one: -one[0])]


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text) else 0.0


def _filled(words: str, params: Mapping[str, object]) -> str:
    return PLACEHOLDER.sub(lambda found: str(params[found[1]]), words)
