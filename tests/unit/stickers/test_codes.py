"""What a QR holds, and which addresses of the service fit into one."""

import pytest

from app.stickers import codes

CODE = "4Q7K2M9XH3ABC0"


def test_one_number_in_seven_or_so_is_not_used_because_its_check_symbol_is_no_letter() -> None:
    unused = [bits for bits in range(37) if codes.new_code(bits) is None]

    assert [32, 33, 34, 35, 36] == unused


def test_the_url_is_in_upper_case() -> None:
    assert f"HTTPS://MIMAMORI.EXAMPLE.JP/S/{CODE}" == codes.url_of("https://mimamori.example.jp", CODE)
    assert f"HTTPS://TOWN.EXAMPLE:8443/S/{CODE}" == codes.url_of("https://town.example:8443/", CODE)


@pytest.mark.parametrize(
    ("public_url", "reason"),
    [
        (None, "it is not set"),
        ("", "it is not set"),
        ("https://" + "a" * 22 + ".jp", None),
        ("https://" + "a" * 23 + ".jp", "it is 1 characters longer than a QR of version 4 holds"),
        ("https://市役所.jp", "a QR can hold only letters, digits and -./: of it"),
        ("mimamori.example.jp", "it does not begin with https://"),
        ("=https://a.jp", "it does not begin with https://"),
        ("https://a.jp/?x=1", "a QR can hold only letters, digits and -./: of it"),
    ],
    ids=["none", "empty", "longest", "one too long", "not ascii", "no scheme", "a formula", "a query"],
)  # fmt: skip
def test_an_address_is_refused_when_a_qr_of_version_4_cannot_hold_it(
    public_url: str | None, reason: str | None
) -> None:
    assert reason == codes.unfit(public_url)


@pytest.mark.parametrize("text", ["", "4Q7K", CODE + "0", "ı" * 14, "０" * 14, "4Q7K2M9XH3AB U", "\x00" * 14], ids=repr)
def test_what_is_no_code_is_none(text: str) -> None:
    assert codes.read(text) is None
