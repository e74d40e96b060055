"""What rows keep as JSON, read so that no alert depends on it: a newer version may have written it, or a hand."""

from typing import Any, TypeVar

import msgspec
import structlog

log = structlog.get_logger()

Kind = TypeVar("Kind")


def read(value: Any, kind: type[Kind]) -> Kind | None:
    """What the row keeps; None, and a line in the log without what stands there, when this version cannot read it."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        log.error("row_unreadable", kind=kind.__name__)
        return None
