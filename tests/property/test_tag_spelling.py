"""A tag that the register took is the tag that the edge hears: both spell it alike, however it was written."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.tags.identity import normalised
from beacon_ingest.decoders import advertisement
from beacon_ingest.decoders.tag_names import tag_name
from beacon_ingest.messages import TagName, TagScheme

numbers = st.integers(0, 0xFFFF)
digits = st.integers(1, 2**48 - 2).map(lambda number: f"{number:012x}")
schemes: dict[TagScheme, int] = {"altbeacon": 40, "eddystone-uid": 32}


@given(st.uuids(), numbers, numbers, st.booleans(), st.booleans())
def test_an_ibeacon_is_registered_as_it_is_heard(
    uuid: UUID, major: int, minor: int, dashes: bool, capitals: bool
) -> None:
    written = f"{uuid if dashes else uuid.hex}/{major:05}/{minor}"
    registered = normalised("ibeacon", written.upper() if capitals else written)

    frame = bytes.fromhex(f"0201061aff4c000215{uuid.hex}{major:04x}{minor:04x}c5")

    assert TagName("ibeacon", registered) == advertisement.decode(frame).name == tag_name("ibeacon", written)


@given(st.sampled_from(sorted(schemes)), st.data())
def test_other_frames_are_registered_as_they_are_heard(scheme: TagScheme, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 16 ** schemes[scheme] - 2))
    identity = f"{number:0{schemes[scheme]}x}"
    frame = f"0201061bff1801beac{identity}c500" if scheme == "altbeacon" else f"0303aafe1716aafe00e7{identity}0000"

    name = TagName(scheme, normalised(scheme, identity.upper()))

    assert name == advertisement.decode(bytes.fromhex(frame)).name == tag_name(scheme, identity)


@given(digits, st.sampled_from(["", ":", "-"]))
def test_an_address_is_registered_as_it_is_heard(mac: str, separator: str) -> None:
    written = separator.join(mac[place : place + 2] for place in range(0, 12, 2))

    assert TagName("mac", normalised("mac", written.upper())) == tag_name("mac", written) == TagName("mac", mac)
