"""Dates as people write them in Japan. Pure."""

import re
import unicodedata
from datetime import date
from typing import Final

from app.tags.reasons import Reason

# The year before the first of each era.
_ERAS: Final = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
_WRITTEN = re.compile(
    r"(?:(?P<era>令和|平成|昭和|[RHS])\s*(?P<of_era>元|[0-9]{1,2})|(?P<year>[0-9]{4}))\s*[-/.年]\s*"
    r"(?P<month>[0-9]{1,2})\s*[-/.月]\s*(?P<day>[0-9]{1,2})\s*日?(?:[ T]0{1,2}:00(?::00)?)?"
)
_DIGITS = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")


def written_date(text: str) -> date | Reason:
    """The date that is written, in the calendar of the West or of an era; a midnight behind it is a spreadsheet's.

    >>> written_date("令和6年4月1日"), written_date("R6.4.1"), written_date("２０２４／４／１")
    (datetime.date(2024, 4, 1), datetime.date(2024, 4, 1), datetime.date(2024, 4, 1))
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper().replace("−", "-")
    found = _WRITTEN.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if found is None:
        return Reason.NOT_A_DATE
    parts = found.groupdict()
    if parts.get("era"):
        year = _ERAS[parts["era"]] + (1 if parts["of_era"] == "元" else int(parts["of_era"]))
    else:
        year = int(parts["year"])
    try:
        return date(year, int(parts["month"]), int(parts["day"]))
    except ValueError:
        return Reason.NOT_A_DATE
