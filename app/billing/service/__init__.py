"""What can be asked of the room, by use case; the routes and commands call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself.
"""

from app.billing.service.closing import TOPIC, begin, next_step, work_off
from app.billing.service.issuing import end_reading, let_read, put_issuer, stop_reading
from app.billing.service.paying import listed as payments
from app.billing.service.paying import pay, take_back
from app.billing.service.reading import (
    Paper,
    arrears,
    documents_part,
    explanation,
    in_words,
    is_right,
    issuers_of,
    lines,
    listed,
    paper,
    parts,
    parts_sheet,
    pdf,
    sheet_part,
    state,
    visible,
)
from app.billing.service.scheduling import closings, gaps, last_month, plan_closing

__all__ = [
    "TOPIC",
    "Paper",
    "arrears",
    "begin",
    "closings",
    "documents_part",
    "end_reading",
    "explanation",
    "gaps",
    "in_words",
    "is_right",
    "issuers_of",
    "last_month",
    "let_read",
    "lines",
    "listed",
    "next_step",
    "paper",
    "parts",
    "parts_sheet",
    "pay",
    "payments",
    "pdf",
    "plan_closing",
    "put_issuer",
    "sheet_part",
    "state",
    "stop_reading",
    "take_back",
    "visible",
    "work_off",
]  # fmt: skip
