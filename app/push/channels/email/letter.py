"""A message as a letter. Pure: the same message is the same letter, byte for byte, however often it is sent.

Duplicates are one in a mailbox by their Message-ID, and all that is told about one alert is one thread. The standard
library puts long ids into encoded words, and decodes a title that looks like one (tried on 3.11); hence the headers of
our own.
"""

import unicodedata
from collections.abc import Mapping
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from hashlib import sha256
from typing import Any, Final

from app.push.channels.email.mailboxes import spelled
from app.push.channels.parcel import CONFIRM_MAILBOX, Parcel
from app.push.model import Level
from app.push.render import text

_NOT_SHOWN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of characters, and what ends a line or paragraph."""
_LANGUAGES: Final = {"easy": "ja"}


class _Verbatim(BaseHeader):
    """Goes out as it is, on one line: it holds ids, which no reader knows again when they are folded or encoded."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Takes the value as it is; a name that looks like an encoded word is one all the same."""
        kwds["decoded"], kwds["parse_tree"] = value, None

    def fold(self, *, policy: Policy) -> str:
        """The lines of the header."""
        return f"{self.name}: {self}{policy.linesep}"


class _Words(_Verbatim):
    """Always in encoded words (RFC 2047), each of whole characters, so that nothing of it is read as anything else."""

    def fold(self, *, policy: Policy) -> str:
        """The lines of the header."""
        encoded = Header(str(self), "utf-8", header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {encoded}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
for _name in ("message-id", "in-reply-to", "references", "to"):
    _HEADERS.map_to_type(_name, _Verbatim)
_HEADERS.map_to_type("subject", _Words)
_POLICY: Final = SMTP.clone(header_factory=_HEADERS)


def letter(parcel: Parcel, sender: Address, mailbox: str, links: Mapping[str, str] | None = None) -> bytes:
    """The letter to `mailbox`, ready to be sent. `links` are URLs by what is said of each.

    Raises `ValueError` for what is no mailbox.
    """
    message, words = parcel.message, parcel.text
    language = message.address.language
    about = sha256(message.about.encode()).hexdigest()[:32]
    thread = f"<{about}@{sender.domain}>"
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = spelled(mailbox)
    mail["Subject"] = _line(parcel.shown.title)
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.id}@{sender.domain}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    # No machine answers a machine (RFC 3834), holidays of Exchange included.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.level is Level.URGENT:
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    said = [f"{_line(what)}\n{url}" for what, url in (links or {}).items()]
    # What may not be in a list of letters that everybody sees is in the letter.
    head = [] if parcel.shown == words else [_line(words.title)]
    blocks = [*head, _line(words.body), *said, f"-- \n{text('letter.end', language, {})}"]
    mail.set_content("\n\n".join(blocks) + "\n", charset="utf-8", cte="base64")
    mail["Content-Language"] = _LANGUAGES.get(language, language)
    return mail.as_bytes()


def links_of(parcel: Parcel, public_url: str) -> Mapping[str, str]:
    """The URLs in a letter, by what is said of each. They are made anew for each sending and stored nowhere.

    Raises `ValueError` for a letter that must not go out: to a mailbox that nobody confirmed only the one that asks
    may, and that one is nothing without its link.
    """
    message, base = parcel.message, public_url.rstrip("/")
    if message.kind != CONFIRM_MAILBOX:
        if message.address.confirmed_at is None:
            raise ValueError("nobody confirmed this mailbox")
        if parcel.came is not None:
            return {text("letter.came", message.address.language, {}): f"{base}/mail/{parcel.came}/came"}
        answer = text("letter.answer", message.address.language, {})
        return {} if parcel.answer is None else {answer: f"{base}/a/{parcel.answer}"}
    if parcel.confirm is None:
        raise ValueError("no link can be made")
    return {text("letter.confirm", message.address.language, {}): f"{base}/mail/{parcel.confirm}"}


def _line(sentence: str) -> str:
    """The sentence without what could end the line that it is on."""
    shown = (" " if unicodedata.category(mark) in _NOT_SHOWN else mark for mark in sentence)
    return "".join(shown).strip()
