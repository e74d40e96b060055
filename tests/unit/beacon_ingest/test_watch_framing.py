"""Frames out of streams, and commands into frames."""

from typing import Any

import pytest

from beacon_ingest.decoders.watch import Framer, decode_frame, encode_command, escaped, locate_now, upload_every
from tests.unit.beacon_ingest.captured import captured

WATCH = captured("watch")
LINK = b"[3G*9705141740*0009*LK,0,0,53]"
NAME_WITH_BRACKETS = b"[3G*880900242*0010*UD,x,[LG_Wall A/C]e7,66:a1:ed:e1:e7:25,-82]"


def frames_of(*pieces: bytes, frame_bytes_max: int = 8192) -> list[bytes]:
    framer = Framer(frame_bytes_max)
    return [frame for piece in pieces for frame in framer.feed(piece)]


def command_content(command: dict[str, Any]) -> str | bytes:
    """What the other server's named commands are in the words of the protocol."""
    kind = command["type"]
    if kind == "voiceMessage":
        return b"TK," + escaped(bytes.fromhex(command["data"]))
    if kind == "custom":
        return str(command["data"])
    if kind == "message":
        return f"MESSAGE,{command['message'].encode('utf-16-be').hex()}"
    if kind == "sosNumber":
        return f"SOS{command['index']},{command['phone']}"
    zones = {"Europe/Amsterdam": "+1", "Atlantic/Azores": "-1", "GMT+01:30": "+1.5", "GMT-11:30": "-11.5"}
    if kind == "setTimezone":
        return f"LZ,{command.get('language', '')},{zones.get(command['timezone'], '+5.75')}"
    return {"rebootDevice": "RESET"}[kind]


@pytest.mark.parametrize("row", WATCH["frame_vectors"], ids=lambda row: row["id"])
def test_the_first_frame_of_every_captured_stream_is_found(row: dict[str, Any]) -> None:
    """The other server takes the escapes out while it frames; we leave them in, so that content cannot look like an
    end.
    """
    stream, first = bytes.fromhex(row["input"]["hex"]), bytes.fromhex(row["expect_frame"]["hex"])
    framer = Framer(8192)
    frames = framer.feed(stream)

    plain = frames[0]
    for code, byte in enumerate(b"}[],*", start=1):
        plain = plain.replace(bytes((0x7D, code)), bytes((byte,)))
    assert first == plain
    assert stream == b"".join(frames)
    assert (framer.dropped, framer.pending) == (0, 0)


@pytest.mark.parametrize("row", WATCH["vectors"], ids=lambda row: row["id"])
def test_every_captured_frame_comes_out_whole_whatever_its_length_says(row: dict[str, Any]) -> None:
    frame = bytes.fromhex(row["input"]["hex"])

    assert frame == b"".join(frames_of(frame))


def test_a_voice_message_of_six_parts_is_six_frames() -> None:
    voice = next(row for row in WATCH["vectors"] if row["id"].endswith("testDecode#7"))

    assert len(frames_of(bytes.fromhex(voice["input"]["hex"]))) == 6


@pytest.mark.parametrize("row", WATCH["command_vectors"], ids=lambda row: row["id"])
def test_commands_are_framed_as_the_captured_ones(row: dict[str, Any]) -> None:
    expected = bytes.fromhex(row["expect_frame"]["hex"])

    assert expected == encode_command("CS", "123456789012345", command_content(row["command"]))


def test_our_own_commands_are_what_the_protocol_names_them() -> None:
    assert encode_command("SG", "5678901234", locate_now()) == b"[SG*5678901234*0002*CR]"
    assert encode_command("SG", "5678901234", upload_every(60)) == b"[SG*5678901234*0009*UPLOAD,60]"


def test_a_device_that_says_3g_is_commanded_as_sg_and_answered_as_3g() -> None:
    assert encode_command("3G", "5678901234", "CR") == b"[SG*5678901234*0002*CR]"
    assert decode_frame(b"[3G*5678901234*0002*LK]").answer == b"[3G*5678901234*0002*LK]"


def test_a_command_carries_an_index_where_the_device_uses_them() -> None:
    assert encode_command("ZJ", "014111001350304", "CR", index="0001") == b"[ZJ*014111001350304*0001*0002*CR]"


def test_several_frames_in_one_piece_come_out_in_order() -> None:
    assert frames_of(LINK + NAME_WITH_BRACKETS + LINK) == [LINK, NAME_WITH_BRACKETS, LINK]


def test_a_frame_comes_out_with_its_last_byte_and_not_later() -> None:
    framer = Framer(8192)

    assert framer.feed(LINK[:-1]) == []
    assert len(LINK) - 1 == framer.pending
    assert framer.feed(LINK[-1:]) == [LINK]
    assert framer.pending == 0


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff]]*,", b"[[", b"]", b"[3G*970"])
def test_a_frame_after_garbage_is_found_and_the_garbage_counted(garbage: bytes) -> None:
    framer = Framer(8192)
    frames = framer.feed(garbage + LINK)

    assert frames[-1] == LINK
    assert len(garbage) == framer.dropped + sum(map(len, frames[:-1]))


def test_white_space_between_frames_is_no_garbage() -> None:
    framer = Framer(8192)

    assert framer.feed(LINK + b"\r\n" + LINK + b"\r\n") == [LINK, LINK]
    assert framer.dropped == 0


def test_a_name_that_opens_a_bracket_and_never_closes_it_ends_where_the_length_says() -> None:
    content = b"UD,x,[open,66:a1:ed:e1:e7:25,-82"
    frame = b"[3G*9705141740*%04x*%s]" % (len(content), content)
    framer = Framer(8192)

    assert framer.feed(frame) == [frame]
    assert framer.feed(LINK) == [LINK]


def test_with_a_wrong_length_too_such_a_frame_ends_where_the_next_begins() -> None:
    frame = b"[3G*9705141740*0001*UD,x,[open,66:a1:ed:e1:e7:25,-82]"

    assert [frame, LINK] == frames_of(frame + b"\r\n" + LINK)


def test_a_frame_that_is_cut_off_by_the_next_is_dropped() -> None:
    framer = Framer(8192)
    cut = b"[3G*9705141740*0009*AL,190723,1907"

    assert framer.feed(cut + LINK) == [LINK]
    assert len(cut) == framer.dropped


def test_a_name_that_closes_a_bracket_it_never_opened_costs_only_the_rest_of_its_frame() -> None:
    frames = frames_of(b"[3G*9705141740*0001*AL,x,clo]se,66:a1:ed:e1:e7:25,-82]" + LINK)

    assert frames == [b"[3G*9705141740*0001*AL,x,clo]", LINK]


def test_a_frame_that_is_too_long_is_dropped_and_the_next_one_found() -> None:
    framer = Framer(64)
    frames = framer.feed(b"[3G*9705141740*ffff*img," + b"x" * 1000 + b"]" + LINK)

    assert frames == [LINK]
    assert framer.dropped > 1000


def test_a_stream_without_an_end_is_held_only_up_to_the_limit() -> None:
    framer = Framer(64)
    for _ in range(1000):
        framer.feed(b"[3G*9705141740*ffff*img,xxxxxxxxxx")

        assert framer.pending < 64
