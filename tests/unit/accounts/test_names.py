"""By what people, mailboxes and towns are named."""

import doctest

import pytest

from app.accounts import names
from app.accounts.names import is_city_code, mailbox, one_line
from app.kit.errors import InvalidInput


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(names).failed == 0


@pytest.mark.parametrize(
    ("typed", "spelling"),
    [
        ("taro@example.jp", "taro@example.jp"),
        ("Taro.Yamada+town@Sub.Example.JP", "taro.yamada+town@sub.example.jp"),
        ("  taro@example.jp\t", "taro@example.jp"),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "taro@example.jp"),
        ("taro..@docomo.example", "taro..@docomo.example"),
        ("\u212aen@example.jp", "ken@example.jp"),  # The Kelvin sign is the letter K in NFKC.
        ("a" * 64 + "@example.jp", "a" * 64 + "@example.jp"),
    ],
)
def test_a_mailbox_has_one_spelling(typed: str, spelling: str) -> None:
    assert mailbox(typed) == spelling
    assert mailbox(spelling) == spelling


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "taro",
        "taro@",
        "@example.jp",
        "taro@example",
        "taro@-example.jp",
        "taro@example-.jp",
        "taro@example..jp",
        "taro@exa mple.jp",
        "taro@example.jp\r\nBcc: x@example.jp",
        "taro@example.jp\n.x",
        "ta\x00ro@example.jp",
        "太郎@example.jp",
        "tаro@example.jp",  # The second letter is Cyrillic.
        '"taro"@example.jp',
        "a" * 65 + "@example.jp",
        "a@" + "b" * 64 + ".jp",
        "a@" + "b." * 126 + "jp",
        "\ufdfa" * 60 + "@example.jp",  # One letter that NFKC makes eighteen.
    ],
)
def test_what_is_no_mailbox_is_none(typed: str) -> None:
    assert mailbox(typed) is None


def test_a_name_is_one_line_in_one_form() -> None:
    assert one_line("  か\u3099くせん ", "name") == "がくせん"


@pytest.mark.parametrize(
    "text",
    ["", " \u3000", "two\nlines", "two\u2028lines", "bell\x07", "nul\x00", "\u202edetrever", "a\u2066b", "\ud800"],
)
def test_a_name_that_could_pass_for_another_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        one_line(text, "name")

    assert refusal.value.where == "name"


@pytest.mark.parametrize("code", [282103, 131016, 11002, 472077, 271004, 141003])
def test_codes_of_cities_that_are_there_are_right(code: int) -> None:
    assert is_city_code(code)


@pytest.mark.parametrize("code", [282104, 282130, 283103, 0, -282103, 9_999, 1_000_000, 2821030])
def test_a_code_with_a_slip_is_wrong(code: int) -> None:
    assert not is_city_code(code)
