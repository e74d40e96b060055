"""A token names one message for one purpose; nobody else can make one."""

import pytest

from app.kit.ids import MessageId, new_id
from app.push.tokens import TOKEN_LENGTH, Purpose, Tokens

TOKENS = Tokens(b"s" * 32)
MESSAGE = MessageId(new_id())


def test_a_token_names_its_message() -> None:
    token = TOKENS.of(MESSAGE, Purpose.RECEIPT)
    assert TOKENS.read(token, Purpose.RECEIPT) == MESSAGE
    assert len(token) == TOKEN_LENGTH


def test_it_is_good_for_one_purpose_and_one_installation() -> None:
    token = TOKENS.of(MESSAGE, Purpose.RECEIPT)
    assert TOKENS.read(token, Purpose.ANSWER) is None
    assert Tokens(b"t" * 32).read(token, Purpose.RECEIPT) is None


def test_every_changed_character_spoils_it() -> None:
    token = TOKENS.of(MESSAGE, Purpose.RECEIPT)
    for place in range(TOKEN_LENGTH - 1):  # Of the last one, two bits are no content.
        other = "A" if token[place] != "A" else "B"
        assert TOKENS.read(token[:place] + other + token[place + 1 :], Purpose.RECEIPT) is None


@pytest.mark.parametrize(
    "token", ["", "a", "+" * TOKEN_LENGTH, "é" * TOKEN_LENGTH, "A" * TOKEN_LENGTH, "A" * 44, "=" * 43]
)
def test_what_is_no_token_is_nobodys(token: str) -> None:
    assert TOKENS.read(token, Purpose.RECEIPT) is None
