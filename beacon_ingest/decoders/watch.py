"""The watch protocol (SeTracker, Beesure, Wonlex and many others): text frames over TCP, from watches of children and
elders.

Source: the vendor's guide (www.4p-touch.com, Beesure GPS SeTracker server protocol, 2025), Traccar's decoder
(Apache-2.0, read and not copied) and captured frames. Frames: `watch_framing`; places, alarms and health:
`watch_position`.

Answers go back under the device's own manufacturer, id and index, with the same word. `AL…` and an `LK` that carries
data wait for the commit: unanswered, the watch repeats the alarm, and after five `LK` it restarts. `UD…` has no answer
in this protocol. Voice and pictures are not kept, so they are never said to have arrived: `TK` is answered with 0
(failed), `JXTK` and `img` not at all. Heart rate, blood pressure, oxygen and temperature have no message of ours; they
are answered where the guide says so.
"""

import re
from datetime import datetime
from typing import Final

from msgspec import UNSET

from beacon_ingest.decoders import reading
from beacon_ingest.decoders.decoded import Decoded, Refusal
from beacon_ingest.decoders.watch_framing import (
    Frame,
    Framer,
    answer,
    encode_command,
    escaped,
    locate_now,
    parted,
    upload_every,
)
from beacon_ingest.decoders.watch_position import read_position
from beacon_ingest.messages import Answer, Health

__all__ = ["Framer", "decode_frame", "encode_command", "escaped", "locate_now", "upload_every"]

_POSITIONS: Final = ("UD", "AL", "WT")

_ALARM_WORD: Final = re.compile(r"[0-9A-Za-z_]{2,24}")

_ANSWERED: Final = {
    "TKQ": "TKQ",
    "TKQ2": "TKQ2",
    "INIT": "INIT,1",
    "CONFIG": "CONFIG,1",
    "BPHRT": "bphrt",
    "BTEMP2": "btemp2",
}
"""Words that the protocol wants answered and that say nothing which we keep."""

_SILENT: Final = frozenset(
    {"JXTK", "IMG", "HEART", "PULSE", "BLOOD", "OXYGEN", "TEMP", "PP", "ICCID", "RYIMEI", "APPANDFNREPORT"}
)
"""Words that devices send and that say nothing which we keep; the protocol asks for no answer, or for one we cannot
give honestly.
"""

_COMMANDS: Final = frozenset((
    "ACALL", "ANY", "APN", "APPLOCK", "BODYTEMP", "BODYTEMP2", "CALL", "CENTER", "CR", "DEVREFUSEPHONESWITCH",
    "DPHBX", "FACTORY", "FALLDOWN", "FIND", "FLOWER", "HEALTHAUTOSET", "HRTSTART", "IP", "LOWBAT", "LSSET",
    "LZ", "MESSAGE", "MONITOR", "PEDO", "PHB", "PHB2", "PHBX", "PHBX2", "POWEROFF", "PROFILE", "PW", "RCAPTURE",
    "REMIND", "REMOVE", "REMOVESMS", "RESET", "SILENCETIME", "SILENCETIME2", "SLAVE", "SLEEPTIME", "SOS",
    "SOS1", "SOS2", "SOS3", "SOSSMS", "TAKEPILLS", "TS", "UPLOAD", "VERNO", "WALKTIME", "WHITELIST1",
    "WHITELIST2", "WIFICUR", "WIFIDEL", "WIFISEARCH", "WIFISET", "WORK",
))  # fmt: skip
"""Words of commands; from a device they are its reply to one."""

_RESULT_CHARACTERS_MAX: Final = 500


def decode_frame(frame: bytes, received_at: datetime | None = None) -> Decoded:
    """What one frame says, and what to answer. `received_at` serves only to put a run-over week count of GPS right."""
    parts = parted(frame)
    if parts is None:
        return Decoded(refusals=(Refusal(row=0, why="no frame: [manufacturer*id*length*content] is expected"),))
    head, _, rest = parts.content.partition(b",")
    written = head.decode("utf-8", "replace").strip()
    word = written.upper()
    if word in _SILENT:
        return Decoded(device=parts.device, durable=False)
    fields = rest.decode("utf-8", "replace").split(",") if rest else []
    if word in _COMMANDS or (word == "TK" and fields in (["0"], ["1"])):
        return _reply(parts, written, ",".join(fields))
    if word == "LK":
        return _link(parts, fields)
    if word.startswith(_POSITIONS):
        return _position(parts, written, fields, received_at)
    if word in _ANSWERED:
        return Decoded(device=parts.device, answer=answer(parts, _ANSWERED[word]), durable=False)
    if word == "TK":
        return Decoded(device=parts.device, answer=answer(parts, "TK,0"), durable=False)
    why = f"the word {reading.shown(written)} is not known"
    return Decoded(device=parts.device, refusals=(Refusal(row=0, why=why),))


def _link(parts: Frame, fields: list[str]) -> Decoded:
    """`LK` alone, or `LK,steps,rolls,battery %`; the form with two numbers is not documented and says nothing."""
    health: tuple[Health, ...] = ()
    if len(fields) >= 3:
        health = reading.health(
            device=parts.device,
            steps=reading.whole(fields[0], 0, 10**9),
            battery_pct=reading.within(fields[2], 0, 100),
        )
    return Decoded(device=parts.device, messages=health, answer=answer(parts, "LK"), durable=bool(health))


def _position(parts: Frame, written: str, fields: list[str], received_at: datetime | None) -> Decoded:
    word = written.upper()
    is_alarm = word.startswith("AL")
    messages, troubles, at = read_position(
        parts.device, fields, is_alarm=is_alarm, buffered=word.startswith("UD2"), received_at=received_at
    )
    echo = written if _ALARM_WORD.fullmatch(written) else "AL"
    return Decoded(
        device=parts.device,
        messages=messages,
        refusals=tuple(Refusal(row=0, why=why) for why in troubles),
        stamped=at is not None,
        answer=answer(parts, echo) if is_alarm else None,
    )


def _reply(parts: Frame, word: str, result: str) -> Decoded:
    """A reply to one of our commands; the version that `VERNO` asks for is the firmware."""
    said = "".join(
        character if character.isprintable() else " " for character in result[:_RESULT_CHARACTERS_MAX]
    ).strip()
    reply = Answer(device=parts.device, command=word, result=said or UNSET)
    firmware = reading.name(said) if word.upper() == "VERNO" else None
    return Decoded(
        device=parts.device,
        messages=(reply, *reading.health(device=parts.device, firmware=firmware or UNSET)),
    )
