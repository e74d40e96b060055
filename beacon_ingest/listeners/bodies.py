"""The body of a request: read to its end and no further, inflated, decoded."""

import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import structlog

from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.formats import DecodeRequest

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

log = structlog.get_logger()

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


async def rest(body: bytes, receive: Receive, bytes_max: int) -> bytes | None:
    """The body after its first piece: whole, or cut off just past the limit; None when the client is gone."""
    parts = bytearray(body)
    more = True
    while more and len(parts) <= bytes_max:
        event = await receive()
        if event["type"] != "http.request":
            return None
        parts += event.get("body", b"")
        more = event.get("more_body", False)
    return bytes(parts)


def inflated(body: bytes, bytes_max: int) -> bytes | None:
    """What a gzip body holds, at most one byte more than allowed however much that is; None when it is not gzip."""
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        whole = inflater.decompress(body, bytes_max + 1)
    except zlib.error:
        return None
    return whole if inflater.eof or len(whole) > bytes_max else None


def decoded(
    name: str,
    decode: DecodeRequest,
    scope: Scope,
    query: bytes,
    content_type: bytes | None,
    body: bytes,
    received_at: datetime,
) -> Decoded | None:
    """What the body says, or None when the decoder of the format `name` broke on it."""
    request = HttpRequest(
        method=scope["method"],
        uri=f"{scope['path']}?{query.decode('utf-8', 'replace')}" if query else scope["path"],
        headers=_NO_HEADERS if content_type is None else {"content-type": content_type.decode("latin-1")},
        body=body,
    )
    try:
        return decode(request, received_at)
    except Exception as error:  # A defect of a decoder costs only the one unit that woke it (DESIGN promise 8).
        log.error("decoder_crashed", format=name, error=type(error).__name__, at=_line(error))
        return None


def _line(error: Exception) -> str:
    """Where it broke. The text of the error would be clearer, and may quote what a person sent."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return "" if frame is None else f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}"
