"""A photo of a face as it is kept: a JPEG without what cameras write beside the picture. Pure.

Source: ITU-T T.81 annex B (markers), Exif 2.3 section 4.5.4 (APP1): the place where a photo was taken lies in segments
of their own before the picture.
"""

BYTES_MAX = 150_000
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_KEPT_APP = {0xE0, 0xEE}
"""JFIF, and Adobe's, which says how the colours are meant."""
_COMMENT = 0xFE


def cleaned(file: bytes) -> bytes | None:
    """The same picture without Exif, comments and other notes; None for what is no JPEG.

    >>> cleaned(b"GIF89a") is None
    True
    """
    if file[:2] != bytes((0xFF, _START)):
        return None
    kept, place = [file[:2]], 2
    while True:
        head = file[place : place + 4]
        if len(head) < 4 or head[0] != 0xFF:
            return None
        marker, length = head[1], int.from_bytes(head[2:4])
        if marker == _SCAN:
            return b"".join([*kept, _to_end(file[place:])]) if file.find(bytes((0xFF, _END)), place) > 0 else None
        if length < 2 or place + 2 + length > len(file):
            return None
        if not _is_note(marker):
            kept.append(file[place : place + 2 + length])
        place += 2 + length


def _is_note(marker: int) -> bool:
    return marker == _COMMENT or (0xE0 <= marker <= 0xEF and marker not in _KEPT_APP)


def _to_end(scans: bytes) -> bytes:
    """Up to the last end of the picture: what some cameras append behind it is no part of it."""
    return scans[: scans.find(bytes((0xFF, _END))) + 2]
