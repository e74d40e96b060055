"""Pages for people who followed a link in a letter: no sign-in, no script, nothing from elsewhere, few buttons. Pure.

They are read on any phone, by people of any age, and fetched by scanners of mail: looking at one changes nothing.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from msgspec import Struct

LANGUAGES: Final = ("ja", "en")
"""Shown one below the other where nobody knows who reads."""
HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow"}
STYLE: Final = (
    "body{font:1.15rem/1.7 sans-serif;max-width:34rem;margin:0 auto;padding:1rem;color:#111;background:#fff}"
    "h1{font-size:1.45rem;line-height:1.4}"
    "button{font:inherit;font-weight:bold;width:100%;min-height:4rem;margin:.5rem 0;border:0;border-radius:.7rem;"
    "color:#fff;background:#0b57d0}"
    "button.other{color:#0b57d0;background:#fff;border:2px solid #0b57d0}"
    "hr{margin:2rem 0;border:0;border-top:1px solid #bbb}"
)


class Said(Struct, frozen=True):
    """What a page says in one language."""

    title: str
    lines: Sequence[str]
    button: str | None = None
    others: Mapping[str, str] = {}
    """More buttons below it: the query that each sends, and its words."""


def page(said: Mapping[str, Said]) -> str:
    """The page that says the same in each of these languages, in their order. A button sends an empty form to where the
    page is, others with a query of their own.
    """
    first, title = next((_tag(language), one.title) for language, one in said.items())
    parts = [_part(_tag(language), one) for language, one in said.items()]
    return (
        f'<!DOCTYPE html>\n<html lang="{first}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n'
        f"</head>\n<body>\n{'<hr>'.join(parts)}</body>\n</html>\n"
    )


def _tag(language: str) -> str:
    """As HTML calls a language of ours (BCP 47): easy Japanese is Japanese."""
    return "ja" if language == "easy" else language


def _part(language: str, said: Said) -> str:
    lines = "".join(f"<p>{escape(line)}</p>\n" for line in said.lines)
    buttons = [] if said.button is None else [f"<button>{escape(said.button)}</button>"]
    for query, words in said.others.items():
        buttons.append(f'<button class="other" formaction="?{escape(query)}">{escape(words)}</button>')
    form = f'<form method="post">{"".join(buttons)}</form>\n' if buttons else ""
    return f'<section lang="{language}">\n<h1>{escape(said.title)}</h1>\n{lines}{form}</section>\n'
