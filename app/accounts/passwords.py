"""Passwords: argon2id hashes, and which passwords are refused. Pure, but slow by intent: never call this inside a
transaction of the writer.

The cost is OWASP's recommendation for argon2id (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane), which keeps a
small town server alive while a whole shift signs in.
"""

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

PASSWORD_MIN = 10
PASSWORD_MAX = 256
DIFFERENT_MIN = 5
PASSES = 2
MEMORY_KIB = 19_456
LANES = 1

NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$" + "A" * 22 + "$" + "A" * 43
"""A hash that no password has, of the same cost as a real one: an unknown address takes as long as a wrong password."""


@lru_cache(1)
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def _bytes(password: str) -> bytes:
    """The password as it is hashed: NFKC, so that the same keys give the same bytes on every phone (NIST SP 800-63B
    section 5.1.1.2).
    """
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def hash_password(password: str) -> str:
    """The argon2id hash, with salt and cost in it (PHC string format)."""
    assert len(password) <= PASSWORD_MAX, "the length is checked where the password comes in"
    return _hasher().hash(_bytes(password))


def is_right(password_hash: str, password: str) -> bool:
    """Whether `password` made this hash. Takes the same time for right and wrong ones."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(password_hash, _bytes(password[:PASSWORD_MAX]))
    except (VerificationError, InvalidHashError):
        return False


def compare(password_hash: str, password: str) -> tuple[bool, str | None]:
    """Whether the password is right, and a new hash for it if the old one was made at another cost than today's."""
    if not is_right(password_hash, password):
        return False, None
    outdated = _hasher().check_needs_rehash(password_hash)
    return True, hash_password(password) if outdated else None


def weakness(password: str, *known: str) -> str | None:
    """Why this password is refused, as a sentence; None for a good one. `known` are texts that anybody could try:
    e-mail address, name.

    Length counts, composition rules do not (NIST SP 800-63B section 5.1.1.2).
    """
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        return f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters."
    folded = password.casefold()
    if len(set(folded)) < DIFFERENT_MIN:
        return f"A password has at least {DIFFERENT_MIN} different characters."
    if any(folded == text.casefold() or folded == text.casefold().partition("@")[0] for text in known):
        return "A password is neither the e-mail address nor the name."
    return None
