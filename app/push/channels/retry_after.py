"""The header Retry-After (RFC 9110 section 10.2.3), which all services share. Pure."""

from datetime import datetime
from email.utils import parsedate_to_datetime


def seconds_of(value: str | None, now: datetime) -> float | None:
    """How long to wait: it is given as seconds, or as a date; None when there is nothing that can be read.

    >>> now = datetime.fromisoformat("2026-04-01T03:00Z")
    >>> seconds_of("7", now), seconds_of("Wed, 01 Apr 2026 03:02:00 GMT", now), seconds_of("soon", now)
    (7.0, 120.0, None)
    """
    if not value:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError):  # Not a date, or one without a zone.
        return None
    return max(0.0, seconds)
