"""Dates as people write them."""

from datetime import date

import pytest

from app.tags.dates import written_date
from app.tags.reasons import Reason


@pytest.mark.parametrize(
    "written",
    [
        "2024-04-01", "2024/4/1", "2024.4.1", "20240401", "２０２４／４／１", "2024年4月1日", "2024年４月１日", "令和6年4月1日",
        "令和６年４月１日", "R6.4.1", "r6/4/1", "Ｒ６．４．１", "平成36年4月1日", "H36.4.1", " 2024/4/1 ", "2024/4/1 0:00",
        "2024/04/01 00:00:00",
    ],
)  # fmt: skip
def test_every_way_of_writing_is_the_same_day(written: str) -> None:
    assert date(2024, 4, 1) == written_date(written)


def test_the_first_year_of_an_era_has_a_name() -> None:
    assert date(2019, 5, 1) == written_date("令和元年5月1日")
    assert date(1989, 1, 8) == written_date("平成元年1月8日")
    assert date(1988, 12, 31) == written_date("S63.12.31")


@pytest.mark.parametrize(
    "written", ["", "4/1", "2024/13/1", "2024/2/30", "令和", "M10.1.1", "2024/4/1 9:30", "45383", "未定", "0000/1/1"]
)
def test_what_is_no_day_has_a_reason(written: str) -> None:
    assert Reason.NOT_A_DATE is written_date(written)
