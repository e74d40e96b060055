"""The headers that every answer has: nothing of the API may be kept by a cache, shown in a frame or guessed to be a
page.
"""

import base64
import hashlib
from collections.abc import Iterable

from app.accounts.pages import STYLE
from app.stickers.pages.frame import SCRIPT_PATH
from app.stickers.pages.frame import STYLE as FINDER_STYLE

DOCS_PATH = "/docs"
PHONE_PATH = "/phone"
API_PREFIX = "/v1/"
COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
POLICY = b"default-src 'none'; frame-ancestors 'none'"
DOCS_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PHONE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
POLICIES = {DOCS_PATH: DOCS_POLICY, PHONE_PATH: PHONE_POLICY}

PAGE_PREFIXES = ("/mail/", "/a/")
"""Pages behind links in letters: whoever has the link may press its button, and no cache may keep either."""
FINDER_PREFIXES = ("/s/", "/S/")
"""Pages of stickers: whoever scanned one may press its button; one of them asks a phone where it is."""


def _hash_of(style: str) -> bytes:
    """As a policy names the one style that a page may have."""
    return b"'sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()) + b"'"


PAGE_POLICY = (
    b"default-src 'none'; style-src " + _hash_of(STYLE) + b"; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
FINDER_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src " + _hash_of(FINDER_STYLE) + b"; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FINDER_HEADERS = (
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
    (b"permissions-policy", b"geolocation=(self), camera=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)

Headers = list[tuple[bytes, bytes]]


def with_common(path: str, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers of an answer to `path`, with ours added."""
    kept: Headers = [*headers, *COMMON]
    is_page = path.startswith(PAGE_PREFIXES)
    is_finders = path.startswith(FINDER_PREFIXES)
    if is_finders:
        kept += FINDER_HEADERS
    if is_page or path.startswith(API_PREFIX) or (is_finders and path != SCRIPT_PATH):
        kept = [pair for pair in kept if pair[0].lower() != b"cache-control"]
        kept.append((b"cache-control", b"no-store"))
    default = FINDER_POLICY if is_finders else PAGE_POLICY if is_page else POLICY
    policy = next((one for page, one in POLICIES.items() if path == page or path.startswith(page + "/")), default)
    kept.append((b"content-security-policy", policy))
    return kept
