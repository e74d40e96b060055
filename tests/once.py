"""What is slow and the same each time is done once a test process: a password compared with its hash, which is slow by
intent and of which the casts of all tests have one; the authorities that every client of HTTP reads, 25 ms each; and
the paper of one bill, half a second, which everybody asks for who tries who may see what.
"""

import os
import ssl
from collections import OrderedDict
from functools import lru_cache
from typing import Any

import httpx
from httpx._transports import default as transports

from app.accounts import passwords

KEPT_MAX = 500
PAPERS_MAX = 100


def keep() -> None:
    """From now on the second one who asks gets what the first one did."""
    passwords.is_right = lru_cache(KEPT_MAX)(passwords.is_right)
    transports.create_ssl_context = _context


def keep_papers() -> None:
    """The same for papers: the same document comes to the same bytes, which `tests/unit/billing` holds."""
    from app.billing.service import reading

    known: OrderedDict[str, bytes] = OrderedDict()
    really_print = reading.document_pdf

    def printed(*given: Any) -> bytes:
        named = repr(given)
        if named not in known:
            known[named] = really_print(*given)
            if len(known) > PAPERS_MAX:
                known.popitem(last=False)
        return known[named]

    reading.document_pdf = printed


def _context(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
    named = tuple(os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")) if trust_env else ()
    return _read(verify, cert, trust_env, named)


@lru_cache(KEPT_MAX)
def _read(verify: Any, cert: Any, trust_env: bool, _named: tuple[str | None, ...]) -> ssl.SSLContext:
    return httpx.create_ssl_context(verify, cert, trust_env)
