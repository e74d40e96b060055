"""Photos as telephones send them."""

from io import BytesIO

from PIL import Image

NOTES = (b"TELEPHONE OF MISAKI", b"TAKEN AT HOME", b"GPSPLACE")
"""What lies in each file beside the picture."""
HELD_UPRIGHT = 6
"""Exif's word for a picture that is to be turned by a quarter to the right."""


def a_photo(width: int = 3000, height: int = 2000, kind: str = "JPEG") -> bytes:
    """A photo that lies on its side and is to be shown upright: red above, blue below; with notes. `MPO` is a JPEG with
    a second picture behind it.
    """
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    exif, out = Image.Exif(), BytesIO()
    exif[0x0110], exif[0x010E], exif[0x0112] = NOTES[0].decode(), NOTES[2].decode(), HELD_UPRIGHT
    given = {
        "JPEG": {"comment": NOTES[1]},
        "MPO": {"comment": NOTES[1], "save_all": True, "append_images": [Image.new("RGB", (width, height))]},
        "PNG": {},
        "WEBP": {"xmp": NOTES[1]},
    }
    picture.save(out, kind, exif=exif, **given[kind])
    return out.getvalue()


def shown(jpeg: bytes) -> Image.Image:
    """The picture as a browser shows it; raises for what none can show."""
    picture = Image.open(BytesIO(jpeg), formats=["JPEG"])
    picture.load()
    return picture
