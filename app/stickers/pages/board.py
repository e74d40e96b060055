"""The board on which whoever is with her and the family write to each other, as the finder sees it."""

from collections.abc import Sequence
from html import escape
from typing import Final

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

BOARD_PATH: Final = "/s/board"
LIVE_PATH: Final = "/s/board/live"
REPORT_PATH: Final = "/s/board/report"
REAL_PATH: Final = "/s/board/real"
STATES: Final = ("calm", "hurt", "cold", "lost")
WORDS_MAX: Final = 500
PLACE_MAX: Final = 200
PHOTO_TYPES: Final = "image/jpeg,image/png,image/webp"


class LineShown(Struct, frozen=True, kw_only=True):
    """One line of the board. `by`: finder, family, or the city; who it is of them nobody reads here."""

    by: str
    at: str
    words: str = ""
    states: Sequence[str] = ()
    place: str | None = None
    """What she typed; empty for a place that her phone told."""
    photo: bool = False


class BoardShown(Struct, frozen=True, kw_only=True):
    """What the page shows. Times are of the city's clock, as it is read on a wall: `told_at`, `coming_at` (empty: on
    the way, nobody knows when; None: nobody said that they come).
    """

    language: str
    once: str
    told_at: str
    coming_at: str | None = None
    guard: bool = False
    lines: Sequence[LineShown] = ()
    nickname: str = ""
    helps: str = ""
    illness: str = ""
    contact_phone: str = ""
    city_phone: str = ""
    mark: str = ""
    """`test` or `drill`, where it is one."""
    asked: str | None = None
    said: str = ""
    """The key of what became of what she sent."""
    refused: str = ""
    typed: str = ""
    typed_place: str = ""
    ticked: frozenset[str] = frozenset()
    """What she had typed and could not be kept."""


def board_page(shown: BoardShown) -> str:
    """The board of a thread that goes on."""
    language = shown.language
    parts = [
        f"<h1>{html(language, 'board.title')}</h1>",
        _mark(shown),
        paragraph(html(language, shown.refused), "w") if shown.refused else "",
        paragraph(html(language, shown.said), "n") if shown.said else "",
        _place(shown),
        f'<div id="live" aria-live="polite">{live_part(shown)}</div>',
        _refresh(shown),
        _card(shown),
        _form(shown),
        in_danger(language),
        call(language, "phone.contact", shown.contact_phone),
        call(language, "phone.city", shown.city_phone),
        speaking(language),
        _report(shown),
    ]
    return frame(language, title_of(language, "board.title"), parts, links=BOARD_PATH, script=True)


def _mark(shown: BoardShown) -> str:
    """That it is a test or an exercise, and a button for whoever found her in earnest meanwhile."""
    if not shown.mark:
        return ""
    return (
        f"{paragraph(html(shown.language, f'mode.{shown.mark}'), 'w')}"
        f'<form method="post" action="{with_language(REAL_PATH, shown.asked)}">{hidden("once", f"{shown.once}e")}'
        f"{button(html(shown.language, 'mode.real'), 'r')}</form>"
    )


def live_part(shown: BoardShown) -> str:
    """What changes while she waits: who comes, and what was written, newest first."""
    language = shown.language
    coming = ""
    if shown.coming_at is not None:
        key = "coming" if shown.coming_at else "coming_soon"
        coming = f"<br><b>{html(language, f'board.{key}', time=shown.coming_at)}</b>"
    guard = f"<br><b>{html(language, 'board.guard')}</b>" if shown.guard else ""
    told = html(language, "board.told", time=shown.told_at)
    lines = "".join(_line(language, line) for line in reversed(shown.lines))
    written = f'<ul class="m">{lines}</ul>' if lines else paragraph(html(language, "lines.none"))
    return (
        f'<p class="n">{told}{coming}{guard}<br>{html(language, "board.stay")}</p>\n'
        f"<h2>{html(language, 'lines.title')}</h2>\n{written}"
    )


def _line(language: str, line: LineShown) -> str:
    said = [html(language, f"state.{state}") for state in STATES if state in line.states]
    parts = [" / ".join(said)] if said else []
    if line.place is not None:
        parts.append(escape(line.place) or html(language, "lines.place"))
    if line.photo:
        parts.append(html(language, "lines.photo"))
    if line.words:
        parts.append(escape(line.words))
    style = ' class="me"' if line.by == "finder" else ""
    return f"<li{style}><b>{html(language, f'lines.{line.by}')}</b> {escape(line.at)}<br>{'<br>'.join(parts)}</li>"


def _refresh(shown: BoardShown) -> str:
    language = shown.language if shown.asked is None else shown.asked
    chosen = hidden("l", language) if shown.asked is not None else ""
    words = html(shown.language, "board.refresh")
    return f'<form id="again" action="{BOARD_PATH}">{chosen}{button(words, "o")}</form>'


def _card(shown: BoardShown) -> str:
    """What the family chose to show to whoever is with her."""
    language = shown.language
    rows = []
    if shown.nickname:
        rows.append(paragraph(f"<b>{html(language, 'card.nickname', nickname=shown.nickname)}</b>"))
    for key, words in (("helps", shown.helps), ("illness", shown.illness)):
        if words:
            kept = escape(words).replace("\n", "<br>")
            rows.append(paragraph(f"<b>{html(language, f'card.{key}')}</b><br>{kept}"))
    return f"<h2>{html(language, 'card.title')}</h2>\n{''.join(rows)}" if rows else ""


def _place(shown: BoardShown) -> str:
    """One tap sends where she is, the first that a family wants to know. Only a script can ask the phone: nobody sees
    the button without one.
    """
    language = shown.language
    said = {"asking": "place.asking", "placed": "lines.place", "denied": "place.denied"}
    spans = "".join(f'<span id="{name}" hidden>{html(language, key)}</span>' for name, key in said.items())
    return (
        f'<form id="here" method="post" action="{with_language(BOARD_PATH, shown.asked)}" hidden>'
        f"{hidden('once', f'{shown.once}p')}{button(html(language, 'place.button'), 'big')}"
        f'<p role="status">{spans}</p></form>'
    )


def _form(shown: BoardShown) -> str:
    language = shown.language
    boxes = "".join(
        f'<label class="c"><input type="checkbox" name="state" value="{state}"'
        f"{' checked' if state in shown.ticked else ''}>{html(language, f'state.{state}')}</label>"
        for state in STATES
    )
    return (
        f'<form id="write" method="post" enctype="multipart/form-data" '
        f'action="{with_language(BOARD_PATH, shown.asked)}">{hidden("once", shown.once)}'
        f"<h2>{html(language, 'place.title')}</h2>\n<label>{html(language, 'place.typed')}"
        f'<input class="t" name="place" maxlength="{PLACE_MAX}" value="{escape(shown.typed_place)}" autocomplete="off">'
        f"</label>\n<h2>{html(language, 'write.title')}</h2>\n"
        f"<fieldset><legend>{html(language, 'state.title')}</legend>{boxes}</fieldset>"
        f"<p><small>{html(language, 'state.ambulance')}</small></p>"
        f"<label>{html(language, 'write.words')}"
        f'<textarea class="t" name="words" maxlength="{WORDS_MAX}" rows="3">{escape(shown.typed)}</textarea></label>'
        f"<label>{html(language, 'write.photo')}"
        f'<input class="t" type="file" name="photo" accept="{PHOTO_TYPES}"></label>'
        f"{button(html(language, 'write.send'), 'big')}<p><small>{html(language, 'board.private')}</small></p></form>"
    )


def _report(shown: BoardShown) -> str:
    language = shown.language
    return (
        f'<form method="post" action="{with_language(REPORT_PATH, shown.asked)}">{hidden("once", f"{shown.once}r")}'
        f"<h2>{html(language, 'report.title')}</h2>\n{paragraph(html(language, 'report.what'))}"
        f"<label>{html(language, 'report.words')}"
        f'<input class="t" name="words" maxlength="{WORDS_MAX}" autocomplete="off"></label>'
        f"{button(html(language, 'report.button'), 'o')}</form>"
    )
