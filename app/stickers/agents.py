"""Who asks for a page: a person's browser, or something that looks through links (previews in chats, scanners of mail,
search engines, a browser that fetches ahead). Pure.

Nothing hangs on it but a mark in the log of scans: looking calls nobody, whoever looks.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from app.stickers.limits import coarse_network_of, network_of

MACHINES: Final = (
    "bot", "crawl", "spider", "preview", "facebookexternalhit", "whatsapp", "slack", "telegram", "skypeuri",
    "vkshare", "embedly", "iframely", "linkcheck", "urlcheck", "monitor", "headlesschrome", "phantomjs", "proofpoint",
    "barracuda", "mimecast", "safelinks", "googleimageproxy", "google-safety", "yahoomail", "feedfetcher", "python",
    "curl", "wget", "httpx", "okhttp", "go-http-client", "java/", "libwww", "axios", "node-fetch", "apache-httpclient",
)  # fmt: skip
"""Parts of what they say of themselves, in lower case."""
NOT_MACHINES: Final = ("cubot",)
"""Telephones whose name has such a part."""
AHEAD: Final = ("sec-purpose", "purpose", "x-moz", "x-purpose")
"""Headers by which a browser says that nobody has asked for the page yet."""


def is_ahead(headers: Mapping[str, str]) -> bool:
    """Whether a browser only fetches what somebody may ask for next.

    >>> is_ahead({"sec-purpose": "prefetch;prerender"}), is_ahead({})
    (True, False)
    """
    said = " ".join(headers.get(name, "") for name in AHEAD).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


def is_machine(user_agent: str) -> bool:
    """Whether nobody stands behind it; who says nothing of itself is none.

    >>> is_machine("Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X)"), is_machine("Slackbot-LinkExpanding 1.0")
    (False, True)
    """
    said = user_agent.lower()
    for telephone in NOT_MACHINES:
        said = said.replace(telephone, "")
    return not said.strip() or any(part in said for part in MACHINES)


def mark_of(secret: bytes, address: str) -> bytes:
    """Eight bytes that stand for the neighbourhood of a network address, and that nobody without the secret can try
    addresses against.
    """
    key = hmac.digest(secret, b"mimamori scans", hashlib.sha256)
    return hmac.digest(key, coarse_network_of(address).encode("utf-8", "replace"), hashlib.sha256)[:8]


def finder_mark(secret: bytes, address: str, user_agent: str) -> bytes:
    """32 bytes that are the same when the same phone comes again from the same address, so that one whom the city has
    blocked stays so. Kept as long as the thread, and good for nothing else.
    """
    key = hmac.digest(secret, b"mimamori finders", hashlib.sha256)
    return hmac.digest(key, f"{network_of(address)}\n{user_agent}".encode("utf-8", "replace"), hashlib.sha256)
