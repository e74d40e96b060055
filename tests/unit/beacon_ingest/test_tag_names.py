"""How tags are called: one spelling, whatever was written."""

import pytest

from beacon_ingest.decoders.tag_names import ibeacon, mac, tag_name
from beacon_ingest.messages import TagName

UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825"
BARE = UUID.replace("-", "")


@pytest.mark.parametrize(
    "written",
    [
        f"{UUID}/1/20",
        f"{UUID.upper()}/1/20",
        f"{BARE}/1/20",
        f"{BARE.upper()}:1:20",
        f"{UUID}-1-20",
        f"{UUID}_00001_020",
        f" {{{UUID}}}, 1, 20 ",
    ],
)
def test_an_ibeacon_has_one_spelling(written: str) -> None:
    assert tag_name("iBeacon", written) == TagName("ibeacon", f"{UUID}/1/20")


@pytest.mark.parametrize(
    ("scheme", "written", "identity"),
    [
        ("altbeacon", "2F234454-CF6D-4A0F-ADF2-F4911BA9FFA6-0001-0002", "2f234454cf6d4a0fadf2f4911ba9ffa600010002"),
        ("eddystone-uid", "12345678901234678901/00000000000A", "1234567890123467890100000000000a"),
        ("eddystone-uid", "1234567890123467890100000000000a", "1234567890123467890100000000000a"),
        ("eddystone-eid", "45:49:44:5F:74:65:73:74", "4549445f74657374"),
        ("MAC", "AC-23-3F-A0-32-08", "ac233fa03208"),
        ("rpa", "58:78:20:76:BC:24", "58782076bc24"),
    ],
)
def test_the_other_schemes_are_digits_without_separators(scheme: str, written: str, identity: str) -> None:
    assert TagName(scheme.lower(), identity) == tag_name(scheme, written)


@pytest.mark.parametrize(
    ("scheme", "written"),
    [
        ("ibeacon", UUID),
        ("ibeacon", f"{UUID}/1"),
        ("ibeacon", f"{UUID}/65536/1"),
        ("ibeacon", f"{UUID}/-1/1"),
        ("ibeacon", f"{UUID}/1/２"),
        ("ibeacon", f"{UUID[:-1]}g/1/2"),
        ("altbeacon", "2f" * 19),
        ("eddystone-uid", "12" * 17),
        ("mac", "ac233fa0320"),
        ("mac", "000000000000"),
        ("rpa", "FF:FF:FF:FF:FF:FF"),
        ("mac", "ac233fa03208" + " " * 200),
        ("qr", "ac233fa03208"),
        ("mac", 112233445566),
        (None, "ac233fa03208"),
        (["mac"], "ac233fa03208"),
    ],
)
def test_what_is_no_name_of_its_scheme_is_none(scheme: object, written: object) -> None:
    assert tag_name(scheme, written) is None


def test_the_parts_of_an_ibeacon_may_be_text_or_numbers() -> None:
    assert ibeacon(BARE.upper(), "1", 20.0) == TagName("ibeacon", f"{UUID}/1/20")
    assert ibeacon(BARE, None, 20) is None
    assert ibeacon(None, 1, 20) is None
    assert ibeacon(BARE, 1, 1.5) is None


@pytest.mark.parametrize("written", ["ac233fa03208", "AC233FA03208", "AC:23:3F:A0:32:08", "ac23.3fa0.3208"])
def test_an_address_has_one_spelling(written: str) -> None:
    assert mac(written) == "ac233fa03208"


@pytest.mark.parametrize("written", [None, 5, "", "ac233fa032", "0" * 12, "FF-FF-FF-FF-FF-FF", "ac233fa0320g", []])
def test_what_is_no_address_is_none(written: object) -> None:
    assert mac(written) is None
