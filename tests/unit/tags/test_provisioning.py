"""The sheet that an installer is given."""

import shlex
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from app.kit.ids import CityId, DetectorId, new_id
from app.tags.keys import detector_key
from app.tags.model import Detector, DetectorFormat, DetectorKind
from app.tags.provisioning import base_url_of, is_reachable, provisioned
from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.formats import FORMATS
from tests.build import NOW

SECRET = b"a secret of the installation, 32 bytes or more"
GATE = Detector(
    id=DetectorId(new_id()), city_id=CityId(282103), format="gateway", external_id="east gate", kind=DetectorKind.FIXED,
    name="東門", created_at=NOW,
)  # fmt: skip
NAMES = {"gateway": str(GATE.id), "minew": "ac233fc00002", "theengs": "it's the 東門"}


def sheet_of(format: DetectorFormat, **changes: Any) -> Any:
    detector = replace(GATE, format=format, external_id=NAMES[format])
    return provisioned(replace(detector, **changes), SECRET, "https://town.example")


def heard(command: str, format: str) -> Decoded:
    """What the edge reads in the body of a command for a shell."""
    words = shlex.split(command)
    decode = FORMATS[format].decode_request
    assert decode is not None
    return decode(HttpRequest(body=words[words.index("-d") + 1].encode()), NOW)


@pytest.mark.parametrize("format", get_args(DetectorFormat))
def test_the_example_of_each_format_is_read_at_the_edge_as_one_sighting_of_this_detector(
    format: DetectorFormat,
) -> None:
    sheet = sheet_of(format)

    told = heard(sheet.example, format)

    assert NAMES[format] == told.device
    assert ["e2c56db5-dffb-48d2-b060-d0f5a71096e0/1/2"] == [one.tag.id for one in told.sightings if one.tag]
    assert () == told.refusals
    words = shlex.split(sheet.example)
    assert f"https://town.example/ingest/{format}" in words
    assert f"Authorization: Bearer {detector_key(SECRET, GATE.id, 1)}" in words


@pytest.mark.parametrize("format", get_args(DetectorFormat))
def test_a_bridge_is_told_how_to_name_those_for_whom_it_speaks(format: DetectorFormat) -> None:
    sheet = sheet_of(format, kind=DetectorKind.BRIDGE)

    assert "behind this bridge" in sheet.notes[-1].text
    assert "中継の先" in sheet.notes[-1].text_ja
    assert not any("behind this bridge" in note.text for note in sheet_of(format).notes)
    assert heard(sheet.example, format).device not in (None, NAMES[format])


def test_a_minew_gateway_says_itself_of_which_kind_its_body_is() -> None:
    assert {"Authorization"} == sheet_of("minew").headers.keys()
    assert "application/octet-stream" in sheet_of("minew").notes[0].text_ja
    assert "application/json" == sheet_of("gateway").headers["Content-Type"]


def test_an_address_that_only_this_machine_reaches_is_warned_of() -> None:
    for url in (
        "http://127.0.0.1:8000", "http://127.8.0.1", "http://localhost", "http://me.LOCALHOST", "http://[::1]:8000",
        "http://0.0.0.0:8000", "https://town.example:0", "https://", "https://town.example:99999",
    ):  # fmt: skip
        assert not is_reachable(url), url
    for url in (
        "https://town.example",
        "http://192.168.0.7:8000",
        "http://[fd00::7]",
        "https://localhost.town.example",
    ):
        assert is_reachable(url), url
    warned = provisioned(GATE, SECRET, "http://127.0.0.1:8000")
    assert "MIMAMORI_PUBLIC_URL should be set" in str(warned.warning)
    assert "MIMAMORI_PUBLIC_URL" in str(warned.warning_ja)
    assert provisioned(GATE, SECRET, "https://town.example").warning is None


def test_a_host_header_that_is_no_host_names_nothing() -> None:
    assert "http://[fd00::7]:8000" == base_url_of("http", "[fd00::7]:8000")
    for host in (
        "",
        "a b",
        "a/b",
        "user@town.example",
        "town.example:port",
        "$(reboot)",
        "a\nb",
        "`x`",
        "town.example\n",
    ):
        assert base_url_of("http", host) is None, host
