"""Photos as they are kept: drawn anew as a small JPEG, so that nothing comes along that a camera wrote beside the
picture (place, time, name of the telephone). Pure, and heavy: a photo may take half a second and some 100 MB, so it is
drawn on a thread for slow work, before the transaction that keeps it.
"""

import struct
from io import BytesIO
from typing import Final, NewType

from msgspec import Struct
from PIL import Image, ImageOps

from app.kit.errors import InvalidInput

Picture = NewType("Picture", bytes)
"""What `drawn_anew` has made. Nothing else is put into a table."""
FILE_BYTES_MAX: Final = 12 * 1024 * 1024
"""What telephones send: 3 to 12 MB."""
REFUSED: Final = "Send a photo as JPEG, PNG or WebP of at most 12 MB."
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_JPEG_PIXELS_MAX: Final = 50_000_000
_PIXELS_MAX: Final = 16_000_000
"""A JPEG is decoded at a fraction of its size; of the others all is held at once."""
_QUALITIES: Final = (80, 65, 50, 35)


class Size(Struct, frozen=True, kw_only=True):
    """How large a photo is at most when it is kept. A byte for three pixels is enough for whatever is on it."""

    side_px: int
    bytes_max: int


def drawn_anew(file: bytes, size: Size, where: str) -> Picture:
    """The photo, upright and small. Raises `InvalidInput`, which names the field `where`, for what is no photo, is
    damaged, or is too large.
    """
    if len(file) > FILE_BYTES_MAX:
        raise InvalidInput(REFUSED, where)
    try:
        fresh = _opened(file, size.side_px)
    except Exception as error:  # Whatever else a decoder stumbles over in a file that somebody made for it.
        raise InvalidInput(REFUSED, where) from error
    for quality in _QUALITIES:
        out = BytesIO()
        fresh.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= size.bytes_max:
            return Picture(out.getvalue())
    raise InvalidInput(REFUSED, where)


def _opened(file: bytes, side_px: int) -> Image.Image:
    with Image.open(BytesIO(file), formats=_FORMATS) as photo:
        # Some telephones put a second picture behind the first, and Pillow calls such a JPEG "MPO".
        pixels_max = _PIXELS_MAX if photo.format in ("PNG", "WEBP") else _JPEG_PIXELS_MAX
        if photo.width * photo.height > pixels_max:
            raise ValueError("too many pixels")
        photo.draft("RGB", (side_px, side_px))  # Does nothing for what is no JPEG.
        upright = _upright(photo).convert("RGB")
    upright.thumbnail((side_px, side_px))
    # A picture that was opened carries its notes along; this one has none.
    fresh = Image.new("RGB", upright.size)
    fresh.paste(upright)
    return fresh


def _upright(photo: Image.Image) -> Image.Image:
    """The photo as it was held; where its notes are damaged, as it lies in the file."""
    try:
        return ImageOps.exif_transpose(photo)
    except (struct.error, TypeError, KeyError, IndexError, AttributeError):
        photo.load()
        return photo
