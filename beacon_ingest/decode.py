"""The public door of `mimamori decode`: lines of device input in, normalised messages out, as DESIGN section 9 says.

An input line is hex or text. A line of a TCP format is the next piece of one connection; a line of an HTTP format is a
body, a query string, or a whole request as `{"method", "uri", "headers", "body"}`. A line of a detector's format may
also be a message of a broker, `{"topic", "payload"}`; a line of `advertisement` is one raw advertisement in hex.
Nothing a device may have sent raises.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from beacon_ingest.decoders import advertisement, reading
from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.formats import ADVERTISEMENT, FORMATS, DecodeFrame, DecodeRequest, StreamFramer
from beacon_ingest.messages import encode

FRAME_BYTES_MAX: Final = 256 * 1024
"""A file may hold longer frames than a listener would take from a stranger."""

_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_ADDRESS: Final = re.compile(rb"(?:[A-Z]+ )?(?:(?:https?://|/)[^\s?]*)?\?(\S*)(?: HTTP/\S+)?")
_REQUEST_MEMBERS: Final = frozenset({"method", "uri", "headers", "body", "body_hex", "kind"})
_READS_TOPICS: Final = frozenset({"theengs"})
"""Formats whose body is what the broker forwards, topic and all. Of the others the payload is the body."""


class UnknownFormat(KeyError):
    """There is no format of that name; the message lists those there are."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"unknown format {self.name!r}; there are: {', '.join(list_formats())}"


def list_formats() -> list[str]:
    """The names of the formats, and of what else can be decoded."""
    return [*FORMATS, ADVERTISEMENT]


def decode_lines(format_name: str, lines: Iterable[str]) -> Iterator[bytes]:
    """One JSON object a message or error, in order, without line ends; `line` is the number of its input line, from 1.

    A frame of a TCP format belongs to the line on which it ended. A line that rightly says nothing gives nothing.
    Raises UnknownFormat at once.
    """
    if format_name == ADVERTISEMENT:
        return _advertisements(lines)
    form = FORMATS.get(format_name)
    if form is None:
        raise UnknownFormat(format_name)
    if form.decode_request is not None:
        unwrap = form.spoken_by == "detector" and format_name not in _READS_TOPICS
        return _requests(form.decode_request, lines, unwrap)
    assert form.framer is not None, "a format is HTTP or TCP"
    assert form.decode_frame is not None, "a TCP format has a frame decoder"
    return _stream(form.framer(FRAME_BYTES_MAX), form.decode_frame, lines)


def _requests(decode: DecodeRequest, lines: Iterable[str], unwrap: bool) -> Iterator[bytes]:
    for line, text in enumerate(lines, start=1):
        if raw := _raw(text.strip()):
            request = _request(raw)
            yield from _told(line, decode(_payload(request) if unwrap else request, None))


def _advertisements(lines: Iterable[str]) -> Iterator[bytes]:
    """An empty line is an empty advertisement: there are such, and they name nobody."""
    for line, text in enumerate(lines, start=1):
        digits = text.strip()
        if digits and not _HEX.fullmatch(digits):
            yield _error(line, "an advertisement is written in hex digits")
        elif (sighting := advertisement.sighting(bytes.fromhex(digits))) is None:
            yield _error(line, "the advertisement names no tag")
        else:
            yield _numbered(line, encode(sighting))


def _stream(framer: StreamFramer, decode: DecodeFrame, lines: Iterable[str]) -> Iterator[bytes]:
    line = 0
    for line, text in enumerate(lines, start=1):
        dropped = framer.dropped
        frames = framer.feed(_raw(text.rstrip("\r\n")))
        for frame in frames:
            yield from _told(line, decode(frame, None))
        if framer.dropped > dropped:
            yield _error(line, f"{framer.dropped - dropped} bytes belong to no frame")
    if framer.pending:
        yield _error(line, f"the connection ends within a frame: {framer.pending} bytes of it")


def _told(line: int, decoded: Decoded) -> Iterator[bytes]:
    for message in decoded.messages:
        text = _numbered(line, encode(message))
        yield text.replace(b'"device":"",', b"", 1)  # What a frame does not state is left out.
    for sighting in decoded.sightings:
        yield _numbered(line, encode(sighting))
    for refusal in decoded.refusals:
        yield _error(line, f"row {refusal.row}: {refusal.why}" if refusal.row else refusal.why)


def _numbered(line: int, message: bytes) -> bytes:
    return message[:-1] + b',"line":%d}' % line


def _error(line: int, why: str) -> bytes:
    return msgspec.json.encode({"line": line, "error": why})


def _raw(text: str) -> bytes:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    return text.encode("utf-8", "surrogateescape" if _from_bytes(text) else "replace")


def _from_bytes(text: str) -> bool:
    """Whether every lone surrogate in the text stands for one byte of a file that is not UTF-8."""
    return all("\udc80" <= character <= "\udcff" for character in text if "\ud800" <= character <= "\udfff")


def _request(raw: bytes) -> HttpRequest:
    """The request that a line stands for: all of it, its body, or its address, whose query is read as a form."""
    address = _ADDRESS.fullmatch(raw)
    if address is not None:
        return HttpRequest(body=address[1])
    document, _ = reading.document(raw) if raw[:1] == b"{" else (None, None)
    if isinstance(document, dict) and document.keys() <= _REQUEST_MEMBERS and ("uri" in document or "body" in document):
        return _whole_request(document)
    return HttpRequest(body=raw)


def _payload(request: HttpRequest) -> HttpRequest:
    """The request that a message of a broker stands for, `{"topic", "payload"}`; any other as it is."""
    document, _ = reading.document(request.body) if request.body[:1] == b"{" else (None, None)
    if not isinstance(document, dict) or "topic" not in document or "payload" not in document:
        return request
    payload = document["payload"]
    return HttpRequest(body=_raw(payload.strip() if isinstance(payload, str) else json.dumps(payload)))


def _whole_request(document: Mapping[str, Any]) -> HttpRequest:
    headers, body = document.get("headers"), document.get("body")
    if not isinstance(body, str):
        # json, because a document that only Python's reader took may hold NaN.
        body = "" if body is None else json.dumps(body)
    uri = document.get("uri")
    return HttpRequest(
        method=str(document.get("method") or "POST"),
        uri=uri if isinstance(uri, str) else "/",
        headers={str(key).lower(): str(value) for key, value in headers.items()} if isinstance(headers, dict) else {},
        body=_raw(body) if body else b"",
    )
