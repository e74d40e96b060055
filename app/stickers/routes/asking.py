"""What the routes of finders share: who may send a form, which language a page has, how a page and its cookie leave."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, FormMultiDict
from litestar.exceptions import HTTPException

from app.accounts.auth import SAFE_METHODS
from app.config import Settings
from app.pictures import FILE_BYTES_MAX
from app.stickers import words
from app.stickers.pages.scan import refused_page

FINDER_COOKIE: Final = "mimamori_finder"
COOKIE_PATH: Final = "/s"
COOKIE_S: Final = 48 * 3600
"""Longer than a thread without a word, and its last line."""
FORM_BYTES_MAX: Final = 16 * 1024
PHOTO_FORM_BYTES_MAX: Final = FILE_BYTES_MAX + FORM_BYTES_MAX
"""What a camera of today makes of a scene; with script a phone sends a tenth of a megabyte."""
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")

Asked = Request[Any, Any, Any]
Page = Response[str]


def language_of(request: Asked) -> str:
    """The language of the page that answers."""
    return words.choose(asked_language(request), request.headers.get("accept-language", ""))


def asked_language(request: Asked) -> str | None:
    """The language that a link asked for, None without one of ours."""
    asked = request.query_params.get("l")
    return asked if asked in words.LANGUAGES else None


def html(content: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Page:
    """A page."""
    return Response(content, status_code=status, media_type=MediaType.HTML, headers=dict(headers or {}))


def refuse_other_sites(request: Asked) -> Page | None:
    """The page that says so, for a form that another site made a browser send; None for one of ours.

    Browsers of today say it (`Sec-Fetch-Site`); older ones name the site, or `null`, since our pages send no referrer.
    What is left is an old browser that says nothing: a stranger's page would have to know the code, and who knows it
    needs no browser of somebody else's.
    """
    if request.method in SAFE_METHODS:
        return None
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return html(refused_page(language_of(request)), 403)
    origin = request.headers.get("origin", "null")
    if origin != "null" and _host_in(origin) != request.headers.get("host", "").lower():
        return html(refused_page(language_of(request)), 403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _FORMS:
        return html(refused_page(language_of(request)), 415)
    return None


def _host_in(origin: str) -> str | None:
    """Whose pages are of this origin; None for what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


async def form_of(request: Asked) -> FormMultiDict | None:
    """What a form holds; None for what is too large, or cannot be read as one."""
    try:
        return await request.form()
    except (HTTPException, ValueError, LookupError, RecursionError):  # LookupError: a charset that nobody knows.
        return None


def field(form: FormMultiDict, name: str) -> str:
    """The text of a field, empty without one."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def cookie(settings: Settings, secret: str, max_age_s: int = COOKIE_S) -> Cookie:
    """What a phone keeps of a thread; no script can read it."""
    secure = (settings.public_url or "").lower().startswith("https:")
    return Cookie(
        FINDER_COOKIE, value=secret, max_age=max_age_s, path=COOKIE_PATH, secure=secure, httponly=True, samesite="lax"
    )


def onward(path: str, request: Asked, **query: str) -> Response[str]:
    """The page to go on with, by GET, so that going back and loading again send nothing twice; in the same language."""
    asked = asked_language(request)
    given = {**query, **({"l": asked} if asked else {})}
    where = f"{path}?{urlencode(given)}" if given else path
    return Response("", status_code=303, media_type=MediaType.HTML, headers={"Location": where})


def secret_in(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The secret that a phone kept, empty without one."""
    return connection.cookies.get(FINDER_COOKIE, "")
