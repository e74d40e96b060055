"""Whoever sends what no browser sends gets a page that says so, and never finds a defect of ours."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.kit.errors import InvalidInput
from app.stickers import photos
from tests.contract.stickers.street import PHONE, Street
from tests.contract.stickers.test_board_page import FORM, tap

MULTIPART = "multipart/form-data; boundary=BB"
URLENCODED = "application/x-www-form-urlencoded"


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b'--BB\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"


def text(charset: bytes) -> bytes:
    return b"\r\nContent-Type: text/plain; charset=" + charset


END = b"--BB--\r\n"
BODIES: Mapping[str, tuple[str, bytes]] = {
    "no_known_writing": (MULTIPART, part(b"words", b"hi", text(b"nope")) + END),
    "no_text_at_all": (MULTIPART, part(b"words", b"aGk=", text(b"base64")) + END),
    "halves_of_characters": (
        MULTIPART,
        part(b"once", b"\\ud800\\ud800abcdefgh", text(b"unicode_escape")) + part(b"words", b"hi") + END,
    ),
    "bytes_of_no_text": (MULTIPART, part(b"words", b"\xff\xfe\xed\xa0\x80\x00") + END),
    "no_end": (MULTIPART, part(b"once", b"12345678")),
    "three_thousand_parts": (MULTIPART, part(b"state", b"calm") * 3000 + END),
    "nested_without_end": (MULTIPART, part(b"words", b"[" * 7000, b"\r\nContent-Type: application/json") + END),
    "no_boundary": ("multipart/form-data", b"x"),
    "a_place_that_is_no_number": (URLENCODED, b"once=abcabcabcabc&lat=nan&lon=inf&accuracy=nan"),
    "nothing_but_nul": (URLENCODED, b"once=%00%00%00%00%00%00%00%00&words=%00&place=%00&state=%00"),
}


@pytest.mark.parametrize("path", ["code", "board", "report"])
@pytest.mark.parametrize("what", BODIES)
def test_no_form_finds_a_defect(street: Street, what: str, path: str) -> None:
    tap(street)
    paths = {"code": f"/s/{street.code}", "board": "/s/board", "report": "/s/board/report"}
    kind, body = BODIES[what]

    for _ in ("with the cookie", "without"):
        answer: Any = street.client.post(
            paths[path], content=body, headers={"user-agent": PHONE, "content-type": kind}, follow_redirects=False
        )
        assert answer.status_code < 500, answer.text
        assert "no-store" == answer.headers["cache-control"]
        assert "noindex" in answer.headers["x-robots-tag"]
        street.client.cookies.clear()


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "https://town.example.evil"], ids=["[", "::1", "evil"])
def test_an_origin_that_is_none_is_another_site(street: Street, origin: str) -> None:
    assert 403 == tap(street, "o" * 20, origin=origin).status_code


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_photo_whose_notes_are_damaged_is_still_a_photo() -> None:

    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "SECRETPLACE"
    out = BytesIO()
    Image.new("RGB", (80, 60), "red").save(out, "JPEG", exif=exif)
    whole = out.getvalue()
    at = whole.index(b"Exif\x00\x00")
    for place in range(at, at + 50):
        for byte in (0, 1, 5, 9, 12, 0xFF):
            broken = whole[:place] + bytes([byte]) + whole[place + 1 :]
            try:
                kept = photos.small(broken)
            except InvalidInput:
                continue
            assert photos.is_small(kept)
            assert b"SECRETPLACE" not in kept


def test_a_board_is_read_by_nobody_elses_cookie(street: Street) -> None:
    tap(street)
    for other in ("a" * 43, "%ED%A0%80", '"\\355\\240\\200"', "%00", ""):
        street.client.cookies.clear()
        answer = street.client.get("/s/board", headers={**FORM, "cookie": f"mimamori_finder={other}"})
        assert 404 == answer.status_code
