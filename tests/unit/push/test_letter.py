"""A letter is read as it was meant, whatever people are called."""

import email
import re
from email.headerregistry import Address
from email.policy import default
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.kit.ids import MessageId
from app.push.channels.email.letter import letter
from app.push.channels.email.mailboxes import named, spelled
from app.push.render import Text
from tests.contract.push.builders import a_parcel

FROM = named("見守りサービス <mimamori@town.example.jp>")
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "Importance", "X-Priority", "Content-Type", "Content-Transfer-Encoding",
    "MIME-Version", "Content-Language",
]  # fmt: skip
ANYTHING = st.text(st.characters(), max_size=120)
LOCAL_PARTS = st.text("ab0.!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=64)
DOMAINS = st.lists(st.text("abc09", min_size=1, max_size=20), min_size=2, max_size=8).map(".".join)


def visible(text: str) -> str:
    """The text as it is meant to be read: what ends lines, and halves of characters, are blanks."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text).strip()


@given(ANYTHING, ANYTHING)
@example("\x85Bcc: b@example.jp", "a\r\n.\r\nQUIT")
@example("=?utf-8?b?5LqM?= =?utf-8?q?_?=", "\ud800")
@example("  佐藤  ハナ  a b  " * 5, "\x1c")
@example("", "")
def test_any_words_are_a_letter_with_our_headers_and_no_others(title: str, body: str) -> None:
    parcel = replace(a_parcel(), text=Text(title, body))

    content = letter(parcel, FROM, "taro@example.jp")

    read = email.message_from_bytes(content, policy=default)
    assert read.defects == []
    assert HEADERS == read.keys()
    assert visible(title) == read["subject"]
    assert visible(body) == read.get_content().partition("\r\n\r\n-- \r\n")[0]
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")


@given(LOCAL_PARTS, DOMAINS)
@example("a" * 64, ".".join(["abcdefghi"] * 18))
@example("hana..chan.", "docomo.ne.jp")
def test_any_mailbox_that_people_have_is_read_as_it_was_written(local_part: str, domain: str) -> None:
    read = email.message_from_bytes(letter(a_parcel(), FROM, f"{local_part}@{domain}"), policy=default)

    assert read["to"].addresses == (Address("", local_part, domain),)
    assert read["to"].defects == ()


@given(st.text(st.characters(codec="utf-8"), max_size=80), DOMAINS)
def test_threads_and_ids_are_never_folded_or_encoded(about: str, domain: str) -> None:
    parcel = a_parcel()
    parcel = replace(parcel, message=replace(parcel.message, about=about))

    read = email.message_from_bytes(letter(parcel, Address("", "us", domain), "taro@example.jp"), policy=default)

    assert read["message-id"] == f"<{parcel.message.id}@{domain}>"
    assert re.fullmatch(rf"<[0-9a-f]{{32}}@{re.escape(domain)}>", read["references"])


def test_a_subject_says_nothing_of_whom_and_where_unless_its_reader_wants_it() -> None:
    parcel = a_parcel(shows_details=False)

    read = email.message_from_bytes(letter(parcel, FROM, "taro@example.jp"), policy=default)

    assert "【緊急】見守りのお知らせ" == read["subject"]
    title, body = read.get_content().split("\r\n\r\n")[:2]
    assert (parcel.text.title, parcel.text.body) == (title, body)


def test_links_stand_on_lines_of_their_own() -> None:
    content = letter(a_parcel(), FROM, "taro@example.jp", {"対応します": "https://town.example.jp/a/token"})

    said = email.message_from_bytes(content, policy=default).get_content()
    assert "\r\n\r\n対応します\r\nhttps://town.example.jp/a/token\r\n\r\n-- \r\n" in said


def test_the_same_message_is_the_same_letter_to_the_byte() -> None:
    parcel = a_parcel()
    parcel = replace(parcel, message=replace(parcel.message, id=MessageId(UUID(int=1))))

    assert letter(parcel, FROM, "taro@example.jp") == letter(parcel, FROM, "taro@example.jp")


@pytest.mark.parametrize(
    "text", ["", "taro", "@example.jp", "taro@", "a b@example.jp", "a@b@c", "taro@例え.jp", "<a@b.c>"]
)
def test_what_is_no_mailbox_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        spelled(text)
