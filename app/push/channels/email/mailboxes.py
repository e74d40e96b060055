"""How mailboxes are written in a letter and in the commands of SMTP. Pure."""

import re
from email.headerregistry import Address
from email.utils import getaddresses
from typing import Final

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_MAILBOX: Final = re.compile(rf"(?:{_ATOM}|\.)+@{_ATOM}(?:\.{_ATOM})*")


def spelled(mailbox: str) -> str:
    """The mailbox as the standards want it: a local part that is no dot-atom goes between quotation marks (RFC 5321
    section 4.1.2, RFC 5322 section 3.4.1). Japanese carriers have given out many with dots side by side or at an end,
    and Python's own classes leave those as they are.

    Raises `ValueError` for what is no mailbox.

    >>> spelled("taro@example.jp"), spelled("hana..chan.@docomo.ne.jp")
    ('taro@example.jp', '"hana..chan."@docomo.ne.jp')
    """
    if _MAILBOX.fullmatch(mailbox) is None:
        raise ValueError("not a mailbox")
    local, _, domain = mailbox.rpartition("@")
    return mailbox if _DOT_ATOM.fullmatch(local) else f'"{local}"@{domain}'


def named(text: str) -> Address:
    """The mailbox with the name before it, if any: `見守りサービス <mimamori@town.example.jp>`.

    Raises `ValueError` for what is not one mailbox.
    """
    found = getaddresses([text])
    if len(found) != 1 or not text.isprintable():
        raise ValueError("not one mailbox on one line")
    ((name, mailbox),) = found
    return Address(name, addr_spec=spelled(mailbox))
