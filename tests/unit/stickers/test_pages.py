"""The finder's pages, as HTML."""

import re
from html.parser import HTMLParser

import pytest

from app.stickers.pages.after import HOW, after_page, nothing_page
from app.stickers.pages.board import STATES, BoardShown, LineShown, board_page, live_part
from app.stickers.pages.frame import SCRIPT, SCRIPT_URL
from app.stickers.pages.scan import Scanned, enough_page, scan_page, unused_page, wait_page
from app.stickers.threads import LastWords
from app.stickers.words import LANGUAGES, html, tag

BYTES_MAX = 20 * 1024
VOID = {"meta", "input", "br"}
EVIL = "<script>alert(1)</script>\"'&"


class Read(HTMLParser):
    """What a page says, and whether its tags close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def a_scan(language: str = "en", **given: str) -> str:
    return scan_page(Scanned(language=language, path="/s/ABCDEFGHJKMNPQ", once="o" * 22, **given))


def a_board(language: str = "en", **given: object) -> BoardShown:
    return BoardShown(language=language, once="o" * 22, told_at="14:05", **given)  # type: ignore[arg-type]


LINES = [
    LineShown(by="finder", at="14:06", states=("hurt", "calm"), place=""),
    LineShown(by="family", at="14:08", words="I come."),
    LineShown(by="city", at="14:09", words="We are here too."),
    LineShown(by="finder", at="14:10", place="Station", photo=True, words="By the gate"),
]
FULL = {
    "coming_at": "14:30", "guard": True, "lines": LINES, "nickname": "Hana", "helps": "Her right ear", "illness": "Diabetes",
    "contact_phone": "090-0000-0001", "city_phone": "079-421-2000", "mark": "drill", "said": "write.sent",
    "refused": "error.long", "typed": "half a word",
}  # fmt: skip


def all_pages(language: str) -> list[str]:
    return [
        a_scan(language, city_phone="079-421-2000", contact_phone="090-0000-0001", refused="wait.busy"),
        unused_page(language),
        wait_page(language, 5),
        enough_page(language, 12, "079-421-2000"),
        board_page(a_board(language)),
        board_page(a_board(language, **FULL)),
        *(after_page(language, how, last="safely home", mark="test") for how in HOW),
        nothing_page(language, "079-421-2000"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_whole_in_every_language_and_small(language: str) -> None:
    for page in all_pages(language):
        read = Read(page)

        assert [{"lang": tag(language)}] == read.all("html")
        assert len(read.all("h1")) == len(read.all("title")) == len(read.all("main")) == 1
        assert "{" not in page.split("</style>")[1]
        assert BYTES_MAX > len(page.encode()) + len(SCRIPT)
        assert {SCRIPT_URL} >= {one["src"] for one in read.all("script")}
        assert not re.search(r'(src|href|action)="(http|//)', page)
        assert not re.search(r"\s(style|on[a-z]+)=", page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_offered_in_all_other_languages_each_in_its_own_name(language: str) -> None:
    for page in all_pages(language):
        links = [one for one in Read(page).all("a") if "hreflang" in one]

        assert [one for one in LANGUAGES if one != language] == [
            (one["href"] or "").partition("?l=")[2] for one in links
        ]
        assert all(one["lang"] == one["hreflang"] for one in links)


def test_whoever_scans_reads_how_to_speak_whom_to_call_and_taps_once() -> None:
    page = a_scan(city_phone="079-421-2000")
    read = Read(page)

    assert ["tel:119", "tel:110", "tel:0794212000"] == [
        one["href"] for one in read.all("a") if (one["href"] or "").startswith("tel:")
    ]
    for words in ("from the front", "eye level", "Calmly and clearly", "Listen", "do not crowd"):
        assert words in page
    assert [{"method": "post", "action": "/s/ABCDEFGHJKMNPQ"}] == read.all("form")
    assert [{"type": "hidden", "name": "once", "value": "o" * 22}] == read.all("input")
    assert page.index("<button") < page.index("tel:119") < page.index("eye level")
    assert [] == read.all("script")


def test_the_number_of_a_contact_stands_there_only_where_it_is_given() -> None:
    assert "tel:09000000001" in a_scan(contact_phone="090-0000-0001")
    assert "contact" not in a_scan()


def test_the_form_keeps_the_language_that_a_link_asked_for() -> None:
    assert 'action="/s/ABCDEFGHJKMNPQ?l=easy"' in a_scan("easy", asked="easy")
    assert 'action="/s/board?l=ko"' in board_page(a_board("ko", asked="ko"))
    assert '<input type="hidden" name="l" value="ko">' in board_page(a_board("ko", asked="ko"))


def test_the_page_of_a_sticker_that_is_not_in_use_helps_all_the_same() -> None:
    page = unused_page("en")

    assert "tel:119" in page
    assert "tel:110" in page
    assert "eye level" in page
    assert [] == Read(page).all("form")


def test_the_board_shows_what_was_written_newest_first_and_who_comes() -> None:
    live = live_part(a_board(**FULL))

    assert "They were told at 14:05." in live
    assert "there at about 14:30" in live
    assert "A security guard is on the way." in live
    assert ["Station", "We are here too.", "I come.", "Calm / Hurt"] == re.findall(
        "Station|We are here too.|I come.|Calm / Hurt", live
    )
    assert "Place sent." in live
    assert "Photo sent." in live


def test_nobody_comes_until_somebody_says_so() -> None:
    assert "on the way" not in live_part(a_board())
    assert "Somebody is on the way.<" in live_part(a_board(coming_at=""))


def test_the_board_shows_what_the_family_chose_and_no_empty_headings() -> None:
    assert all(
        words in board_page(a_board(**FULL)) for words in ("Hana", "Her right ear", "Diabetes", "tel:09000000001")
    )
    bare = board_page(a_board())
    assert not any(words in bare for words in ("About this person", "What helps", "Illnesses", "contact:"))


def test_what_was_typed_and_could_not_be_kept_stands_there_again() -> None:
    page = board_page(
        a_board(typed="half a word", typed_place="gate", ticked=frozenset({"cold"}), refused="error.photo")
    )

    assert ">half a word</textarea>" in page
    assert 'value="gate"' in page
    assert ["cold"] == [one["value"] for one in Read(page).all("input") if "checked" in one]
    assert html("en", "error.photo") in page


def test_states_are_boxes_and_every_field_has_a_label() -> None:
    page = board_page(a_board())

    assert list(STATES) == [one["value"] for one in Read(page).all("input") if one.get("name") == "state"]
    fields = re.findall(r"<(?:input|textarea)(?! type=\"hidden\")[^>]*>", page)
    assert len(fields) == len(re.findall(r"<label[^>]*>", page))


def test_nothing_refreshes_by_itself_while_words_may_be_half_written() -> None:
    assert "http-equiv" not in board_page(a_board())


def test_whoever_writes_cannot_write_html() -> None:
    line = LineShown(by="family", at="14:08", words=EVIL, place=EVIL)
    page = board_page(
        a_board(
            lines=[line], nickname=EVIL, helps=EVIL, illness=EVIL, contact_phone=EVIL, city_phone=EVIL, typed=EVIL,
            typed_place=EVIL,
        )
    )  # fmt: skip

    assert [{"src": SCRIPT_URL, "defer": None}] == Read(page).all("script")
    assert "alert(1)</script>" not in page
    assert "alert(1)</script>" not in after_page("en", "closed", last=EVIL)
    assert "alert(1)</script>" not in a_scan(contact_phone=EVIL, city_phone=EVIL)


@pytest.mark.parametrize("code", list(LastWords))
def test_the_last_line_is_in_her_language_and_in_the_familys_words(code: LastWords) -> None:
    page = after_page("pt", "handed_over", code=code, last="Bis bald")

    assert html("pt", f"last.{code}") in page
    assert "Bis bald" in page
    assert [] == Read(page).all("form")
