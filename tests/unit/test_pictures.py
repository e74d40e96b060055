"""Photos are kept small, upright and without what a camera wrote beside them; what is none is refused."""

from io import BytesIO
from random import Random
from typing import Any

import pytest
from PIL import Image

from app.dispatch.units import PHOTO_SIZE as FACE
from app.kit.errors import InvalidInput
from app.pictures import FILE_BYTES_MAX, Size, drawn_anew
from app.stickers.threads import PHOTO_SIZE as SCENE
from tests.photos import NOTES, a_photo, shown

KINDS = ["JPEG", "PNG", "WEBP", "MPO"]


def saved(picture: Image.Image, kind: str = "PNG", **given: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **given)
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_is_small_and_upright_and_its_notes_are_gone(kind: str) -> None:
    file = a_photo(kind=kind)

    jpeg = drawn_anew(file, FACE, "jpeg")

    picture = shown(jpeg)
    assert (427, 640) == picture.size
    (red, _, no_blue), (no_red, _, blue) = picture.getpixel((200, 20)), picture.getpixel((200, 620))
    assert red > 200 > 50 > no_blue
    assert blue > 200 > 50 > no_red
    assert any(note in file for note in NOTES)
    assert not any(note in jpeg for note in NOTES)
    assert not picture.getexif()
    assert {"comment", "xmp", "icc_profile"}.isdisjoint(picture.info)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_however_its_colours_are_kept_it_is_a_photo(mode: str) -> None:
    picture = Image.new("I;16", (50, 40), 30_000) if mode == "I;16" else Image.new("L", (50, 40), 99).convert(mode)
    file = saved(picture, "JPEG" if mode == "CMYK" else "PNG")

    assert (50, 40) == shown(drawn_anew(file, FACE, "jpeg")).size


@pytest.mark.parametrize("size", [FACE, SCENE], ids=["face", "scene"])
def test_whatever_is_on_it_fits(size: Size) -> None:
    """Nothing is harder to make small than noise."""
    side = size.side_px
    noise = Image.frombytes("RGB", (side, side), Random(1).randbytes(3 * side * side))

    jpeg = drawn_anew(saved(noise), size, "jpeg")

    assert size.bytes_max >= len(jpeg)
    assert (side, side) == shown(jpeg).size


@pytest.mark.parametrize(
    "file",
    [
        b"", b"<svg/>", b"%PDF-1.7", b"GIF89a" + bytes(50), b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(50),
        saved(Image.new("RGB", (9, 9)), "GIF"), a_photo() + bytes(FILE_BYTES_MAX),
        saved(Image.new("1", (4_001, 4_000))), saved(Image.new("1", (14_000, 14_000))),
        saved(Image.new("L", (8_000, 6_300)), "JPEG"),
    ],
    ids=[
        "nothing", "svg", "pdf", "gif", "start", "png", "real gif", "too long", "many pixels", "bomb", "many in a jpeg",
    ],
)  # fmt: skip
def test_what_is_no_photo_or_too_large_is_refused_with_words(file: bytes) -> None:
    with pytest.raises(InvalidInput, match="JPEG, PNG or WebP") as refused:
        drawn_anew(file, FACE, "jpeg")

    assert "jpeg" == refused.value.where


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_photo_is_refused(kind: str) -> None:
    file = a_photo(300, 200, kind)
    for end in range(0, len(file) // (3 if kind == "MPO" else 2), 7):
        with pytest.raises(InvalidInput):
            drawn_anew(file[:end], FACE, "jpeg")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_that_is_damaged_is_kept_without_notes_or_refused(kind: str) -> None:
    """Every byte of its first part, in which its notes lie, and some of the others."""
    whole, kept = a_photo(80, 60, kind), 0
    for place in [*range(min(400, len(whole))), *range(400, len(whole), 11)]:
        for byte in (0, 1, 5, 9, 12, 0xFF):
            try:
                jpeg = drawn_anew(whole[:place] + bytes([byte]) + whole[place + 1 :], FACE, "jpeg")
            except InvalidInput:
                continue
            kept += 1
            assert not any(note in jpeg for note in NOTES)
            assert FACE.side_px >= max(shown(jpeg).size)

    assert kept
