"""From "I am with this person" to the last line, as a browser without script goes through it."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.alerts.tables import alert
from app.kit.errors import Overloaded
from app.stickers.model import PhoneShown, StickerState
from app.stickers.store import threads as store
from app.stickers.tables import sticker, sticker_line, sticker_photo, sticker_thread
from app.stickers.threads import LastWords, ThreadState
from tests.build import NOW, minutes
from tests.contract.stickers.build import a_sticker
from tests.contract.stickers.street import PHONE, Street, first_contact, put_card
from tests.photos import NOTES, a_photo, shown

FORM = {"user-agent": PHONE, "accept-language": "en", "sec-fetch-site": "same-origin"}


def once_in(page: Any, form: str = "") -> str:
    found = re.search(r'name="once" value="([^"]+)"', page.text[page.text.index(form) :])
    assert found is not None
    return found[1]


def tap(street: Street, once: str | None = None, path: str = "", **headers: str) -> Any:
    once = once or once_in(street.scan())
    return street.client.post(
        path or f"/s/{street.code}", data={"once": once}, headers={**FORM, **headers}, follow_redirects=False
    )


def board(street: Street) -> Any:
    return street.client.get("/s/board", headers=FORM)


def write(street: Street, files: Any = None, path: str = "/s/board", **fields: Any) -> Any:
    given = {"once": "w" * 22, **fields}
    # Browsers send a field of no file too; the form is multipart.
    sent = files or {"photo": ("", b"", "application/octet-stream")}
    return street.client.post(path, data=given, files=sent, headers=FORM, follow_redirects=False)


def rows(street: Street, table: Any) -> list[Any]:
    with street.database.transaction() as connection:
        return list(connection.execute(sa.select(table)))


def end(street: Street, **given: Any) -> None:
    with street.database.transaction() as connection:
        values = {"state": ThreadState.HANDED_OVER.value, "ended_at": NOW, **given}
        connection.execute(sa.update(sticker_thread).values(**values))


def test_one_tap_tells_the_family_and_gives_the_phone_its_secret(street: Street) -> None:
    answer = tap(street)

    assert (303, "/s/board") == (answer.status_code, answer.headers["location"])
    cookie = answer.headers["set-cookie"]
    for part in ("mimamori_finder=", "HttpOnly", "SameSite=lax", "Path=/s", "Max-Age="):
        assert part.lower() in cookie.lower()
    assert [("sticker", "open")] == [(row.kind, row.state) for row in rows(street, alert)]
    page = board(street)
    assert 200 == page.status_code
    assert "They were told at 12:00." in page.text
    assert "no-store" == page.headers["cache-control"]


def test_a_look_sets_no_cookie_and_calls_nobody(street: Street) -> None:
    for headers in ({}, {"user_agent": "facebookexternalhit/1.1"}, {"sec_purpose": "prefetch"}):
        assert "set-cookie" not in street.scan(**headers).headers

    assert [] == rows(street, alert) == rows(street, sticker_thread)


def test_what_the_family_chose_is_shown_only_after_the_tap(street: Street) -> None:
    contact_id = first_contact(street, "090-7777-7777")
    put_card(street, nickname="HanaX", helps="RightEar", illness="Sugar", shows_illness=True, contact_id=contact_id,
             phone_shown=PhoneShown.TAP)  # fmt: skip
    marks = ("HanaX", "RightEar", "Sugar", "tel:09077777777")

    assert not any(words in street.scan().text for words in marks)
    tap(street)
    assert all(words in board(street).text for words in marks)
    assert not any(words in street.scan().text for words in marks)  # With the cookie as well.


def test_a_double_tap_and_a_tap_after_going_back_are_one_thread(street: Street) -> None:
    once = once_in(street.scan())
    first, second = tap(street, once), tap(street, once)
    third = tap(street)  # Another page, another `once`; the phone has its secret.

    assert [303] * 3 == [one.status_code for one in (first, second, third)]
    assert 1 == len(rows(street, sticker_thread)) == len(rows(street, alert))
    street.client.cookies.clear()
    assert first.headers["set-cookie"] == tap(street, once).headers["set-cookie"]
    assert 1 == len(rows(street, sticker_thread))


def test_two_people_have_two_boards_and_the_family_one_alert(street: Street) -> None:
    tap(street)
    write(street, words="I am the first")
    street.client.cookies.clear()
    tap(street)

    assert "I am the first" not in board(street).text
    assert 2 == len(rows(street, sticker_thread))
    assert 1 == len([row for row in rows(street, alert) if row.state == "open"])


def test_an_old_cookie_opens_nothing_old(street: Street) -> None:
    tap(street)
    write(street, words="of the day before")
    end(street)
    street.clock.pass_by(minutes(60 * 25))

    page = street.scan()
    assert "of the day before" not in page.text
    assert once_in(page)
    assert 404 == board(street).status_code
    assert 303 == tap(street).status_code
    assert "of the day before" not in board(street).text
    assert 2 == len(rows(street, sticker_thread))


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none", "origin": "https://evil.example"}],
    ids=["cross", "same-site", "origin"],
)  # fmt: skip
def test_another_site_cannot_press_the_button(street: Street, headers: dict[str, str]) -> None:
    assert 403 == tap(street, **headers).status_code
    assert [] == rows(street, sticker_thread)
    tap(street)
    answer = street.client.post("/s/board", data={"words": "evil"}, headers={**FORM, **headers})
    assert 403 == answer.status_code
    assert [] == rows(street, sticker_line)


def test_an_old_browser_that_names_no_site_or_ours_comes_through(street: Street) -> None:
    for number, origin in enumerate(("null", "https://town.example")):
        street.client.cookies.clear()
        given = {"user-agent": PHONE, "origin": origin}
        page = street.client.post(
            f"/S/{street.code}", data={"once": f"{number}" * 22}, headers=given, follow_redirects=False
        )
        assert 303 == page.status_code


def test_json_and_plain_text_are_no_forms(street: Street) -> None:
    for kind in ("application/json", "text/plain"):
        given = {**FORM, "content-type": kind}
        assert 415 == street.client.post(f"/s/{street.code}", content=b"{}", headers=given).status_code


def test_a_form_that_is_none_of_ours_gets_a_page_with_one(street: Street) -> None:
    for once in ("", "x", "y" * 65, "é" * 20):
        answer = street.client.post(f"/s/{street.code}", data={"once": once}, headers=FORM, follow_redirects=False)
        assert 400 == answer.status_code
        assert 'name="once"' in answer.text
    assert [] == rows(street, sticker_thread)


@pytest.mark.parametrize("state", [one for one in StickerState if one is not StickerState.ISSUED])
def test_a_tap_on_what_is_not_in_use_begins_nothing(street: Street, state: StickerState) -> None:
    with street.database.transaction() as connection:
        code = a_sticker(connection, street.town, number="AA0001", state=state)

    assert 404 == tap(street, "z" * 22, f"/s/{code}").status_code
    assert [] == rows(street, sticker_thread)


def test_she_writes_ticks_and_tells_where_they_are(street: Street) -> None:
    tap(street)
    answer = write(street, words="By the gate\nof the park", state=["calm", "cold", "evil"], place="Station")

    assert (303, "/s/board?ok=sent") == (answer.status_code, answer.headers["location"])
    page = street.client.get(answer.headers["location"], headers=FORM)
    for words in ("By the gate\nof the park", "Calm / Cold or wet", "Station", "Sent."):
        assert words in page.text
    (line,) = rows(street, sticker_line)
    assert ("Station", "finder") == (line.typed_place, line.side)


def test_what_is_sent_twice_is_written_once(street: Street) -> None:
    tap(street)
    for _ in range(2):
        assert 303 == write(street, words="only once").status_code

    assert 1 == len(rows(street, sticker_line))


def test_the_phone_tells_its_place_beside_the_page(street: Street) -> None:
    tap(street)
    given = {"once": "p" * 24, "lat": "34.757", "lon": "134.841", "accuracy": "12.5"}
    assert 303 == street.client.post("/s/board", data=given, headers=FORM, follow_redirects=False).status_code

    (line,) = rows(street, sticker_line)
    assert (34.757, 134.841, 12.5) == (line.lat_deg, line.lon_deg, line.accuracy_m)
    assert "Place sent." in street.client.get("/s/board/live", headers=FORM).text


@pytest.mark.parametrize("lat", ["nan", "inf", "91", "x", "", "1e400"])
def test_what_is_no_place_is_none(street: Street, lat: str) -> None:
    tap(street)
    given = {"once": "p" * 24, "lat": lat, "lon": "134.841", "accuracy": "12.5"}

    assert 400 == street.client.post("/s/board", data=given, headers=FORM, follow_redirects=False).status_code
    assert [] == rows(street, sticker_line)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "MPO"])
def test_a_photo_is_drawn_anew(street: Street, kind: str) -> None:
    tap(street)
    answer = write(street, {"photo": ("a.jpg", a_photo(kind=kind), "image/jpeg")})

    assert 303 == answer.status_code
    (photo,) = rows(street, sticker_photo)
    assert (853, 1280) == shown(photo.jpeg).size
    assert not any(note in photo.jpeg for note in NOTES)
    assert "Photo sent." in board(street).text


@pytest.mark.parametrize(
    "file", [b"no photo", b"\xff\xd8\xff" + b"0" * 1000, b"x" * (13 * 1024 * 1024)], ids=["text", "broken", "huge"]
)
def test_what_is_no_photo_is_refused_and_the_words_stay(street: Street, file: bytes) -> None:
    tap(street)
    answer = write(street, {"photo": ("a.jpg", file, "image/jpeg")}, words="still here", place="gate", state="cold")

    assert 400 == answer.status_code
    assert "This photo could not be sent" in answer.text
    if len(file) < 1_000_000:
        assert "still here" in answer.text
        assert 'value="gate"' in answer.text
        assert 'value="cold" checked' in answer.text
    assert [] == rows(street, sticker_line)


def test_too_many_words_are_said_and_kept_on_the_page(street: Street) -> None:
    tap(street)
    answer = write(street, words="x" * 501)

    assert 400 == answer.status_code
    assert "too long" in answer.text
    assert "x" * 501 in answer.text


def test_nothing_at_all_is_no_line(street: Street) -> None:
    tap(street)

    assert "Nothing is written yet." in write(street).text
    assert [] == rows(street, sticker_line)


def test_a_full_queue_loses_no_words_and_no_tap(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_work: Any) -> None:
        raise Overloaded

    once = once_in(street.scan())
    with monkeypatch.context() as patched:
        patched.setattr(street.database, "write", full)
        assert 200 == street.scan().status_code
        busy = tap(street, once)
        assert (503, True) == (busy.status_code, "tap again" in busy.text)
        assert 'name="once"' in busy.text
    tap(street)
    monkeypatch.setattr(street.database, "write", full)
    busy = write(street, words="keep me")
    assert (503, True) == (busy.status_code, "keep me" in busy.text)


def test_the_end_is_told_with_one_last_line_and_then_nothing(street: Street) -> None:
    tap(street)
    write(street, words="my words")
    end(street, last_code=LastWords.HOME_SAFE.value, last_words="from all of us")

    page = board(street)
    assert 200 == page.status_code
    assert all(words in page.text for words in ("safely home", "from all of us", "with their family"))
    assert "my words" not in page.text
    assert "<form" not in page.text
    assert 410 == street.client.get("/s/board/live", headers=FORM).status_code
    late = write(street, words="too late")
    assert (200, False) == (late.status_code, "too late" in late.text)
    street.clock.pass_by(minutes(60 * 25))
    assert 404 == board(street).status_code


def test_a_phone_without_a_cookie_is_told_what_to_do(street: Street) -> None:
    for secret in ("", "wrong", "x" * 4000):
        page = street.client.get("/s/board", headers={**FORM, "cookie": f"mimamori_finder={secret}"})
        assert 404 == page.status_code
        assert "scan the sticker again" in page.text
    assert 404 == write(street, words="to nobody").status_code
    assert 410 == street.client.get("/s/board/live", headers=FORM).status_code


def test_abuse_is_reported_to_the_city(street: Street) -> None:
    tap(street)
    given = {"once": "r" * 22, "words": "They are rude"}
    answer = street.client.post("/s/board/report", data=given, headers=FORM, follow_redirects=False)

    assert (303, "/s/board?ok=told") == (answer.status_code, answer.headers["location"])
    assert "The city has been told." in street.client.get("/s/board?ok=told", headers=FORM).text


def test_a_crowd_that_taps_is_asked_to_come_later(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "begun_since", lambda *_: (10_000, 0))
    answer = tap(street)

    assert (429, True, True) == (answer.status_code, "already" in answer.text, "retry-after" in answer.headers)
    assert "set-cookie" not in answer.headers


def test_the_language_that_she_chose_stays(street: Street) -> None:
    page = street.client.get(f"/s/{street.code}?l=pt", headers=FORM)
    answer = tap(street, once_in(page), f"/s/{street.code}?l=pt")

    assert "/s/board?l=pt" == answer.headers["location"]
    assert '<html lang="pt">' in street.client.get("/s/board?l=pt", headers=FORM).text
    assert "/s/board?ok=sent&l=pt" == write(street, path="/s/board?l=pt", words="oi").headers["location"]


def test_no_name_of_the_family_is_on_the_board(street: Street) -> None:
    with street.database.transaction() as connection:
        connection.execute(sa.update(sticker).values(stuck_on="ZZCOATZZ"))
    tap(street)
    names = [one.name for one in (street.town.daughter, street.town.son, street.town.hana)]

    said = board(street).text
    assert not any(words in said for words in [*names, "ZZCOATZZ", "AA0000", str(street.town.hana.id)])


BODIES: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", b"--x\r\n"),
    "empty boundary": ("multipart/form-data; boundary=", b"--\r\n"),
    "cut off": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="words"\r\n\r\nab'),
    "no name": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nab\r\n--x--\r\n"),
    "odd charset": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="words"\r\nContent-Type: text/plain; charset=nope\r\n\r\nab\r\n--x--\r\n',
    ),
    "two thousand parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 2000 + b"--x--\r\n",
    ),
    "no utf-8": ("application/x-www-form-urlencoded", b"words=\xff\xfe&once=%ff%fe"),
    "words as a file": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="words"; filename="a"\r\n\r\nab\r\n--x--\r\n',
    ),
    "nul": ("application/x-www-form-urlencoded", b"words=%00&place=%00&state=%00&lat=%00"),
    "surrogate": ("application/x-www-form-urlencoded", b"words=%ed%a0%80&once=%ed%a0%80%ed%a0%80%ed%a0%80"),
}


@pytest.mark.parametrize("name", list(BODIES))
def test_no_form_is_a_defect(street: Street, name: str) -> None:
    kind, content = BODIES[name]
    given = {**FORM, "content-type": kind}
    tap(street)

    for path in (f"/s/{street.code}", "/s/board", "/s/board/report"):
        answer = street.client.post(path, content=content, headers=given, follow_redirects=False)
        assert answer.status_code < 500, path
    street.client.cookies.clear()
    assert street.client.post(f"/s/{street.code}", content=content, headers=given).status_code in (200, 400)


@pytest.mark.parametrize("cookie", [b"mimamori_finder=\xff\xfe", b"mimamori_finder=a; mimamori_finder=b", b"=;;=\x01"])
def test_no_cookie_is_a_defect(street: Street, cookie: bytes) -> None:
    assert 404 == street.client.get("/s/board", headers={b"cookie": cookie}).status_code  # type: ignore[dict-item]


@pytest.mark.parametrize("code", ["%00", "%ff%fe", "a" * 5000, "..%2F..", "%E3%81%82" * 14, "board%00"])
def test_no_code_is_a_defect(street: Street, code: str) -> None:
    assert 404 == street.client.get(f"/s/{code}").status_code
    assert street.client.post(f"/s/{code}", data={"once": "x" * 22}).status_code == 404
