"""A finder's photo as it is kept: a JPEG of at most 1,280 pixels, drawn anew, so that nothing comes along that a camera
wrote beside the picture. Pure, and heavy: it is made before the transaction that keeps it.
"""

import struct
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from app.kit.errors import InvalidInput

FILE_BYTES_MAX: Final = 12 * 1024 * 1024
"""What telephones send: 3 to 12 MB."""
SIDE_MAX: Final = 1280
BYTES_MAX: Final = 600_000
PIXELS_MAX: Final = {"JPEG": 50_000_000, "PNG": 16_000_000, "WEBP": 16_000_000}
"""By format, what may be in a file. A JPEG is decoded at a fraction of its size; of the others all is held at once."""
_QUALITIES: Final = (80, 65, 50)
REFUSED = "Send a photo as JPEG, PNG or WebP of at most 12 MB."


def small(file: bytes) -> bytes:
    """The photo, small and without place, time and name of the telephone. Raises `InvalidInput` for other files."""
    if len(file) > FILE_BYTES_MAX:
        raise InvalidInput(REFUSED, "photo")
    try:
        return _drawn_anew(file)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError):
        raise InvalidInput(REFUSED, "photo") from None


def is_small(jpeg: bytes) -> bool:
    """Whether this can have been made by `small`."""
    return jpeg[:2] == b"\xff\xd8" and len(jpeg) <= BYTES_MAX


def _drawn_anew(file: bytes) -> bytes:
    with Image.open(BytesIO(file), formats=tuple(PIXELS_MAX)) as photo:
        if photo.width * photo.height > PIXELS_MAX[photo.format or "PNG"]:
            raise InvalidInput(REFUSED, "photo")
        photo.draft("RGB", (SIDE_MAX, SIDE_MAX))  # Does nothing for what is no JPEG.
        upright = _upright(photo).convert("RGB")
        upright.thumbnail((SIDE_MAX, SIDE_MAX))
    # A picture that was opened carries its notes along; this one has none.
    fresh = Image.new("RGB", upright.size)
    fresh.paste(upright)
    for quality in _QUALITIES:
        out = BytesIO()
        fresh.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= BYTES_MAX:
            return out.getvalue()
    raise InvalidInput(REFUSED, "photo")


def _upright(photo: Image.Image) -> Image.Image:
    """The photo as it was held; where its notes are damaged, as it lies in the file."""
    try:
        return ImageOps.exif_transpose(photo)
    except (struct.error, TypeError, KeyError, IndexError, AttributeError):
        photo.load()
        return photo
