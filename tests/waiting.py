"""Waiting for what must happen: the one place where tests look again and again."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_S = 20.0
AGAIN_S = 0.01


async def until(condition: Callable[[], Awaitable[Found] | Found], patience_s: float = PATIENCE_S) -> Found:
    """What `condition` gives, once that is true. Raises `TimeoutError`."""
    async with asyncio.timeout(patience_s):
        while True:
            given = condition()
            found: Found = await given if inspect.isawaitable(given) else given  # type: ignore[assignment]
            if found:
                return found
            await asyncio.sleep(AGAIN_S)
