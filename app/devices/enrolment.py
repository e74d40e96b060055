"""What can be enrolled, and which devices have to show a key."""

from app.kit.errors import InvalidInput
from beacon_ingest.decoders.formats import FORMATS

EXTERNAL_ID_CHARACTERS_MAX = 100
INTERVAL_S = 300

DEVICE_FORMATS = tuple(name for name, form in FORMATS.items() if form.spoken_by == "device")
"""What a device may speak. What detectors speak is enrolled in the room of tags."""

_CANNOT_SEND_A_HEADER = frozenset({"osmand"})
"""Their apps have no field for a secret. It can still be put into their address, so a key may be asked for."""


def key_required_by_default(format: str) -> bool:
    """Whether devices of a format show a key unless told otherwise.

    >>> key_required_by_default("owntracks"), key_required_by_default("osmand"), key_required_by_default("watch")
    (True, False, False)
    """
    return not FORMATS[format].spoofable and format not in _CANNOT_SEND_A_HEADER


def checked(format: str, external_id: str, forwarder: bool, key_required: bool | None) -> tuple[str, bool]:
    """The device's own id without blanks around it, and whether it has to show a key. Raises `InvalidInput`."""
    if format not in DEVICE_FORMATS:
        raise InvalidInput(f"The formats are {', '.join(DEVICE_FORMATS)}.", "format")
    own_id = external_id.strip()
    if not own_id or len(own_id) > EXTERNAL_ID_CHARACTERS_MAX or not own_id.isprintable():
        raise InvalidInput("This is nothing that a device can call itself.", "external_id")
    required = key_required_by_default(format) if key_required is None else key_required
    if required and FORMATS[format].spoofable:
        raise InvalidInput("Devices of this format have no way to show a key.", "key_required")
    if forwarder and not required:
        raise InvalidInput("A server that speaks for other devices must show a key.", "key_required")
    return own_id, required
