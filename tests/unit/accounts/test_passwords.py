"""Passwords: hashes, and which are refused."""

import pytest
from argon2 import extract_parameters

from app.accounts import passwords
from app.accounts.passwords import MEMORY_KIB, NOBODY, PASSES, compare, hash_password, is_right, weakness


def test_only_the_password_itself_is_right() -> None:
    made = hash_password("correct horse")

    assert is_right(made, "correct horse")
    assert not is_right(made, "correct horse ")
    assert not is_right(made, "Correct horse")
    assert not is_right(made, "")


def test_a_hash_is_argon2id_of_the_stated_cost_and_never_the_same_twice() -> None:
    made = hash_password("correct horse")

    assert made.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")
    assert made != hash_password("correct horse")


def test_nobodys_hash_costs_what_a_real_one_costs_and_fits_no_password() -> None:
    real, nobody = extract_parameters(hash_password("x")), extract_parameters(NOBODY)

    assert (nobody.type, nobody.memory_cost, nobody.time_cost, nobody.parallelism) == (
        real.type,
        real.memory_cost,
        real.time_cost,
        real.parallelism,
    )
    assert nobody.hash_len == real.hash_len
    assert nobody.salt_len == real.salt_len
    assert not is_right(NOBODY, "")


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    assert is_right(hash_password("パスワードのガ行"), "パスワート\u3099のカ\u3099行")
    assert is_right(hash_password("password１２"), "ｐａｓｓｗｏｒｄ12")


def test_what_is_no_hash_is_never_right() -> None:
    assert not is_right("", "x")
    assert not is_right("plain", "plain")


def test_a_hash_of_todays_cost_is_kept_and_another_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = hash_password("correct horse")
    assert compare(made, "correct horse") == (True, None)
    assert compare(made, "wrong") == (False, None)

    passwords._hasher.cache_clear()
    monkeypatch.setattr(passwords, "PASSES", PASSES + 1)
    right, renewed = compare(made, "correct horse")
    monkeypatch.undo()
    passwords._hasher.cache_clear()

    assert right
    assert renewed is not None
    assert f"t={PASSES + 1}," in renewed


@pytest.mark.parametrize("good", ["correct horse", "ながいパスワードです", "x" * 4 + "yzab" * 63, "1234567890"])
def test_a_long_password_is_good(good: str) -> None:
    assert weakness(good, "taro@example.jp", "Taro") is None


@pytest.mark.parametrize(
    "weak",
    [
        "",
        "short",
        "123456789",
        "x" * 257,
        "aaaaaaaaaaaa",
        "aAaAaAaAaAbB",
        "TARO.yamada@example.jp",
        "taro.Yamada",
        "山田太郎山田太郎山田",
    ],
)
def test_a_password_that_anybody_could_try_is_refused(weak: str) -> None:
    assert weakness(weak, "taro.yamada@example.jp", "Taro Yamada") is not None
