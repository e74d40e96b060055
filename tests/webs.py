"""The web is built once for all applications of a test process.

To build it takes half a second and 4 MB, and an application has one for weeks; tests make one each. All that differs
between two of them is what handlers ask for by name, and that is looked up for whoever is asked.
"""

from contextvars import ContextVar
from functools import cache
from typing import Any

from litestar import Litestar

from app.asgi import web
from app.asgi.application import Application, Receive, Scope, Send

_asked: ContextVar[Application] = ContextVar("asked")
_really_build = web.build
_really_answer = Application.__call__


class _OfTheAsked(dict[str, Any]):
    """What the application that is being asked was made with."""

    def __getitem__(self, name: str) -> Any:
        return _asked.get()._state[name]


def keep() -> None:
    """From now on all applications of this process answer with the same web, several at once too."""
    web.build = lambda _state: _the_only_one()
    Application.__call__ = _answer  # type: ignore[method-assign]


@cache
def _the_only_one() -> Litestar:
    return _really_build(_OfTheAsked.fromkeys(web.NAMES))


async def _answer(self: Application, scope: Scope, receive: Receive, send: Send) -> None:
    before = _asked.set(self)
    try:
        await _really_answer(self, scope, receive, send)
    finally:
        _asked.reset(before)
