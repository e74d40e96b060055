"""What an error may say in a log or a row: never the values of a statement, which are people's names and places."""

import sqlalchemy as sa


def plain(error: BaseException) -> str:
    """The error's kind and its first line. PostgreSQL tells values in a line of its own (DETAIL), which is left out."""
    cause = error.orig if isinstance(error, sa.exc.StatementError) and error.orig is not None else error
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)
    return f"{type(cause).__name__}: {cause if primary is None else primary}"
