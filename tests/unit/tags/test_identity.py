"""What a tag calls itself, in one spelling."""

from typing import get_args

import pytest

from app.kit.errors import InvalidInput
from app.tags.identity import FACTORY_UUIDS, Identity, checked, default_name, is_factory_default, normalised
from beacon_ingest.decoders import advertisement
from beacon_ingest.messages import TagScheme

UUID = "acfd065e-c3c0-11e3-9bbe-1a514932ac01"


@pytest.mark.parametrize(
    ("scheme", "written", "expected"),
    [
        ("ibeacon", f"{UUID}/1/2", f"{UUID}/1/2"),
        ("ibeacon", f" {UUID.upper()}/0065535/0 ", f"{UUID}/65535/0"),
        ("ibeacon", f"{{{UUID}}}/1/2", f"{UUID}/1/2"),
        ("ibeacon", f"{UUID.replace('-', '')}/1/2", f"{UUID}/1/2"),
        ("ibeacon", "ＡＣＦＤ065e-c3c0-11e3-9bbe-1a514932ac01／１/２", f"{UUID}/1/2"),
        ("altbeacon", "1A" * 20, "1a" * 20),
        ("eddystone-uid", "00112233445566778899 AABBCCDDEEFF", "00112233445566778899aabbccddeeff"),
        ("mac", "AC:23:3F:A0:00:1B", "ac233fa0001b"),
        ("mac", "ａｃ２３３ｆａ０００１ｂ", "ac233fa0001b"),
    ],
)
def test_every_way_of_writing_has_one_spelling(scheme: TagScheme, written: str, expected: str) -> None:
    assert expected == normalised(scheme, written)


@pytest.mark.parametrize(
    ("scheme", "written"),
    [
        ("ibeacon", UUID),
        ("ibeacon", f"{UUID}/1"),
        ("ibeacon", f"{UUID}/1/65536"),
        ("ibeacon", f"{UUID}/1/-1"),
        ("ibeacon", f"{UUID}/1/{'9' * 5000}"),
        ("ibeacon", f"{UUID[:-1]}/1/2"),
        ("altbeacon", "1a" * 19),
        ("eddystone-uid", "zz" * 16),
        ("mac", "ac233fa0001"),
        ("mac", "00:00:00:00:00:00"),
        ("mac", "ff:ff:ff:ff:ff:ff"),
        ("mac", ""),
    ],
)
def test_what_no_tag_calls_itself_is_refused(scheme: TagScheme, written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalised(scheme, written)

    assert "identity" == refused.value.where


@pytest.mark.parametrize("scheme", ["eddystone-eid", "rpa"])
def test_tags_that_change_their_name_are_refused_with_a_sentence(scheme: TagScheme) -> None:
    with pytest.raises(InvalidInput, match="cannot be registered yet") as refused:
        checked(scheme, "00" * 8, None)

    assert "scheme" == refused.value.where


@pytest.mark.parametrize("uuid", sorted(FACTORY_UUIDS))
def test_a_factory_default_is_taken_only_with_an_address(uuid: str) -> None:
    with pytest.raises(InvalidInput, match="many tags"):
        checked("ibeacon", f"{uuid}/10/20", None)

    bound = checked("ibeacon", f"{uuid}/10/20", "AC-23-3F-A0-00-1B")

    assert Identity(scheme="ibeacon", identity=f"{uuid}/10/20", mac="ac233fa0001b") == bound


def test_blue_charm_wrote_its_name_into_its_uuid() -> None:
    assert "BlueCharmBeacons".encode("ascii").hex() in {uuid.replace("-", "") for uuid in FACTORY_UUIDS}


def test_an_identity_of_one_digit_throughout_is_nobodys_own() -> None:
    assert is_factory_default("altbeacon", "0" * 40)
    assert is_factory_default("eddystone-uid", "f" * 32)
    assert not is_factory_default("eddystone-uid", "0" * 31 + "1")
    assert not is_factory_default("mac", "ac233fa0001b")


def test_an_altbeacon_with_the_bytes_of_a_factory_uuid_is_nobodys_own() -> None:
    digits = "e2c56db5dffb48d2b060d0f5a71096e0"
    assert is_factory_default("altbeacon", f"{digits}00010002")
    assert not is_factory_default("altbeacon", f"00010002{digits}")
    with pytest.raises(InvalidInput, match="many tags"):
        checked("altbeacon", f"{digits.upper()}00010002", None)
    assert "ac233fa0001b" == checked("altbeacon", f"{digits}00010002", "ac233fa0001b").mac


def test_the_eddystone_uid_of_a_captured_minew_tag_is_nobodys_own() -> None:
    captured = bytes.fromhex("0201060303aafe1516aafe00e800112233445566778899000000000000")
    heard = advertisement.decode(captured)
    assert heard.name is not None

    assert is_factory_default(heard.name.scheme, heard.name.id)
    assert not is_factory_default("eddystone-uid", "00112233445566778899" + "000000000001")


def test_modules_of_the_hm_10_kind_are_known_by_their_default() -> None:
    assert is_factory_default("ibeacon", "74278bda-b644-4520-8f0c-720eaf059935/65504/65505")


@pytest.mark.parametrize(
    ("scheme", "identity", "expected"),
    [
        ("ibeacon", f"{UUID}/10001/19641", "Aruku 10001/19641"),
        ("mac", "ac233fa0001b", "Aruku a0:00:1b"),
        ("altbeacon", "0" * 32 + "00010002", "Aruku 00010002"),
        ("eddystone-uid", "1a" * 12 + "aabbccdd", "Aruku aabbccdd"),
    ],
)
def test_a_tag_is_called_by_what_tells_it_from_others(scheme: TagScheme, identity: str, expected: str) -> None:
    known_as = Identity(scheme=scheme, identity=identity, mac=None)

    assert expected == default_name("Aruku", known_as)
    long = default_name("ア" * 100, known_as)
    assert (100, expected.removeprefix("Aruku")) == (len(long), long.lstrip("ア"))


def test_a_tag_known_by_its_address_has_no_other() -> None:
    assert "ac233fa0001b" == checked("mac", "AC:23:3F:A0:00:1B", None).mac
    with pytest.raises(InvalidInput) as refused:
        checked("mac", "AC:23:3F:A0:00:1B", "AC:23:3F:A0:00:1C")

    assert "mac" == refused.value.where


def test_every_scheme_has_an_answer() -> None:
    for scheme in get_args(TagScheme):
        with pytest.raises(InvalidInput):
            normalised(scheme, "nonsense")
