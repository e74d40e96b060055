"""Many passages as one line."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.push.bundle import BUNDLE, BUNDLE_MORE, bundled
from app.push.render import LANGUAGES, title_and_body
from tests.build import NOW


def passed(detector: str, minute: int, kind: str = "news.passage") -> tuple[str, dict[str, str]]:
    at = (NOW + timedelta(minutes=minute)).isoformat()
    return kind, {"wearer": "ハナ", "at": at, "received": at, "zone": "Asia/Tokyo", "detector": detector}


def title(told: list[tuple[str, dict[str, str]]], language: str = "ja") -> str:
    kind, params = bundled(told)
    return title_and_body(kind, language, params).title


def test_passages_come_as_how_many_from_when_until_when_and_where_in_the_order_of_her_way() -> None:
    way = [passed("角の電柱", 9), passed("東門", 5), passed("東門", 41)]

    assert title(way) == "ハナさんの通過 3件（12:05–12:41）：東門、角の電柱"
    assert title(way, "en") == "ハナ: 3 passages (12:05–12:41): 東門, 角の電柱"
    assert title(way, "easy") == "ハナさんが 3回 通りました（12:05–12:41）：東門、角の電柱"


def test_of_many_places_three_are_named() -> None:
    way = [passed(f"電柱{number}", number) for number in range(10)]

    assert title(way) == "ハナさんの通過 10件（12:00–12:09）：電柱0、電柱1、電柱2ほか"


def test_a_line_takes_up_what_came_meanwhile() -> None:
    way = [passed(f"電柱{number}", number) for number in range(5)]

    assert bundled(way) == bundled([bundled(way[:4]), way[4]])
    assert bundled(way[:3]) == bundled([way[2], bundled(way[:2])])
    assert (BUNDLE, BUNDLE_MORE) == (bundled(way[:3])[0], bundled(way)[0])


def test_a_line_that_came_late_says_so() -> None:
    late = [passed("東門", 1), passed("角の電柱", 2)]
    for _, params in late:
        params["received"] = (NOW + timedelta(minutes=30)).isoformat()

    kind, params = bundled(late)

    assert "これは12:02のことで、知らせが届いたのは12:30です。" in title_and_body(kind, "ja", params).body


@pytest.mark.parametrize("language", LANGUAGES)
def test_passages_that_say_nothing_are_worded_all_the_same(language: str) -> None:
    kind, params = bundled([("news.passage", {}), ("news.passages", {"count": "x", "at": "yesterday"})])

    with capture_logs():
        words = title_and_body(kind, language, params)

    assert "2" in words.title
