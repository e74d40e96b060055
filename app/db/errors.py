"""What an error may say in a log or a row: never the values of a statement, which are people's names and places."""

import sqlalchemy as sa

_SERVERS_OWN = ("53", "55", "57", "58")
"""Classes of PostgreSQL's errors: no space or memory or connections, in use, ended by operators, its files."""

_BEGIN_ANEW = frozenset({"40001", "40P01"})
"""serialization_failure and deadlock_detected: another process was faster, nothing is wrong."""


def begins_anew(error: object) -> bool:
    """Whether the same work may succeed when it is done again: it lost against another process."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    return getattr(cause, "sqlstate", None) in _BEGIN_ANEW


def is_the_servers(error: BaseException) -> bool:
    """Whether the server itself could not, so that the same work succeeds once it can: no disk space, no memory, shut
    down. What was to be stored is not to blame.
    """
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    state = getattr(cause, "sqlstate", None) or ""
    return state.startswith(_SERVERS_OWN) and state != "57014"  # Which took too long: it may do so again.


def plain(error: BaseException) -> str:
    """The error's kind and its first line. PostgreSQL tells values in a line of its own (DETAIL), which is left out."""
    cause = error.orig if isinstance(error, sa.exc.StatementError) and error.orig is not None else error
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)
    return f"{type(cause).__name__}: {cause if primary is None else primary}"
