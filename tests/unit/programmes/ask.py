"""Prices a usage by a packaged scheme, as the command does."""

import json
from typing import Any

from app.programmes.catalogue import scheme_of
from app.programmes.model import Line
from app.programmes.pricing import Priced, price, read_usage


def priced(scheme_id: str, /, **fields: Any) -> Priced:
    """Fields of terms and usage side by side."""
    question = read_usage(json.dumps(fields).encode(), "usage.json")
    grant = question.terms.subsidy
    return price(scheme_of(scheme_id), question, scheme_of(grant.scheme) if grant else None)


def amounts(found: Priced) -> list[tuple[str, str, int]]:
    """Code, payer and yen of each line."""
    return [(line.code, str(line.payer), line.amount_yen) for line in found.lines]


def line_of(found: Priced, source: str) -> Line:
    """The line of one thing that happened."""
    (line,) = [line for line in found.lines if line.source == source]
    return line


def months(since: str, until: str | None = None) -> dict[str, str]:
    """A span of months."""
    return {"from": since, "until": until or since}


def turn_out(name: str, departed: str, ended: str, **more: Any) -> dict[str, Any]:
    """A turn-out by the clock of Japan: `2026-04-01 10:00`, seconds if given."""
    return {"id": name, "departed_at": jst(departed), "ended_at": jst(ended), **more}


def jst(text: str) -> str:
    """A moment of Japan as ISO 8601."""
    return text.replace(" ", "T") + ("" if text.count(":") == 2 else ":00") + "+09:00"
