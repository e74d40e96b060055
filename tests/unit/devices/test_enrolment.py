"""What can be enrolled, and with which key."""

import pytest

from app.devices.enrolment import DEVICE_FORMATS, checked, key_required_by_default
from app.kit.errors import InvalidInput


def test_devices_show_a_key_where_their_format_can_carry_one() -> None:
    assert {name: key_required_by_default(name) for name in DEVICE_FORMATS} == {
        "osmand": False,
        "owntracks": True,
        "traccar": True,
        "watch": False,
    }


def test_a_key_may_be_asked_of_a_phone_whose_app_usually_sends_none() -> None:
    assert checked("osmand", "phone-1", False, True) == ("phone-1", True)


def test_blanks_around_an_id_are_not_part_of_it() -> None:
    assert checked("watch", " 8800000015 ", False, None) == ("8800000015", False)


@pytest.mark.parametrize(
    ("format", "external_id", "forwarder", "key_required", "where"),
    [
        ("carrier-pigeon", "1", False, None, "format"),
        ("gateway", "gate-east", False, None, "format"),
        ("watch", "8800000015", False, True, "key_required"),
        ("osmand", "phone", True, None, "key_required"),
        ("traccar", "server", True, False, "key_required"),
        ("owntracks", "   ", False, None, "external_id"),
        ("owntracks", "a\nb", False, None, "external_id"),
        ("owntracks", "a" * 101, False, None, "external_id"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    format: str, external_id: str, forwarder: bool, key_required: bool | None, where: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked(format, external_id, forwarder, key_required)

    assert where == refusal.value.where
