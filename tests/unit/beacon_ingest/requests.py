"""Requests as phones and servers send them."""

import base64
import json

LOCATION = b'{"_type":"location","lat":34.76,"lon":134.84,"tst":1775010000,"acc":8,"tid":"HA"}'
QUERY = b"id=phone-1&lat=34.76&lon=134.84&timestamp=1775010000"


def forwarded(*external_ids: str, **position: object) -> bytes:
    """What a Traccar server forwards: one position, or a list of them."""
    rows = [
        {
            "position": {
                "fixTime": "2026-04-01T02:59:00.000+00:00",
                "valid": True,
                "latitude": 34.7,
                "longitude": 134.8,
            }
            | position,
            "device": {"uniqueId": external_id},
        }
        for external_id in external_ids
    ]
    return json.dumps(rows[0] if len(rows) == 1 else rows).encode()


def basic(user: str, password: str) -> str:
    """The header of Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
