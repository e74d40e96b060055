"""Alerts, the causes that were already seen, everything that happened to an alert, who was told and who goes; the
policies and the duty tables of cities.
"""

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
    sa.Column("acknowledged_via", sa.String(20), nullable=True),
    # How it is told (`policies.Plan`, as it was when that began), what is said, and how far that has come. An alert
    # that a version before 0013 opened has none, until the auditor gives it one.
    sa.Column("plan", sa.JSON, nullable=True),
    sa.Column("words", sa.JSON, nullable=True),
    sa.Column("step", sa.SmallInteger, nullable=True),
    sa.Column("times", sa.Integer, nullable=True),
    sa.Column("turn", sa.Integer, nullable=True),
    # The one timer: of an open alert when the next step is due, of an acknowledged one when it opens again.
    moment("due_at", nullable=True),
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

_due = _going_on & alert.c.due_at.is_not(None)
sa.Index("ix_alert_due", alert.c.due_at, sqlite_where=_due, postgresql_where=_due)


def is_going_on() -> "sa.ColumnElement[bool]":
    """Open or acknowledged, spelled out in the SQL and in the order of the indexes: else SQLite does not see that they
    hold these, and reads all alerts that there ever were.
    """
    states = ["open", "acknowledged"]
    return alert.c.state.in_(sa.bindparam("going_on", states, expanding=True, literal_execute=True))


_placed = alert.c.lat_deg.is_not(None) & alert.c.ended_at.is_not(None)
sa.Index("ix_alert_placed", alert.c.ended_at, sqlite_where=_placed, postgresql_where=_placed)

# One person told at one turn. Its messages bear its key; `rung` is the group of channels that was tried last.
telling = sa.Table(
    "telling",
    metadata,
    key(),
    key("alert_id", sa.ForeignKey("alert.id"), nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("step", sa.SmallInteger, nullable=False),
    key("account_id", nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("rung", sa.SmallInteger, nullable=False),
    moment("at"),
    # When to look whether a phone answered, and else to try the next channel; null when nothing is left to do.
    moment("fall_at", nullable=True),
    sa.Column("unreached", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("alert_id", "turn", "account_id"),
)
_falls = telling.c.fall_at.is_not(None)
sa.Index("ix_telling_fall", telling.c.fall_at, sqlite_where=_falls, postgresql_where=_falls)

alert_ack = sa.Table(
    "alert_ack",
    metadata,
    key("alert_id", sa.ForeignKey("alert.id"), primary_key=True),
    key("account_id", primary_key=True),
    moment("at"),
    sa.Column("via", sa.String(20), nullable=False),
)

alert_going = sa.Table(
    "alert_going",
    metadata,
    key("alert_id", sa.ForeignKey("alert.id"), primary_key=True),
    key("account_id", primary_key=True),
    moment("at"),
    moment("arrives_at", nullable=True),
)

# `about` is the wearer's key in hexadecimal, or empty for the city itself: a key with a nullable part would constrain
# nothing.
escalation_policy = sa.Table(
    "escalation_policy",
    metadata,
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), primary_key=True, autoincrement=False),
    sa.Column("about", sa.String(32), primary_key=True),
    sa.Column("policy", sa.JSON, nullable=False),
    moment("changed_at"),
    key("changed_by", nullable=False),
)

# How people want to be told; who chose nothing has no row.
preference = sa.Table(
    "preference",
    metadata,
    key("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("preference", sa.JSON, nullable=False),
    moment("changed_at"),
)

duty_shift = sa.Table(
    "duty_shift",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False, index=True),
    key("account_id", sa.ForeignKey("account.id"), nullable=False),
    sa.Column("hours", sa.JSON, nullable=False),
    sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date, nullable=True),
    moment("created_at"),
    key("created_by", nullable=False),
    moment("ended_at", nullable=True),
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
