"""Keys of detectors."""

import base64
import hashlib
import hmac
from uuid import UUID

from app.tags.keys import detector_key

SECRET = b"a secret of the installation, 32 bytes or more"
DETECTOR = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def test_a_key_is_what_the_decision_says() -> None:
    message = b"mimamori detector" + bytes.fromhex("01890a5dac96774bbcceb302099a8057") + bytes([0, 0, 0, 3])
    expected = base64.urlsafe_b64encode(hmac.new(SECRET, message, hashlib.sha256).digest()).decode().rstrip("=")

    assert expected == detector_key(SECRET, DETECTOR, 3)
    assert 43 == len(expected)


def test_another_secret_detector_or_generation_is_another_key() -> None:
    other = UUID("01890a5d-ac96-774b-bcce-b302099a8058")
    keys = {
        detector_key(SECRET, DETECTOR, 1),
        detector_key(SECRET, DETECTOR, 2),
        detector_key(SECRET, other, 1),
        detector_key(SECRET + b"!", DETECTOR, 1),
    }

    assert 4 == len(keys)
