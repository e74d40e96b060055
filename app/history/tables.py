"""Positions, fixes that were refused, and what devices heard when they had no fix."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment


def _place() -> list[sa.Column[float]]:
    return [
        sa.Column("lat_deg", sa.Float, nullable=False),
        sa.Column("lon_deg", sa.Float, nullable=False),
        sa.Column("accuracy_m", sa.Float, nullable=True),
    ]


position = sa.Table(
    "position",
    metadata,
    sa.Column("city_id", sa.Integer, primary_key=True, autoincrement=False),
    key("device_id", primary_key=True),
    moment("fix_at", primary_key=True),
    sa.Column("ordinal", sa.SmallInteger, primary_key=True, autoincrement=False),
    key("wearer_id", nullable=True),
    key("contact_id", nullable=True),
    moment("received_at"),
    *_place(),
    sa.Column("altitude_m", sa.Float, nullable=True),
    sa.Column("speed_mps", sa.Float, nullable=True),
    sa.Column("heading_deg", sa.Float, nullable=True),
    sa.Column("known_by", sa.String(10), nullable=False),
    sa.Column("cell", sa.BigInteger, nullable=False),
    sa.Column("hour", sa.Integer, nullable=False),
    # The area question: one scan an hour and range of cells (DESIGN section 6).
    sa.Index("ix_position_hour_cell_fix_at", "hour", "cell", "fix_at"),
    # The track of a wearer, newest first or last.
    sa.Index("ix_position_wearer_id_fix_at", "wearer_id", "fix_at"),
    sqlite_with_rowid=False,
)

refused_fix = sa.Table(
    "refused_fix",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("device_id", nullable=False),
    moment("fix_at"),
    moment("received_at", index=True),
    *_place(),
    sa.Column("reason", sa.String(30), nullable=False),
    sa.Index("ix_refused_fix_device_id_fix_at", "device_id", "fix_at"),
)

survey = sa.Table(
    "survey",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("device_id", nullable=False),
    moment("at"),
    moment("received_at", index=True),
    sa.Column("heard", sa.JSON, nullable=False),
)
