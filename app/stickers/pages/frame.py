"""What all of the finder's pages share: the frame, the style, the languages, and the parts in several of them."""

import hashlib
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Final
from urllib.parse import quote

from app.stickers.words import LANGUAGES, catalogue, html, plain, tag

SCRIPT: Final = files("app.stickers.pages").joinpath("place.js").read_bytes()
SCRIPT_PATH: Final = "/s/place.js"
SCRIPT_URL: Final = f"{SCRIPT_PATH}?{hashlib.sha256(SCRIPT).hexdigest()[:8]}"
"""Another one when the script changes, so that a phone may keep it."""
AMBULANCE, POLICE = "119", "110"
STYLE: Final = (
    "body{font:1.15em/1.6 sans-serif;max-width:34em;margin:0 auto;padding:.7em;color:#111;background:#fff;"
    "word-wrap:break-word;overflow-wrap:anywhere}"
    "h1{font-size:1.35em;line-height:1.35;margin:.3em 0}"
    "h2{font-size:1.1em;line-height:1.35;margin:1.3em 0 .3em}"
    "p{margin:.4em 0}ul,ol{margin:.3em 0;padding-left:1.3em}"
    "a{color:#0b57d0}"
    ".b{display:block;box-sizing:border-box;width:100%;min-height:3.2em;margin:.6em 0;padding:.9em .6em;border:0;"
    "border-radius:.5em;font:inherit;font-weight:bold;line-height:1.4;text-align:center;text-decoration:none;"
    "color:#fff;background:#0b57d0;cursor:pointer}"
    ".big{min-height:4.4em;font-size:1.15em}"
    ".r{background:#b3261e}"
    ".o{color:#0b57d0;background:#fff;border:2px solid #0b57d0}"
    "fieldset{margin:0;padding:0;border:0;min-width:0}legend{padding:0}"
    "label.c{display:block;margin:.4em 0;padding:.7em .6em;border:2px solid #555;border-radius:.5em}"
    ".c input{width:1.4em;height:1.4em;margin:0 .5em 0 0;vertical-align:middle}"
    ".t{display:block;box-sizing:border-box;width:100%;min-height:2.8em;margin:.3em 0 .8em;padding:.5em;font:inherit;"
    "color:#111;background:#fff;border:2px solid #555;border-radius:.5em}"
    "textarea.t{min-height:5em}"
    ".n{padding:.5em .7em;border:2px solid #0b57d0;border-radius:.5em;background:#eef4ff}"
    ".w{padding:.5em .7em;border:2px solid #b3261e;border-radius:.5em;background:#fff3f2}"
    ".m{list-style:none;padding:0}"
    ".m li{margin:.5em 0;padding:.4em .7em;border-left:.35em solid #0b57d0;background:#f3f3f3;white-space:pre-line}"
    ".m .me{border-color:#555}"
    ".l a{display:inline-block;padding:.7em .9em .7em 0}"
    ".p{display:inline-block}"
    "small{font-size:.87em;color:#444}"
)


def frame(language: str, title: str, parts: Sequence[str], *, links: str, script: bool = False) -> str:
    """The whole page. `links`: the path that the links to other languages open; a link to these stands above
    everything, for whoever cannot read what is under it.
    """
    more = f'<p class="l"><a href="#lang">{html(language, "common.more_languages")}</a></p>'
    run = f'<script src="{SCRIPT_URL}" defer></script>\n' if script else ""
    body = "\n".join(part for part in parts if part)
    return (
        f'<!DOCTYPE html>\n<html lang="{tag(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="robots" content="noindex,nofollow">\n<meta name="format-detection" content="telephone=no">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n{run}</head>\n<body>\n{more}\n<main>\n{body}\n</main>\n"
        f"{_languages(language, links)}</body>\n</html>\n"
    )


def title_of(language: str, key: str) -> str:
    """What stands in the tab: of whom the page is, and what it says."""
    return f"{plain(language, key)} – {plain(language, 'common.service')}"


def paragraph(words: str, style: str = "") -> str:
    """One paragraph of HTML."""
    return f'<p class="{style}">{words}</p>' if style else f"<p>{words}</p>"


def speaking(language: str) -> str:
    """How to speak with her: what the city of Oita asks of its citizens."""
    points = ("front", "eyes", "clear", "listen", "crowd")
    items = "".join(f"<li>{html(language, f'speak.{point}')}</li>" for point in points)
    return f"<h2>{html(language, 'speak.title')}</h2>\n<ul>{items}</ul>"


def in_danger(language: str) -> str:
    """The two numbers that are to be called before anything is written here."""
    return (
        f"<h2>{html(language, 'danger.title')}</h2>\n"
        f'<a class="b r" href="tel:{AMBULANCE}">{html(language, "danger.hurt")}</a>\n'
        f'<a class="b r" href="tel:{POLICE}">{html(language, "danger.unsafe")}</a>'
    )


def call(language: str, key: str, number: str) -> str:
    """A button that dials; nothing where there is no number."""
    if not number:
        return ""
    digits = "".join(one for one in number if one in "+0123456789")
    words = html(language, key, number="\0").replace("\0", f'<span class="p">{escape(number)}</span>')
    return f'<a class="b o" href="tel:{digits}">{words}</a>'


def button(words: str, style: str = "") -> str:
    """What sends the form that it stands in."""
    return f'<button class="{f"b {style}".strip()}">{words}</button>'


def hidden(name: str, value: str) -> str:
    """A field that nobody sees."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def with_language(path: str, asked: str | None) -> str:
    """The path, in the language that was asked for by a link, if any was."""
    return f"{path}?l={quote(asked)}" if asked else path


def _languages(language: str, path: str) -> str:
    links = "".join(
        f'<a href="{escape(path)}?l={one}" lang="{tag(one)}" hreflang="{tag(one)}">{catalogue(one)["name"]}</a> '
        for one in LANGUAGES
        if one != language
    )
    return f'<nav class="l" id="lang" aria-label="Language"><p>{links}</p></nav>\n'
