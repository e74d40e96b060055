"""What a browser is told, and what its service is told about it. Pure.

Besides the words it carries no more than what it is about, its kind and its level, and the tokens of its receipt and
answer, which nobody but the browser can read: the page asks for the rest.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from app.push.channels.parcel import Parcel
from app.push.channels.webpush.encryption import PLAIN_BYTES_MAX
from app.push.model import Level, Message
from app.push.render import Text

TTL_S_MAX: Final = 28 * 24 * 3600
"""Services keep nothing longer, and Google's refuses to be asked for it."""
TOPIC_BYTES: Final = 24
URGENCY: Final[Mapping[Level, str]] = {Level.URGENT: "high", Level.NOTICE: "normal", Level.NEWS: "low"}
HTML_LANGUAGE: Final[Mapping[str, str]] = {"easy": "ja"}
"""Languages of ours that browsers know by another name."""


def headers_of(message: Message, now: datetime) -> dict[str, str]:
    """How long the service keeps it for a phone that is off, whether it wakes the phone, and what it takes the place
    of (RFC 8030 section 5).
    """
    left_s = int((message.expires_at - now).total_seconds())
    return {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(min(max(left_s, 0), TTL_S_MAX)),
        "Urgency": URGENCY[message.level],
        "Topic": topic_of(message.about),
    }


def topic_of(about: str) -> str:
    """What makes two messages one that wait for the same phone: 32 characters, which is all that a service takes."""
    return base64.urlsafe_b64encode(hashlib.sha256(about.encode()).digest()[:TOPIC_BYTES]).decode()


def payload_of(parcel: Parcel, now: datetime) -> bytes:
    """JSON for the service worker, never longer than can be sealed: words that do not fit are cut. Where the words may
    not be on a locked screen they are in `details`, for the page to show when it is opened.
    """
    message, shown = parcel.message, parcel.shown
    language = message.address.language
    fields: dict[str, Any] = {
        "tag": message.about,
        "kind": message.kind,
        "level": message.level.value,
        "lang": HTML_LANGUAGE.get(language, language),
        "sent_at": now,
    }
    about, _, key = message.about.partition(":")
    if about == "alert":
        fields["alert"] = key
    tokens = {"receipt": parcel.receipt, "answer": parcel.answer}
    fields |= {name: token for name, token in tokens.items() if token is not None}
    if shown == parcel.text:
        return _worded(shown, lambda words: {**words, **fields})
    fields |= {"title": shown.title, "body": shown.body}
    return _worded(parcel.text, lambda words: {**fields, "details": words})


def _worded(text: Text, around: Callable[[Mapping[str, str]], Mapping[str, Any]]) -> bytes:
    def encoded(title: str, body: str) -> bytes:
        return msgspec.json.encode(around({"title": title, "body": body}))

    title = _fitting(_readable(text.title), lambda some: encoded(some, ""))
    body = _fitting(_readable(text.body), lambda some: encoded(title, some))
    return encoded(title, body)


def _fitting(words: str, encoded: Callable[[str], bytes]) -> str:
    """As much of the words as fits, with … where they were cut."""
    if len(encoded(words)) <= PLAIN_BYTES_MAX:
        return words
    fits, too_long = 0, len(words)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if len(encoded(words[:middle] + "…")) <= PLAIN_BYTES_MAX:
            fits = middle
        else:
            too_long = middle
    return words[:fits] + "…" if fits else ""


def _readable(words: str) -> str:
    """Without halves of characters, which no encoding takes."""
    return words.encode("utf-8", "replace").decode()
