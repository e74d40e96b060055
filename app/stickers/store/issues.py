"""Applications for stickers, what came of them, and notices of changes."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.kit.ids import IssueId, WearerId
from app.programmes.register import Applicant, Consenter
from app.stickers.issuing import Issue, Kind, Notice
from app.stickers.schemes import Way
from app.stickers.tables import sticker_issue, sticker_notice


def add(connection: Connection, one: Issue) -> bool:
    """Whether the application was kept; not while another one of hers is open."""
    values = {name: getattr(one, name) for name in one.__struct_fields__}
    statement = dialect.insert(connection, sticker_issue).values(**values)
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def change(connection: Connection, issue_id: IssueId, **values: Any) -> bool:
    """Whether an open application is different now."""
    mine = sa.update(sticker_issue).where(
        sticker_issue.c.id == issue_id,
        sticker_issue.c.handed_over_on.is_(None),
        sticker_issue.c.withdrawn_at.is_(None),
    )
    return connection.execute(mine.values(**values)).rowcount == 1


def one(connection: Connection, issue_id: IssueId) -> Issue | None:
    """The application of that id, whoever asks."""
    row = connection.execute(sa.select(sticker_issue).where(sticker_issue.c.id == issue_id)).one_or_none()
    return None if row is None else _issue(row)


def of_wearer(connection: Connection, wearer_id: WearerId) -> list[Issue]:
    """All applications of a wearer, newest first."""
    query = sa.select(sticker_issue).where(sticker_issue.c.wearer_id == wearer_id)
    return [_issue(row) for row in connection.execute(query.order_by(sticker_issue.c.id.desc()))]


def add_notice(connection: Connection, one: Notice) -> None:
    """Keeps what was told."""
    connection.execute(sa.insert(sticker_notice).values(**{name: getattr(one, name) for name in one.__struct_fields__}))


def notices(connection: Connection, wearer_id: WearerId, before: UUID | None, count: int) -> list[Notice]:
    """Up to `count` notices of a wearer, newest first, older than `before`."""
    query = sa.select(sticker_notice).where(sticker_notice.c.wearer_id == wearer_id)
    if before is not None:
        query = query.where(sticker_notice.c.id < before)
    rows = connection.execute(query.order_by(sticker_notice.c.id.desc()).limit(count))
    return [Notice(**_applied(row)) for row in rows]


def _issue(row: sa.Row[Any]) -> Issue:
    return Issue(**{**_applied(row), "kind": Kind(row.kind), "way": Way(row.way)})


def _applied(row: sa.Row[Any]) -> dict[str, Any]:
    by = None if row.consent_by is None else Consenter(row.consent_by)
    return {**row._mapping, "applied_by": Applicant(row.applied_by), "consent_by": by}
