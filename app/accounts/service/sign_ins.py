"""Use cases of signing in and out.

Signing in is three steps, because hashing is slow and the writer must not wait for it: `open_attempt` (a transaction)
counts the attempt as failed and gives what to compare with, `passwords.is_right` compares on a thread of its own,
`admit` (a transaction) takes the failure back and makes the token. A crash in between leaves a failure.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import passwords, throttle
from app.accounts.model import SignIn, Viewer
from app.accounts.names import mailbox
from app.accounts.store import addresses as address_store
from app.accounts.store import people
from app.accounts.store import sign_ins as store
from app.accounts.store.people import Credentials
from app.accounts.store.sign_ins import Found
from app.db.locks import one_at_a_time
from app.db.page import Page, page
from app.kit.errors import Conflict, NotFound, NotSignedIn
from app.kit.ids import AccountId, SignInId, new_id, new_secret, secret_hash
from app.push.model import Death
from app.push.store import kill_address

USED_EVERY = timedelta(minutes=10)
"""How exactly "last used" is kept: once in this time, so that reading stays a read."""
SIGN_INS_KEPT = timedelta(days=30)
"""How long an ended sign-in is kept."""
TOKEN_MAX = 100
WRONG = "The e-mail address or the password is wrong."


class Attempt(Struct, frozen=True, kw_only=True):
    """An attempt to sign in, counted as failed until `admit`.

    `password_hash` is one that no password has when there is no such account.
    """

    account_id: AccountId | None
    password_hash: str
    failure_ids: list[UUID]
    pair: bytes


def check_wait(connection: Connection, email: str, peer: str, now: datetime) -> None:
    """Raises `TooMany` when there were too many failures.

    Only reads, so that a flood of attempts stays out of the writer's queue.
    """
    subjects = throttle.subjects(email, peer)
    found = store.failures(connection, subjects.values(), now - throttle.LONGEST)
    throttle.refuse({kind: found[subject] for kind, subject in subjects.items()}, now)


def open_attempt(connection: Connection, email: str, peer: str, now: datetime) -> Attempt:
    """Counts an attempt as failed and gives what to compare the password with.

    Raises `TooMany`, then nothing is counted.
    """
    subjects = throttle.subjects(email, peer)
    for subject in sorted(subjects.values()):  # A thousand guesses at once are counted one after another.
        one_at_a_time(connection, f"sign-in:{subject.hex()}")
    check_wait(connection, email, peer, now)
    address = mailbox(email)
    known = None if address is None else people.credentials(connection, address)
    return Attempt(
        account_id=known.account_id if known else None,
        password_hash=known.password_hash if known else passwords.NOBODY,
        failure_ids=store.insert_failures(connection, subjects.values(), now),
        pair=subjects[throttle.Kind.PAIR],
    )


def forgive(connection: Connection, attempt: Attempt) -> None:
    """Takes the failure of a right password back, and those of the same e-mail address from the same network address.

    What other machines tried for this address, and what this machine tried for others, still counts.
    """
    store.delete_failures(connection, attempt.failure_ids, attempt.pair)


def admit(
    connection: Connection, attempt: Attempt, new_hash: str | None, label: str, now: datetime, days: int
) -> tuple[str, Viewer]:
    """The token of a new sign-in, shown once, and its viewer. The password must have been found right; `new_hash`
    replaces an outdated one.

    Raises `NotSignedIn` when the account was disabled or its password changed in the meantime.
    """
    assert attempt.account_id is not None, "nobody to admit"
    known = Credentials(account_id=attempt.account_id, password_hash=attempt.password_hash)
    if not people.replace_password(connection, known, new_hash or attempt.password_hash):
        raise NotSignedIn(WRONG)
    token = start_sign_in(connection, attempt.account_id, label, now, days)
    viewer = viewer_of(connection, token, now)
    if viewer is None:
        raise NotSignedIn(WRONG)
    forgive(connection, attempt)
    return token, viewer


def start_sign_in(connection: Connection, account_id: AccountId, label: str, now: datetime, days: int) -> str:
    """The token of a new sign-in, shown once. Asks for no password."""
    token = new_secret()
    one = SignIn(
        id=SignInId(new_id()),
        label=label[:100],
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=days),
    )
    store.insert_sign_in(connection, account_id, secret_hash(token), one)
    return token


def sign_in(
    connection: Connection, email: str, password: str, peer: str, label: str, now: datetime, days: int
) -> tuple[str, Viewer]:
    """The token of a new sign-in and its viewer, in one transaction. For commands and tests: a refusal rolls its own
    count back.

    Raises `NotSignedIn` and `TooMany`.
    """
    attempt = open_attempt(connection, email, peer, now)
    if not passwords.is_right(attempt.password_hash, password):
        raise NotSignedIn(WRONG)
    return admit(connection, attempt, None, label, now, days)


def viewer_of(connection: Connection, token: str, now: datetime) -> Viewer | None:
    """Whose token it is; None for an unknown, expired or revoked one and for that of a disabled account."""
    found = found_by(connection, token, now)
    return None if found is None else found.viewer


def found_by(connection: Connection, token: str, now: datetime) -> Found | None:
    """As `viewer_of`, with the time of last use.

    One indexed query; nothing is remembered, so that revoking takes effect at once.
    """
    if len(token) > TOKEN_MAX or not token.isascii():
        return None
    return store.found_by_token(connection, secret_hash(token), now)


def note_use(connection: Connection, found: Found, now: datetime) -> None:
    """Notes the use of a sign-in."""
    store.touch_sign_in(connection, found.viewer.sign_in_id, now)


def sign_ins(
    connection: Connection, viewer: Viewer, now: datetime, before: SignInId | None, limit: int
) -> Page[SignIn]:
    """The viewer's own sign-ins that are alive, newest first."""
    rows = store.sign_ins(connection, viewer.account_id, now, before, limit + 1)
    return page(rows, limit, lambda one: one.id)


def sign_out(connection: Connection, viewer: Viewer, now: datetime) -> None:
    """Ends the sign-in of this request."""
    revoke(connection, viewer.account_id, now, only=viewer.sign_in_id)


def sign_out_token(connection: Connection, token: str, now: datetime) -> None:
    """Ends the sign-in of a token, if it is one: a browser that signs in again leaves its old sign-in behind."""
    viewer = viewer_of(connection, token, now)
    if viewer is not None:
        sign_out(connection, viewer, now)


def revoke(
    connection: Connection,
    account_id: AccountId,
    now: datetime,
    *,
    only: SignInId | None = None,
    but: SignInId | None = None,
) -> int:
    """Ends sign-ins of an account, or one, or all but one; how many. The phones that they were on hear nothing more."""
    ended = store.revoke_sign_ins(connection, account_id, now, only=only, but=but)
    for address_id in address_store.addresses_of_sign_ins(connection, ended):
        kill_address(connection, address_id, Death.SIGNED_OUT, now)
    return len(ended)


def revoke_own(connection: Connection, viewer: Viewer, sign_in_id: SignInId, now: datetime) -> None:
    """Ends one of the viewer's own sign-ins. Raises `NotFound` for ended ones and other people's."""
    if not revoke(connection, viewer.account_id, now, only=sign_in_id):
        raise NotFound


def change_password(connection: Connection, viewer: Viewer, attempt: Attempt, new_hash: str, now: datetime) -> None:
    """Sets the viewer's password, after the old one was found right, and ends all other sign-ins.

    Raises `Conflict` when it changed in the meantime.
    """
    known = Credentials(account_id=viewer.account_id, password_hash=attempt.password_hash)
    if not people.replace_password(connection, known, new_hash):
        raise Conflict("The password was changed in the meantime.")
    forgive(connection, attempt)
    revoke(connection, viewer.account_id, now, but=viewer.sign_in_id)


def is_signed_in(connection: Connection, sign_in_id: SignInId, now: datetime) -> bool:
    """Whether a sign-in still stands: for answers that go on for hours."""
    return store.is_alive(connection, sign_in_id, now)


def forget_failures(connection: Connection, now: datetime) -> int:
    """Deletes failures that count no more; how many."""
    return store.forget_failures(connection, now - throttle.LONGEST)


def forget_sign_ins(connection: Connection, now: datetime) -> int:
    """Deletes sign-ins that ended long ago; how many."""
    return store.forget_sign_ins(connection, now - SIGN_INS_KEPT)
