"""What is kept of a photo."""

import pytest

from app.dispatch.photo import cleaned

START, END = b"\xff\xd8", b"\xff\xd9"
JFIF = b"\xff\xe0\x00\x07JFIF\x00"
TABLE = b"\xff\xdb\x00\x04\xff\xd9"
"""A table whose values look like the end of the picture."""
EXIF = b"\xff\xe1\x00\x0cExif\x00\x00GPS."
COMMENT = b"\xff\xfe\x00\x06home"
ADOBE = b"\xff\xee\x00\x07Adobe"
SCAN = b"\xff\xda\x00\x04\x01\x02picture"


def test_the_picture_stays_and_where_it_was_taken_goes() -> None:
    file = START + JFIF + EXIF + TABLE + COMMENT + ADOBE + SCAN + END

    assert START + JFIF + TABLE + ADOBE + SCAN + END == cleaned(file)


def test_what_is_appended_goes_too() -> None:
    assert START + JFIF + SCAN + END == cleaned(START + JFIF + SCAN + END + START + EXIF + SCAN + END)


def test_what_is_clean_stays_as_it_is() -> None:
    file = START + JFIF + SCAN + END

    assert file == cleaned(file)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        START,
        b"\x89PNG\r\n\x1a\n" + SCAN + END,
        START + JFIF,
        START + JFIF + SCAN,
        START + b"\xff\xe1\x00",
        START + b"\xff\xe1\x00\x01" + SCAN + END,
        START + b"\xff\xe1\xff\xff" + SCAN + END,
        START + b"<svg>" + SCAN + END,
    ],
    ids=["nothing", "begun", "png", "no picture", "no end", "cut", "no length", "too long", "no marker"],
)
def test_what_is_no_jpeg_is_none(file: bytes) -> None:
    assert cleaned(file) is None
