"""A plain page for one phone, with its service worker: sign in, let it be reached by Web Push, see to what is open.

It stands beside the description of the API and asks nothing but that; its words are Japanese first, English second.
"""

from collections.abc import Mapping
from importlib.resources import files

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.asgi.headers import PHONE_PATH

PAGE = "index.html"
HTML = "text/html"
FILES: Mapping[str, str] = {
    "phone.css": "text/css",
    "phone.js": "text/javascript",
    "common.js": "text/javascript",
    "alerts.js": "text/javascript",
    "boards.js": "text/javascript",
    "guard.js": "text/javascript",
    "live.js": "text/javascript",
    "stickers.js": "text/javascript",
    "sw.js": "text/javascript",
    "manifest.webmanifest": "application/manifest+json",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
}
"""What the page needs, and no other file."""


def _given(name: str, media_type: str) -> Response[bytes]:
    """A file of the package. A browser asks each time whether it is still the same: an old worker shows nothing new."""
    content = files("app.asgi.phone").joinpath(name).read_bytes()
    return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})


@get(PHONE_PATH, include_in_schema=False, sync_to_thread=True)
def phone() -> Response[bytes]:
    """The page. Nothing of a person is in it."""
    return _given(PAGE, HTML)


@get(PHONE_PATH + "/{name:str}", include_in_schema=False, sync_to_thread=True)
def phone_file(name: FromPath[str]) -> Response[bytes]:
    """One of the files that the page needs."""
    if name not in FILES:
        raise NotFoundException
    return _given(name, FILES[name])


ROUTES: list[HTTPRouteHandler] = [phone, phone_file]
