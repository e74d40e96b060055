"""The page behind the QR code, and those that are shown in its place."""

from functools import cache

from msgspec import Struct

from app.stickers.pages.frame import (
    button,
    call,
    frame,
    hidden,
    in_danger,
    paragraph,
    speaking,
    title_of,
    with_language,
)
from app.stickers.words import html


class Scanned(Struct, frozen=True, kw_only=True):
    """What the page shows before the tap. `once` makes a second tap of the same page the same one; `contact_phone` only
    where the card says so with a recorded consent; `asked`: the language that a link asked for.
    """

    language: str
    path: str
    once: str
    city_phone: str = ""
    contact_phone: str = ""
    asked: str | None = None
    refused: str = ""
    """The key of what went wrong with a tap before."""


def scan_page(shown: Scanned) -> str:
    """Somebody scanned a sticker that is in use."""
    language = shown.language
    form = (
        f'<form method="post" action="{with_language(shown.path, shown.asked)}">{hidden("once", shown.once)}'
        f"{button(html(language, 'scan.button'), 'big')}</form>"
    )
    parts = [
        f"<h1>{html(language, 'scan.title')}</h1>",
        paragraph(html(language, "scan.lead")),
        paragraph(html(language, shown.refused), "w") if shown.refused else "",
        form,
        f"<p><small>{html(language, 'scan.what')} {html(language, 'scan.only')}</small></p>",
        in_danger(language),
        speaking(language),
        call(language, "phone.contact", shown.contact_phone),
        call(language, "phone.city", shown.city_phone),
    ]
    return frame(language, title_of(language, "scan.title"), parts, links=shown.path)


@cache
def unused_page(language: str) -> str:
    """The sticker is not in use. The same bytes whether there never was one, it is lost, in the cupboard or taken back:
    nothing in them comes from the code.
    """
    parts = [
        f"<h1>{html(language, 'unused.title')}</h1>",
        paragraph(html(language, "unused.lead")),
        speaking(language),
        paragraph(html(language, "unused.call")),
        in_danger(language),
    ]
    return frame(language, title_of(language, "unused.title"), parts, links="")


@cache
def wait_page(language: str, seconds: int) -> str:
    """Too many guesses came from where she is; the page tries again by itself, and a button does too."""
    parts = [
        f"<h1>{html(language, 'wait.title')}</h1>",
        paragraph(html(language, "wait.lead", seconds=seconds)),
        f'<form method="get">{button(html(language, "wait.button"), "big")}</form>',
        in_danger(language),
        speaking(language),
    ]
    return frame(language, title_of(language, "wait.title"), parts, links="")


def enough_page(language: str, minutes: int, city_phone: str) -> str:
    """So many said within the hour that they are with whoever wears this sticker that one more tells nothing new."""
    parts = [
        f"<h1>{html(language, 'wait.title')}</h1>",
        paragraph(html(language, "wait.begun", minutes=minutes)),
        in_danger(language),
        call(language, "phone.city", city_phone),
        speaking(language),
    ]
    return frame(language, title_of(language, "wait.title"), parts, links="")


def refused_page(language: str) -> str:
    """Another site sent this form, or what was sent is none."""
    parts = [
        f"<h1>{html(language, 'wait.title')}</h1>",
        paragraph(html(language, "error.refused"), "w"),
        in_danger(language),
    ]
    return frame(language, title_of(language, "wait.title"), parts, links="")
