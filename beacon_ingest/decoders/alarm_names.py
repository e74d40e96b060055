"""The alarm names of Traccar's data model, which its own phone app and its forwarding share, as our alarm kinds."""

from collections.abc import Iterable
from typing import Final

from beacon_ingest.messages import ALARM_KINDS

_KINDS: Final = {
    "sos": "sos",
    "falldown": "fall",
    "lowbattery": "low_battery",
    "removing": "removed",
    "poweroff": "power_off",
    "powercut": "mains_failure",
    "tampering": "tamper",
    "geofenceenter": "fence_enter",
    "geofenceexit": "fence_exit",
    "fault": "fault",
}
"""Traccar's `Position.ALARM_*`, in lower case without separators. What has no kind of ours becomes `other`."""

_NONE: Final = ("", "0", "false", "none", "null")


def in_order(kinds: Iterable[str]) -> tuple[str, ...]:
    """Each kind once, in the order of `messages.ALARM_KINDS`: SOS first, fall before what matters less."""
    return tuple(sorted(set(kinds), key=ALARM_KINDS.index))


def alarm_kinds(value: object) -> tuple[str, ...]:
    """The kinds in a text such as `sos,lowBattery` (or in a list of such texts); empty when it names none."""
    texts = value if isinstance(value, list) else [value]
    names = (
        "".join(character for character in part if character.isalnum()).lower()
        for text in texts
        if isinstance(text, str | bool | int)
        for part in str(text).split(",")
    )
    return in_order(_KINDS.get(name, "other") for name in names if name not in _NONE)
