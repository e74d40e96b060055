"""The stored geofences."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

geofence = sa.Table(
    "geofence",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("purpose", sa.String(10), nullable=False),
    sa.Column("lat_deg", sa.Float, nullable=True),
    sa.Column("lon_deg", sa.Float, nullable=True),
    sa.Column("radius_m", sa.Float, nullable=True),
    sa.Column("corners", sa.JSON, nullable=False),
    sa.Column("tell_exit", sa.Boolean, nullable=False),
    sa.Column("tell_enter", sa.Boolean, nullable=False),
    sa.Column("schedule", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("access_points", sa.JSON(none_as_null=True), nullable=True),
    moment("created_at"),
    moment("ended_at", nullable=True),
    sa.Index("ix_geofence_wearer_id", "wearer_id"),
)
