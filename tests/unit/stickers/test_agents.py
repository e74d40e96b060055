"""People and what looks through links for them."""

import pytest

from app.stickers.agents import is_ahead, is_machine, mark_of

PEOPLE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 8.0.0; SH-04H) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0.4896.127 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/14.5.0",
    "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0 Mobile Safari/537.36 QRScanner/2.1",
    "DoCoMo/2.0 P07A3(c500;TB;W24H15)",
)
MACHINES = (
    "",
    "  ",
    "facebookexternalhit/1.1;line-poker/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 10.0) Proofpoint URL Defense",
    "curl/8.5.0",
    "python-httpx/0.27",
)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_persons_browser_is_none(agent: str) -> None:
    assert not is_machine(agent)


@pytest.mark.parametrize("agent", MACHINES)
def test_what_looks_through_links_is_a_machine(agent: str) -> None:
    assert is_machine(agent)


@pytest.mark.parametrize("name", ["Sec-Purpose", "Purpose", "X-Moz"])
def test_a_page_that_is_fetched_ahead_is_asked_for_by_nobody(name: str) -> None:
    assert is_ahead({name.lower(): "prefetch"})
    assert not is_ahead({"accept": "prefetch"})


def test_a_mark_is_the_same_in_one_neighbourhood_and_holds_no_address() -> None:
    marks = {mark_of(b"s" * 32, address) for address in ("203.0.113.7", "203.0.113.200")}

    assert [8] == [len(mark) for mark in marks]
    assert mark_of(b"s" * 32, "203.0.114.7") not in marks
    assert mark_of(b"t" * 32, "203.0.113.7") not in marks
    assert mark_of(b"s" * 32, "2001:db8:1:2::3") == mark_of(b"s" * 32, "2001:db8:1:9::4")
