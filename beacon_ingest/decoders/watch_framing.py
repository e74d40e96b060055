"""Frames of the watch protocol: cut out of a stream, taken apart, and built for answers and commands.

A frame is `[MM*ID*LLLL*content]` or, with an index, `[MM*ID*NNNN*LLLL*content]`: manufacturer, device, length of the
content in four hex digits. Source: the vendor's guide (www.4p-touch.com, Beesure GPS SeTracker server protocol) and
captured frames: the length is wrong in about a third of them, and names of access points carry brackets, so brackets
are matched and the length is only a hint. In voice and picture content `}` `[` `]` `,` `*` are escaped as 7d 01 … 7d
05, so they never end a frame.
"""

import re
from typing import Final

from msgspec import Struct

_DELIMITER: Final = re.compile(rb"[\[\]*]")
_OPEN, _CLOSE = b"[]"

_HEADER: Final = re.compile(
    rb"\[([0-9A-Za-z]{1,4})\*([0-9A-Za-z]{1,20})\*"
    rb"(?:([0-9A-Za-z]{1,8})\*(?=[0-9A-Fa-f]{4}\*))?([0-9A-Fa-f]{1,8})\*"
)
_HEADER_ENDS: Final = re.compile(rb"\[[0-9A-Za-z]{2}\*[0-9A-Za-z]{6,20}\*[0-9A-Fa-f]{4}\*\Z")
"""The start of a frame as it cannot occur by chance inside another: no access point is called like this."""
_HEADER_ENDS_BYTES_MAX: Final = 30

_ESCAPES: Final = bytes.maketrans(b"}[],*", b"\x01\x02\x03\x04\x05")
_ESCAPED: Final = re.compile(rb"[}\[\],*]")

_ANSWERS_TO: Final = {"3G": "SG"}
"""Devices that say 3G take commands under SG, as Traccar sends them; answers keep the device's own name."""


class Frame(Struct, frozen=True, kw_only=True):
    """One frame taken apart; `content` as received, escapes and all."""

    manufacturer: str
    device: str
    index: str | None
    content: bytes


def parted(frame: bytes) -> Frame | None:
    """The parts of one frame, or None when it has no header or no end."""
    header = _HEADER.match(frame)
    if header is None or not frame.endswith(b"]"):
        return None
    manufacturer, device, index, _ = header.groups()
    return Frame(
        manufacturer=manufacturer.decode("ascii"),
        device=device.decode("ascii"),
        index=None if index is None else index.decode("ascii"),
        content=frame[header.end() : -1],
    )


def answer(frame: Frame, content: str) -> bytes:
    """A frame back to the device that sent `frame`, under its own manufacturer, id and index."""
    return _frame(frame.manufacturer, frame.device, frame.index, content.encode("ascii"))


def encode_command(manufacturer: str, device: str, content: str | bytes, index: str | None = None) -> bytes:
    """A command as a frame; `index` for devices whose own frames carry one (any four hex digits, such as `0001`).

    `content` goes out as it is: binary parts must have been through `escaped`.
    """
    raw = content.encode("ascii") if isinstance(content, str) else content
    assert len(raw) <= 0xFFFF, "the length of a frame has four hex digits"
    return _frame(_ANSWERS_TO.get(manufacturer, manufacturer), device, index, raw)


def locate_now() -> str:
    """The content of the command for fixes at once: about three minutes of them, 20 s apart."""
    return "CR"


def upload_every(seconds: int) -> str:
    """The content of the command for the interval of reports while moving.

    The vendor's guide allows 60 to 65535 s; much firmware takes 10 s and more.
    """
    assert 1 <= seconds <= 65535, "an interval outside of the protocol"
    return f"UPLOAD,{seconds}"


def escaped(data: bytes) -> bytes:
    """Binary data as it may stand in a frame."""
    return _ESCAPED.sub(lambda found: b"}" + found[0].translate(_ESCAPES), data)


def _frame(manufacturer: str, device: str, index: str | None, content: bytes) -> bytes:
    names = [manufacturer, device] if index is None else [manufacturer, device, index]
    return f"[{'*'.join(names)}*{len(content):04x}*".encode("ascii") + content + b"]"


class Framer:
    """The frames of one connection. However its bytes are cut into pieces, the same frames come out.

    A frame ends at the bracket that closes it, or at a bracket where its length says so (a name with `[` alone). The
    start of a frame within a frame shows that the end of the first was lost; the first still counts when it ends in a
    bracket. `dropped` counts bytes that belong to no frame, or to one longer than `frame_bytes_max`; white space is not
    counted.
    """

    def __init__(self, frame_bytes_max: int) -> None:
        self.dropped = 0
        self._frame_bytes_max = frame_bytes_max
        self._buffer = bytearray()
        self._scanned = 0
        self._depth = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete, in order, brackets included."""
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        while buffer:
            if self._depth == 0:
                start = buffer.find(b"[")
                self._drop(len(buffer) if start < 0 else start)
                if start < 0:
                    break
                self._scanned = self._depth = 1
            end = self._scan()
            if end is not None:
                frames.append(bytes(buffer[:end]).rstrip())
                self._forget(end)
            elif len(buffer) >= self._frame_bytes_max:
                self._drop(self._frame_bytes_max)
                self._depth = 0
            else:
                break
        return frames

    @property
    def pending(self) -> int:
        """How many bytes of a frame that has not ended yet are held."""
        return len(self._buffer)

    def _scan(self) -> int | None:
        """Where the frame at the start of the buffer ends, or None while that is not known."""
        buffer = self._buffer
        while found := _DELIMITER.search(buffer, self._scanned, min(len(buffer), self._frame_bytes_max)):
            at = found.start()
            self._scanned = at + 1
            if buffer[at] == _OPEN:
                self._depth += 1
            elif buffer[at] == _CLOSE:
                self._depth -= 1
                if self._depth == 0 or self._length_ends_at(at):
                    return at + 1
            elif end := self._restarted(at + 1):
                return end
        self._scanned = max(self._scanned, min(len(buffer), self._frame_bytes_max))
        return None

    def _length_ends_at(self, at: int) -> bool:
        header = _HEADER.match(self._buffer)
        return header is not None and at == header.end() + int(header[4], 16)

    def _restarted(self, header_end: int) -> int | None:
        """The end of a frame that the start of another shows to be over, if it has one; a frame without is dropped."""
        header = _HEADER_ENDS.search(self._buffer, max(1, header_end - _HEADER_ENDS_BYTES_MAX), header_end)
        if header is None:
            return None
        start = header.start()
        if self._buffer[:start].rstrip().endswith(b"]"):
            return start
        self._drop(start)
        self._depth = 1
        self._scanned = header_end - start
        return None

    def _drop(self, count: int) -> None:
        if not self._buffer[:count].isspace():
            self.dropped += count
        del self._buffer[:count]

    def _forget(self, count: int) -> None:
        del self._buffer[:count]
        self._depth = 0
