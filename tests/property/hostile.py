"""Values that nobody sends by accident: for bodies, paths, queries and headers."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from struct import pack
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from app.db.page import encode_cursor

DEEP = 3_000
LONG = 20_000


class Raw(Struct, frozen=True):
    """A piece of JSON text that stands for itself, right or wrong."""

    text: str


def json_text(value: Any) -> str:
    """The value as JSON, with pieces of text as they are. A tuple of pairs is an object that may repeat its keys."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Mapping):
        value = tuple(value.items())
    if isinstance(value, tuple):
        return "{" + ",".join(f"{json_text(name)}:{json_text(one)}" for name, one in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return msgspec.json.encode(value).decode()


def raw(*texts: str) -> list[Raw]:
    return [Raw(text) for text in texts]


def quoted(*texts: str) -> list[Raw]:
    return [Raw(msgspec.json.encode(text).decode()) for text in texts]


# fmt: off
NUMBERS = raw(
    "0", "-0", "-1", "1", "1.5", "1e400", "-1e400", "-1e-400", "1E2", "NaN", "Infinity", "-Infinity", "01", "+1", "1e",
    "9007199254740993", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "1" + "0" * 400, "0." + "1" * 400,
)
TEXTS = [
    *quoted(
        "", " ", "\t", "a\nb", "a\r\nb", "\u0000", "a\u0000b", "\u001b[31m", "\u202eabc", "\u200b", "\ufeff", "é" * 50,
        "𠮷野家", "👨‍👩‍👧‍👦", "%s%n{0}", "' OR 1=1 --", "<script>", "../../etc/passwd", "null", "x" * 101, "x" * LONG,
    ),
    *raw(r'"\ud800"', r'"\udfff\ud800"', r'"a\udc00"', r'"\u0000"', '"\x00"', '"\x1f"', r'"\x"', '"open'),
]
TIMES = quoted(
    "0001-01-01", "9999-12-31", "0000-01-01", "2026-02-30", "10000-01-01", "2026-13-01", "1940-02-29", "-0001-01-01",
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-14:00", "9999-12-31T23:59:59-23:59", "2026-04-01T12:00:00", "2026-04-01T12:00:00+24:00",
    "2026-04-01T12:00:00.123456789+09:00", "2026-04-01T24:00:00Z", "2026-06-30T23:59:60Z", "2026-04-01 12:00:00Z",
    "2026-04-01T12:00:00+09:00", "2126-04-01T00:00:00Z", "1775010000",
)
KEYS = (
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "not-a-key",
    "{01a20155-7292-7173-9f34-a1138e0ceae6}", "urn:uuid:01a20155-7292-7173-9f34-a1138e0ceae6",
    "01A20155729271739F34A1138E0CEAE6", "01a20155-7292-7173-9f34-a1138e0ceae",
)
ANYTHING = raw(
    "null", "true", "0", "-1.5", "1e400", "9223372036854775808", '""', '"x"', "[]", "{}", "undefined", '[[],{},[[]]]',
    "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP,
)
"""What fits no field, or few."""

OF_TYPE = {
    "string": [*ANYTHING, *TEXTS],
    "date": [*ANYTHING, *TIMES],
    "date-time": [*ANYTHING, *TIMES],
    "uuid": [*ANYTHING, *quoted(*KEYS)],
    "number": [*ANYTHING, *NUMBERS],
    "integer": [*ANYTHING, *NUMBERS],
}
"""What is put in place of a value of a type (or of the format of a text)."""

RINGS: list[list[tuple[float, float]]] = [
    [(0, 0), (0, 0), (0, 0)],
    [(0, 0), (1, 1), (0, 1), (1, 0)],
    [(90, 0), (90, 90), (90, 180)],
    [(34, 179.999), (34, -179.999), (34.01, 180)],
    [(34, 134), (34, 134.001), (34.001, 134.001), (34, 134)],
    [(-90, -180), (90, 180), (-90, 180)],
    [(34, 134.0 + number * 1e-12) for number in range(5)],
    [(34 + number / 1e4, 134) for number in range(2_000)],
]
SHAPES = [
    *raw(
        '{"type":"circle"}', '{"type":"square","lat_deg":1}', '{"type":["circle"]}', '{"type":"polygon","corners":[]}',
        '{"type":"circle","lat_deg":90,"lon_deg":180,"radius_m":1e5}',
        '{"type":"circle","lat_deg":-90.0,"lon_deg":-180.0,"radius_m":100}',
        '{"type":"circle","lat_deg":1e400,"lon_deg":NaN,"radius_m":100}',
    ),
    *(
        Raw(json_text({"type": "polygon", "corners": [{"lat_deg": lat, "lon_deg": lon} for lat, lon in ring]}))
        for ring in RINGS
    ),
]
"""Geofences at the edges of the earth and of geometry."""

PARTS = [
    "", " ", "0", "-1", "7", "1.5", "1e3", "1_0", "０１２", "٣", "999997", "2147483648", "9223372036854775808",
    "1" * 5_000, "\u0000", "a\u0000b", "..", "../..", "%00", "%2e%2e%2f", "\ufffd", "\ud800", "é", "x" * LONG, "a/b",
    "?", "#", ";a=b", "\n", *KEYS,
]
"""What can stand in place of a part of a path, as a server hands it over: decoded."""

_MOMENTS: list[Any] = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 4, 1),  # noqa: DTZ001
    datetime(2026, 4, 1, tzinfo=UTC),
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-04-01T00:00:00+09:00",
    msgspec.msgpack.Ext(-1, pack(">Iq", 0, 2**62)),
]
_IDS = [UUID(int=0), UUID(int=2**128 - 1)]
CURSORS = [
    encode_cursor(value).encode()
    for value in (
        None, True, 0, -1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 1.5, float("nan"), "", "x", b"x", [], {},
        [[[[]]]], [1, 2], *_IDS, *_MOMENTS, *([moment] for moment in _MOMENTS), [_MOMENTS[0], "x"],
        *([moment, _IDS[0]] for moment in _MOMENTS), *([moment, _IDS[1], "place"] for moment in _MOMENTS),
    )
]
"""Cursors that are well made of what is in no list."""

QUERIES = [
    b"", b"%", b"%00", b"%ff", b"%ed%a0%80", b"%F0%9F%98%80", b"+", b"0", b"-1", b"1", b"200", b"201", b"1.5", b"1e2",
    b"NaN", b"inf", b"null", b"true", b"9223372036854775808", b"-9223372036854775809", b"1" * 5_000, b"x" * LONG,
    b"%EF%BC%91", b"[]", b"open", b"family", b"0001-01-01T00:00:00Z", b"0001-01-01T00:00:00%2B14:00",
    b"9999-12-31T23:59:59-14:00", b"2026-04-01T00:00:00", b"2026-04-01T00:00:00+09:00", b"2026-03-31", b"1775010000",
    b"2026-03-31T00:00:00%2B09:00", b"====", b"gA", b"a%26b", b"a&b", b"a=b", b"a;b", *(key.encode() for key in KEYS),
]
"""What can stand behind the equals sign of a query."""
LIMITS = [b"", b"%00", b"-1", b"0", b"1", b"200", b"201", b"1.5", b"1e2", b"inf", b"9223372036854775808", b"%EF%BC%91"]
"""The same for a number that every list takes."""

_HEADERS: dict[bytes, list[bytes]] = {
    b"content-type": [
        b"", b"text/plain", b"application/json; charset=utf-16", b"application/json;" + b"x" * 5_000, b"\xff",
        b"application/x-www-form-urlencoded", b"multipart/form-data", b"multipart/form-data; boundary=x",
        b"application/msgpack", b"application/JSON", b"application/json, text/plain",
    ],
    b"content-length": [b"", b"-1", b"0", b"5", b"x", b"1e3", b"99999999999999999999", b"\xb2"],
    b"content-encoding": [b"gzip", b"br", b"\xff"],
    b"transfer-encoding": [b"chunked", b"x"],
    b"authorization": [
        b"", b"Bearer", b"Bearer ", b"bearer x y", b"Basic Og==", b"Bearer " + b"x" * 5_000, b"Bearer \xff\x00",
        b"Digest", b"\xe3\x81\x82",
    ],
    b"cookie": [b"", b"=", b"mimamori_sign_in", b"mimamori_sign_in=\xff", b'mimamori_sign_in="\\000"', b";" * 500],
    b"x-csrf-token": [b"\xff", b"x"],
    b"last-event-id": [
        b"", b"-1", b"x", b"1.5", b"9223372036854775807", b"9223372036854775808", b"1" * 5_000, b"\xb2",
    ],
    b"accept": [b"", b"text/html", b"*/*;q=x", b"\xff"],
    b"accept-language": [b"\xff", b"ja;q=2"],
    b"host": [b"", b"evil.example", b"\xff"],
    b"sec-fetch-site": [b"cross-site", b"\xff"],
    b"user-agent": [b"\x00\x1b[31m\xff" * 40],
    b"x-forwarded-for": [b"\xff", b"127.0.0.1"],
    b"range": [b"bytes=0-1"],
    b"if-none-match": [b"*"],
    b"x-http-method-override": [b"DELETE"],
}
HEADERS = [(name, value) for name, values in _HEADERS.items() for value in values]
"""Headers, each in place of the one that the request would have."""

BODIES = [
    b"", b" ", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf{}", b"{", b"}", b"nonsense", b"{}{}", b"{},", b"// {}", b"'a'",
    b"[]", b"null", b"true", b"1", b'"text"', b'{"a":1,}', b"{" + b'"a":1,' * 5_000 + b'"a":1}', b"[" * 200_000,
    b"1" * 200_000, b'{"a":' * 40_000, b'"' + b"\\u0000" * 30_000 + b'"', b"-" * 1000, b"1e" + b"9" * 1_000,
    b"\x1f\x8b\x08\x00", "{}".encode("utf-16"), "{}".encode("utf-32"), b"x" * 300_000, b"a=b&c=d",
    b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
]
"""Bodies as a whole."""
# fmt: on


def spoiled(value: Any, leaf: Any) -> Iterator[Any]:
    """The leaf, and the value with the leaf in place of each of its parts in turn, however deep."""
    yield leaf
    if isinstance(value, dict):
        for name, inner in value.items():
            for one in spoiled(inner, leaf):
                yield {**value, name: one}
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for one in spoiled(inner, leaf):
                yield [*value[:index], one, *value[index + 1 :]]
