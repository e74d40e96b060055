"""The description of the API, for tests that go by it: made once a test process, which takes a second."""

import json
from functools import lru_cache
from typing import Any

from app.asgi import openapi_json


@lru_cache(1)
def _text() -> str:
    return openapi_json()


def description() -> dict[str, Any]:
    """All of it, a copy for each who asks."""
    found: dict[str, Any] = json.loads(_text())
    return found
