"""The code of a sticker: what is misread is never another code, what is only spelt otherwise is the same one."""

from hypothesis import assume, given
from hypothesis import strategies as st

from app.stickers import codes, numbers

codes_made = st.integers(0, 2**codes.BITS - 1).map(codes.new_code).filter(lambda one: one is not None)
places = st.integers(0, codes.LENGTH - 1)


@given(codes_made)
def test_a_code_is_read_as_what_it_is(code: str) -> None:
    assert code == codes.read(code)
    assert codes.LENGTH == len(code)
    assert set(code) <= set(codes.ALPHABET)


@given(codes_made)
def test_any_one_character_that_is_wrong_is_caught_wherever_it_is(code: str) -> None:
    for place in range(codes.LENGTH):
        for other in codes.ALPHABET:
            if other != code[place]:
                assert codes.read(code[:place] + other + code[place + 1 :]) is None


@given(codes_made)
def test_neighbours_that_change_places_are_caught_wherever_they_are(code: str) -> None:
    for place in range(codes.LENGTH - 1):
        first, second = code[place : place + 2]
        if first != second:
            assert codes.read(code[:place] + second + first + code[place + 2 :]) is None


@given(codes_made, st.data())
def test_lower_case_and_letters_that_look_like_digits_are_forgiven(code: str, data: st.DataObject) -> None:
    spellings = {"0": "0Oo", "1": "1IiLl"}
    spelt = [data.draw(st.sampled_from(spellings.get(one, one + one.lower()))) for one in code]

    assert code == codes.read("".join(spelt))


@given(st.text(max_size=20))
def test_anything_that_is_no_code_is_none_and_never_an_error(text: str) -> None:
    code = codes.read(text)

    assert code is None or codes.read(code) == code


@given(st.integers(0, 2**codes.BITS - 1), st.integers(0, 2**codes.BITS - 1))
def test_two_numbers_are_two_codes_with_two_hashes(one: int, other: int) -> None:
    assume(one != other)
    first, second = codes.new_code(one), codes.new_code(other)
    assume(first is not None and second is not None)
    assert first is not None
    assert second is not None

    assert first != second
    assert codes.hash_of(first) != codes.hash_of(second)


@given(st.integers(0, numbers.IN_ALL - 1))
def test_printed_numbers_count_and_sort_alike(place: int) -> None:
    number = numbers.number_of(place)

    assert number == numbers.read(number.lower())
    assert place == numbers.place_of(number)
    assert place == 0 or numbers.number_of(place - 1) < number
    assert "I" not in number
    assert "O" not in number
