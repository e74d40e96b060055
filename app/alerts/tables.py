"""Alerts, the causes that were already seen, and everything that happened to an alert."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

alert = sa.Table(
    "alert",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("level", sa.String(10), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    moment("happened_at"),
    moment("opened_at"),
    moment("changed_at"),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("lat_deg", sa.Float, nullable=True),
    sa.Column("lon_deg", sa.Float, nullable=True),
    sa.Column("accuracy_m", sa.Float, nullable=True),
    moment("place_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    key("acknowledged_by", nullable=True),
    moment("ended_at", nullable=True),
    key("ended_by", nullable=True),
    sa.Index("ix_alert_city_id_opened_at", "city_id", "opened_at"),
    sa.Index("ix_alert_wearer_id_opened_at", "wearer_id", "opened_at"),
)
_going_on = alert.c.state.in_(["open", "acknowledged"])
# One incident, one alert (DESIGN section 7, promise 2): the subject is never null, so the key constrains every row.
sa.Index(
    "uq_alert_going_on",
    alert.c.wearer_id,
    alert.c.kind,
    alert.c.subject,
    unique=True,
    sqlite_where=_going_on,
    postgresql_where=_going_on,
)

alert_cause = sa.Table(
    "alert_cause",
    metadata,
    key("wearer_id", primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("cause", sa.String(120), primary_key=True),
    key("alert_id", sa.ForeignKey("alert.id"), nullable=False),
    moment("at"),
)

# The number is the cursor of live events: it grows in the order of commits: one transaction at a time takes any.
alert_history = sa.Table(
    "alert_history",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    key("alert_id", sa.ForeignKey("alert.id"), nullable=False, index=True),
    sa.Column("what", sa.String(20), nullable=False),
    moment("at"),
    key("account_id", nullable=True),
    sa.Column("detail", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)
