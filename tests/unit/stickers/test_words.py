"""The words of the finder's pages, and which language a phone gets."""

import re
import tomllib
from pathlib import Path

import pytest

from app.stickers import words
from app.stickers.words import LANGUAGES, catalogue, choose, html, plain, tag

FOLDER = Path(words.__file__).parent
SCRIPTS = {
    "ja": r"[ぁ-ん]",
    "easy": r"[ぁ-ん]",
    "zh": r"[一-龯]",
    "ko": r"[가-힣]",
    "vi": r"[ạảấầẩậđếềểệọốồộớờợụủứừữự]",
}


def test_there_is_a_file_for_every_language_and_for_no_other() -> None:
    assert set(LANGUAGES) == {path.stem for path in FOLDER.glob("*.toml")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_all_that_japanese_says_with_the_same_gaps(language: str) -> None:
    ours, japanese = catalogue(language), catalogue("ja")

    assert set(japanese) == set(ours)
    for key, sentence in ours.items():
        assert set(words.PLACEHOLDER.findall(japanese[key])) == set(words.PLACEHOLDER.findall(sentence)), key
        assert sentence.strip() == sentence != "", key


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_a_sentence_is_in_its_own_writing(language: str) -> None:
    own = " ".join(value for key, value in catalogue(language).items() if not key.startswith("common."))

    assert len(re.findall(SCRIPTS[language], own)) > 100


@pytest.mark.parametrize("language", ["en", "pt", "vi", "ko"])
def test_no_japanese_is_left_in_a_language_that_is_not_written_so(language: str) -> None:
    for key, value in catalogue(language).items():
        if key != "common.more_languages":
            assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", value), key


def test_every_kanji_of_easy_japanese_can_be_read() -> None:
    for key, value in catalogue("easy").items():
        if key not in ("name", "common.more_languages"):
            without = re.sub(r"[\u3400-\u9fff々]+\([\u3040-\u30ff]+\)", "", value)

            assert not re.search(r"[\u3400-\u9fff]", without), key


def test_every_word_is_used_somewhere() -> None:
    code = "".join(path.read_text("utf-8") for path in sorted(FOLDER.parent.rglob("*.py")))
    for section, keys in tomllib.loads((FOLDER / "ja.toml").read_text("utf-8")).items():
        for key in keys if isinstance(keys, dict) else ():
            found = f'"{section}.{key}"' in code or (f"{section}.{{" in code and f'"{key}"' in code)
            assert found or f"'{section}.{key}'" in code, f"{section}.{key}"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "ja"),
        ("*", "ja"),
        ("ja,en;q=0.5", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("zh-TW,zh;q=0.9", "zh"),
        ("zh-Hans-CN", "zh"),
        ("ko-KR", "ko"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("fr-FR,vi;q=0.4,en;q=0.3", "vi"),
        ("en;q=0.2,vi;q=0.9", "vi"),
        ("ko;q=0,en", "en"),
        ("tl,id", "en"),
        ("VI", "vi"),
        ("en;q=oops,ko", "ko"),
        ("en;q=2,ko;q=0.1", "ko"),
        (";;,,;q=", "ja"),
        ("x" * 10_000, "en"),
    ],
)  # fmt: skip
def test_a_phone_gets_the_language_that_it_likes_best_of_ours(accept: str, language: str) -> None:
    assert language == choose(None, accept)


def test_a_link_wins_over_the_phone_and_an_unknown_one_does_not() -> None:
    assert "easy" == choose("easy", "en")
    assert "en" == choose("xx", "en")
    assert "en" == choose("", "en")


def test_what_is_filled_in_is_escaped_and_keeps_its_brackets() -> None:
    assert "Please call them: &lt;b&gt;{time}" == html("en", "card.nickname", nickname="<b>{time}")
    assert "花(はな)" in html("easy", "card.nickname", nickname="花(はな)")


def test_a_reading_stands_above_its_word_and_not_in_a_title() -> None:
    assert "<ruby>声<rp>(</rp><rt>こえ</rt><rp>)</rp></ruby>を" in html("easy", "scan.title")
    assert plain("easy", "scan.title").startswith("声を ")


def test_html_calls_a_language_by_its_name() -> None:
    assert ["ja", "ja", "en", "zh-Hans", "ko", "vi", "pt"] == [tag(one) for one in LANGUAGES]
