"""Paper in Japanese: the font of all that is printed, and a loud refusal where it lacks a character.

A text with a character that the font lacks is not printed with a hole in somebody's name: it raises `NoGlyph`, and the
setting `billing_font` names a font that has it. Pure but for the file of the font.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "jp"
VARIATION_SELECTORS: Final = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
"""They choose among forms of one character; where a font does not know them, the character itself is meant."""


class NoGlyph(Exception):
    """The font has no form for these characters."""

    def __init__(self, characters: str) -> None:
        super().__init__(characters)
        self.characters = characters

    @property
    def codes(self) -> str:
        """The characters as numbers, which any font can show: U+20BB7."""
        return ", ".join(f"U+{ord(one):04X}" for one in self.characters)


def font_file(own: str | None) -> Path:
    """The font that is set, or else the one that is installed with the product (Noto Sans JP, OFL)."""
    if own:
        return Path(own)
    from pylopdf_fonts_jp import sans_path

    return sans_path()


def shown(text: str) -> str:
    """The text without what only chooses among forms of a character."""
    return "".join(one for one in text if not any(first <= ord(one) <= last for first, last in VARIATION_SELECTORS))


def must_have(pdf: "FPDF", texts: Iterable[str]) -> None:
    """Raises `NoGlyph` when the font of `pdf` lacks a character of these texts."""
    known = pdf.fonts[FONT].cmap  # type: ignore[union-attr]
    wanted = {one for text in texts for one in shown(text)}
    lacking = sorted(one for one in wanted if ord(one) not in known and one not in "\n ")
    if lacking:
        raise NoGlyph("".join(lacking))
