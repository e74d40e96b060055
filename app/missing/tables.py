"""Searches, and what was told to them."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

search = sa.Table(
    "search",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    key("alert_id", nullable=True),
    sa.Column("reason", sa.String(500), nullable=False),
    # Where she was last seen, as it was said or known when the search was opened; gone after the time of retention.
    moment("last_at", nullable=True),
    sa.Column("last_lat_deg", sa.Float, nullable=True),
    sa.Column("last_lon_deg", sa.Float, nullable=True),
    sa.Column("last_accuracy_m", sa.Float, nullable=True),
    sa.Column("last_known_by", sa.String(10), nullable=True),
    key("opened_by", sa.ForeignKey("account.id"), nullable=False),
    moment("opened_at"),
    key("closed_by", nullable=True),
    moment("closed_at", nullable=True),
    sa.Column("ended", sa.String(20), nullable=True),
    moment("find_at", nullable=True),
    sa.Column("find_lat_deg", sa.Float, nullable=True),
    sa.Column("find_lon_deg", sa.Float, nullable=True),
    # How the map had rated the find: what stays when places are gone.
    sa.Column("score", sa.Float, nullable=True),
    sa.Column("score_first_rings", sa.Float, nullable=True),
    sa.Column("score_newest_rings", sa.Float, nullable=True),
    sa.Index("ix_search_wearer_id_opened_at", "wearer_id", "opened_at"),
    sa.Index("ix_search_opened_at", "opened_at"),
)
_open = search.c.closed_at.is_(None)
# Two searches for one person would each know half.
sa.Index("uq_search_open", search.c.wearer_id, unique=True, sqlite_where=_open, postgresql_where=_open)

search_fact = sa.Table(
    "search_fact",
    metadata,
    key(),
    key("search_id", sa.ForeignKey("search.id"), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    moment("at"),
    sa.Column("data", sa.JSON, nullable=False),
    key("by", nullable=False),
    moment("received_at"),
    # It was wrong: kept, and part of no map.
    moment("withdrawn_at", nullable=True),
    key("withdrawn_by", nullable=True),
    sa.Index("ix_search_fact_search_id", "search_id"),
    sa.Index("ix_search_fact_received_at", "received_at"),
)
