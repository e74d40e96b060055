"""What a finder sees when it is over: one last line, if somebody wrote one, and that nothing of her is kept."""

from html import escape
from typing import Final

from app.stickers.pages.board import BOARD_PATH
from app.stickers.pages.frame import call, frame, in_danger, paragraph, title_of
from app.stickers.words import html

HOW: Final = ("handed_over", "closed")


def after_page(language: str, how: str, *, code: str = "", last: str = "", mark: str = "") -> str:
    """The thread ended: `how` is a key of `HOW`; `code` what the family said in words of ours, `last` in its own."""
    coded = html(language, f"last.{code}") if code else ""
    words = "<br>".join(part for part in (coded, escape(last)) if part)
    parts = [
        f"<h1>{html(language, 'after.title')}</h1>",
        paragraph(html(language, f"mode.{mark}"), "w") if mark else "",
        paragraph(html(language, f"after.{how}")),
        paragraph(f"<b>{html(language, 'lines.family')}</b><br>{words}", "n") if words else "",
        paragraph(html(language, "after.kept")),
    ]
    return frame(language, title_of(language, "after.title"), parts, links=BOARD_PATH)


def nothing_page(language: str, city_phone: str = "") -> str:
    """No thread of this phone goes on: there was none, it is over long ago, or the phone keeps no cookie."""
    parts = [
        f"<h1>{html(language, 'after.closed')}</h1>",
        paragraph(html(language, "after.none")),
        in_danger(language),
        call(language, "phone.city", city_phone),
    ]
    return frame(language, title_of(language, "after.closed"), parts, links=BOARD_PATH)
