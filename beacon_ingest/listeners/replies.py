"""What the HTTP edge answers: one success a format, and every refusal as a problem of RFC 9457.

Strangers learn nothing: unknown device, wrong key, no key, somebody else's device and other city are the same 401 to
the last byte. Traccar's own clients know 400 and 404 for an unknown id; they treat every status but 2xx alike (keep the
position, try again later), so that nothing is lost by not telling.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from beacon_ingest.decoders.decoded import Refusal

Headers = list[tuple[bytes, bytes]]

_JSON: Final = b"application/json"
_PROBLEM: Final = b"application/problem+json"
_ERRORS_MAX: Final = 100


class Reply(Struct, frozen=True):
    """One answer. `order_ids` are the orders that it carries."""

    status: int
    headers: Headers
    body: bytes
    order_ids: tuple[UUID, ...] = ()


def plain(body: bytes = b"", content_type: bytes | None = None, order_ids: Iterable[UUID] = ()) -> Reply:
    """200 with `body`."""
    headers = [(b"content-length", b"%d" % len(body))]
    if content_type is not None:
        headers.append((b"content-type", content_type))
    return Reply(200, headers, body, tuple(order_ids))


def json(body: bytes, order_ids: Iterable[UUID] = ()) -> Reply:
    """200 with a JSON body."""
    return plain(body, _JSON, order_ids)


def taken(accepted: int, refusals: Sequence[Refusal], interval_s: int | None) -> Reply:
    """200 to a detector: how many rows were taken, which were not and why, and how often it should send."""
    rejected = [{"row": refusal.row, "why": refusal.why} for refusal in refusals[:_ERRORS_MAX]]
    reply = json(msgspec.json.encode({"accepted": accepted, "rejected": rejected}))
    if interval_s is not None:
        reply.headers.append((b"mimamori-interval-s", b"%d" % interval_s))
    return reply


def problem(
    status: int, name: str, title: str, detail: str, *, headers: Sequence[tuple[bytes, bytes]] = (), **more: Any
) -> Reply:
    """A refusal with its reason for people, of the type `/problems/<name>`; `more` are further members of it."""
    body = msgspec.json.encode(
        {"type": f"/problems/{name}", "title": title, "status": status, "detail": detail, **more}
    )
    return Reply(
        status,
        [(b"content-length", b"%d" % len(body)), (b"content-type", _PROBLEM), *headers],
        body,
    )


def _retry_after(seconds: float) -> tuple[bytes, bytes]:
    return (b"retry-after", b"%d" % max(1, -int(-seconds // 1)))


def unreadable(refusals: Sequence[Refusal]) -> Reply:
    """400: nothing of the body could be read; which row and why."""
    errors = [{"where": f"row {refusal.row}", "row": refusal.row, "why": refusal.why} for refusal in refusals]
    return problem(
        400,
        "invalid-input",
        "This cannot be meant",
        "Nothing of what was sent could be read.",
        errors=errors[:_ERRORS_MAX],
    )


def wrong_method(methods: Iterable[str]) -> Reply:
    """405 with the methods that there are."""
    return problem(
        405,
        "method-not-allowed",
        "Method not allowed",
        "This path takes other methods.",
        headers=[(b"allow", ", ".join(sorted(methods)).encode())],
    )


def too_fast(wait_s: float) -> Reply:
    """429: this device must wait."""
    return problem(
        429, "too-many", "Too many", "This device speaks faster than it may.", headers=[_retry_after(wait_s)]
    )


def unavailable(detail: str, retry_after_s: float) -> Reply:
    """503: nothing was taken; it should come again."""
    return problem(503, "overloaded", "Overloaded", detail, headers=[_retry_after(retry_after_s)])


def too_large(bytes_max: int) -> Reply:
    """413: the body, or what it inflates to."""
    return problem(413, "too-large", "Too large", f"A body may have at most {bytes_max} bytes.")


def too_many_rows(rows_max: int) -> Reply:
    """413: more messages in one body than are taken together."""
    return problem(413, "too-large", "Too large", f"A body may carry at most {rows_max} messages.")


OK: Final = plain()
NO_COMMANDS: Final = json(b"[]")
NOT_FOUND: Final = problem(404, "not-found", "Not found", "There is no such path.")
UNKNOWN: Final = problem(
    401,
    "unknown-device",
    "Not known",
    "No enrolled device is known by what was shown.",
    headers=[(b"www-authenticate", b'Bearer, Basic realm="mimamori"')],
)
TOO_SLOW: Final = problem(408, "too-slow", "Too slow", "The rest of the body did not come.")
WRONG_ENCODING: Final = problem(
    415,
    "unsupported-media-type",
    "Not read here",
    "A body comes as it is, or with gzip.",
    headers=[(b"accept-encoding", b"gzip")],
)
NOT_INFLATED: Final = problem(
    400, "invalid-input", "This cannot be meant", "The body is not gzip, although it says so."
)
CRASHED: Final = problem(422, "unreadable", "Not read", "This could not be read; the operators have been told.")
NOT_READY: Final = unavailable("The service is starting; nothing was taken.", 5)
NOT_STORED: Final = unavailable("It could not be stored; nothing was taken.", 5)
