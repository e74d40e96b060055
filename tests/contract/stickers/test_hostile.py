"""Whoever sends what no browser sends gets a page that says so, and never finds a defect of ours."""

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from app.alerts.tables import alert
from app.kit.errors import InvalidInput
from app.stickers import service
from app.stickers.model import PhoneShown
from app.stickers.service import boards
from app.stickers.store import drills
from app.stickers.store.drills import Trial
from app.stickers.tables import sticker, sticker_thread
from app.stickers.threads import FinderSaid
from tests.build import NOW, minutes
from tests.contract.stickers.street import PHONE, Street, first_contact, put_card
from tests.contract.stickers.test_board_page import FORM, board, end, once_in, rows, tap

MULTIPART = "multipart/form-data; boundary=BB"
URLENCODED = "application/x-www-form-urlencoded"


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b'--BB\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"


def text(charset: bytes) -> bytes:
    return b"\r\nContent-Type: text/plain; charset=" + charset


END = b"--BB--\r\n"
BODIES: Mapping[str, tuple[str, bytes]] = {
    "no_known_writing": (MULTIPART, part(b"words", b"hi", text(b"nope")) + END),
    "no_text_at_all": (MULTIPART, part(b"words", b"aGk=", text(b"base64")) + END),
    "halves_of_characters": (
        MULTIPART,
        part(b"once", b"\\ud800\\ud800abcdefgh", text(b"unicode_escape")) + part(b"words", b"hi") + END,
    ),
    "bytes_of_no_text": (MULTIPART, part(b"words", b"\xff\xfe\xed\xa0\x80\x00") + END),
    "no_end": (MULTIPART, part(b"once", b"12345678")),
    "three_thousand_parts": (MULTIPART, part(b"state", b"calm") * 3000 + END),
    "nested_without_end": (MULTIPART, part(b"words", b"[" * 7000, b"\r\nContent-Type: application/json") + END),
    "no_boundary": ("multipart/form-data", b"x"),
    "a_place_that_is_no_number": (URLENCODED, b"once=abcabcabcabc&lat=nan&lon=inf&accuracy=nan"),
    "nothing_but_nul": (URLENCODED, b"once=%00%00%00%00%00%00%00%00&words=%00&place=%00&state=%00"),
}


@pytest.mark.parametrize("path", ["code", "board", "report"])
@pytest.mark.parametrize("what", BODIES)
def test_no_form_finds_a_defect(street: Street, what: str, path: str) -> None:
    tap(street)
    paths = {"code": f"/s/{street.code}", "board": "/s/board", "report": "/s/board/report"}
    kind, body = BODIES[what]

    for _ in ("with the cookie", "without"):
        answer: Any = street.client.post(
            paths[path], content=body, headers={"user-agent": PHONE, "content-type": kind}, follow_redirects=False
        )
        assert answer.status_code < 500, answer.text
        assert "no-store" == answer.headers["cache-control"]
        assert "noindex" in answer.headers["x-robots-tag"]
        street.client.cookies.clear()


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "https://town.example.evil"], ids=["[", "::1", "evil"])
def test_an_origin_that_is_none_is_another_site(street: Street, origin: str) -> None:
    assert 403 == tap(street, "o" * 20, origin=origin).status_code


def test_a_board_is_read_by_nobody_elses_cookie(street: Street) -> None:
    tap(street)
    for other in ("a" * 43, "%ED%A0%80", '"\\355\\240\\200"', "%00", ""):
        street.client.cookies.clear()
        answer = street.client.get("/s/board", headers={**FORM, "cookie": f"mimamori_finder={other}"})
        assert 404 == answer.status_code


def alerts(street: Street) -> list[str]:
    return [row.state for row in rows(street, alert)]


def try_stickers(street: Street) -> None:
    with street.database.transaction() as connection:
        until = NOW + minutes(30)
        begun_by = street.town.daughter.id
        drills.put_test(connection, Trial(wearer_id=street.town.hana.id, begun_by=begun_by, until_at=until))


def test_a_real_emergency_is_no_test(street: Street) -> None:
    try_stickers(street)
    tap(street)
    assert [] == alerts(street)
    assert "/s/board/real" in board(street).text

    other_site = {**FORM, "sec-fetch-site": "cross-site"}
    for headers, status in ((other_site, 403), (FORM, 303), (FORM, 303)):
        sent = street.client.post("/s/board/real", data={"once": "e" * 20}, headers=headers, follow_redirects=False)
        assert status == sent.status_code

    assert ["open"] == alerts(street)
    assert ["real"] == [row.mode for row in rows(street, sticker_thread)]
    assert "/s/board/real" not in board(street).text


def test_while_somebody_is_with_her_no_test_swallows_another_finder(street: Street) -> None:
    tap(street)
    try_stickers(street)
    street.client.cookies.clear()
    tap(street)

    assert ["real", "real"] == [row.mode for row in rows(street, sticker_thread)]


def test_who_tried_a_sticker_is_heard_when_the_test_is_over(street: Street) -> None:
    try_stickers(street)
    tap(street)
    tap(street)
    assert ["test"] == [row.mode for row in rows(street, sticker_thread)]

    street.clock.pass_by(minutes(31))
    tap(street)
    assert ["test", "real"] == [row.mode for row in rows(street, sticker_thread)]
    assert ["open"] == alerts(street)


def test_who_finds_her_again_after_the_alert_was_ended_is_heard_again(street: Street) -> None:
    tap(street)
    with street.database.transaction() as connection:
        connection.execute(sa.update(alert).values(state="resolved", ended_at=NOW))
    street.clock.pass_by(minutes(60))
    tap(street)

    assert ["open", "resolved"] == sorted(alerts(street))
    (thread,) = rows(street, sticker_thread)
    assert thread.alert_id == next(row.id for row in rows(street, alert) if row.state == "open")


def test_a_page_of_long_ago_is_no_tap_into_what_is_over(street: Street) -> None:
    once = "l" * 22
    tap(street, once)
    end(street)
    street.client.cookies.clear()
    again = tap(street, once)

    assert 400 == again.status_code
    assert "set-cookie" not in again.headers
    assert 303 == tap(street, once_in(again)).status_code
    assert 2 == len(rows(street, sticker_thread))


def test_a_sticker_that_is_lost_in_the_same_moment_begins_nothing(street: Street) -> None:
    with street.database.transaction() as connection:
        found = service.scanned(connection, street.code)
        assert found is not None
        connection.execute(sa.update(sticker).values(state="lost"))
    with street.database.transaction() as connection, pytest.raises(InvalidInput):
        boards.begin(
            connection, found.sticker, said=FinderSaid(), language="ja", mark=b"m" * 32, once="o" * 22, key=b"k",
            now=NOW,
        )  # fmt: skip
    assert [] == rows(street, sticker_thread)


def test_a_number_that_is_never_shown_is_not_on_the_board(street: Street) -> None:
    key = first_contact(street, "090-1234-5678")
    for shown, seen in ((PhoneShown.NEVER, False), (PhoneShown.TAP, True)):
        put_card(street, contact_id=key, phone_shown=shown)
        tap(street)
        assert seen == ("090-1234-5678" in board(street).text), shown


def test_a_day_after_the_end_nothing_marks_the_finder(street: Street) -> None:
    tap(street)
    end(street)
    with street.database.transaction() as connection:
        service.forget_boards(connection, 90, NOW + minutes(24 * 60 + 1))
    (thread,) = rows(street, sticker_thread)
    assert (None, None) == (thread.mark, thread.secret_hash)
