"""The state of each wearer under watch, settings, and rules that failed."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

watch_state = sa.Table(
    "watch_state",
    metadata,
    # A wearer, or a contact who carries a phone of her own: whoever positions are attributed to.
    key("subject_id", primary_key=True),
    sa.Column("city_id", sa.Integer, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    # When silence is to be judged next; the timer is this column.
    moment("due_at", nullable=True, index=True),
)

# Where a wearer goes, as `movement/habits.py` encodes it. `version` is counted up with each change; her state names the
# one that it knows (`closing.Learnt`), so that nobody reads a map again that is as it was.
habit_map = sa.Table(
    "habit_map",
    metadata,
    key("wearer_id", sa.ForeignKey("wearer.id"), primary_key=True),
    sa.Column("city_id", sa.Integer, nullable=False),
    sa.Column("map", sa.LargeBinary, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    # Everything before this is in the map.
    moment("learnt_until"),
    # When the next day is to be taken in; the timer is this column.
    moment("due_at", index=True),
)

watch_setting = sa.Table(
    "watch_setting",
    metadata,
    key("wearer_id", sa.ForeignKey("wearer.id"), primary_key=True),
    sa.Column("settings", sa.JSON, nullable=False),
    moment("changed_at"),
    key("changed_by", sa.ForeignKey("account.id"), nullable=False),
)

# Where a wearer is expected, on which days of the week, from when and by when (wall clock of the city).
expectation = sa.Table(
    "expectation",
    metadata,
    key(),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False, index=True),
    sa.Column("city_id", sa.Integer, nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    # Ids of detectors any of which will do, as text.
    sa.Column("detector_ids", sa.JSON, nullable=False),
    # Monday is 1, Sunday 64.
    sa.Column("weekdays", sa.Integer, nullable=False),
    sa.Column("from_time", sa.Time, nullable=False),
    sa.Column("by_time", sa.Time, nullable=False),
    sa.Column("tell_arrival", sa.Boolean, nullable=False),
    moment("created_at"),
    moment("ended_at", nullable=True),
)

# What the family said is fine after an alert: a day, a place, or an hour of the clock to a rule (minutes of the day).
allowance = sa.Table(
    "allowance",
    metadata,
    key(),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False, index=True),
    # No foreign key: alerts are of a room above this one.
    key("alert_id", nullable=False, index=True),
    sa.Column("scope", sa.String(10), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("rule", sa.String(40), nullable=False),
    sa.Column("lat_deg", sa.Float, nullable=True),
    sa.Column("lon_deg", sa.Float, nullable=True),
    sa.Column("radius_m", sa.Float, nullable=True),
    sa.Column("from_min", sa.SmallInteger, nullable=True),
    sa.Column("until_min", sa.SmallInteger, nullable=True),
    key("said_by", sa.ForeignKey("account.id"), nullable=False),
    moment("said_at"),
    # When it is over; null: when it is taken back.
    moment("until_at", nullable=True, index=True),
    moment("ended_at", nullable=True),
)

# When many devices of a town fell silent at once, how many they were, and when they were heard again.
device_outage = sa.Table(
    "device_outage",
    metadata,
    sa.Column("city_id", sa.Integer, primary_key=True, autoincrement=False),
    moment("from_at", primary_key=True),
    sa.Column("devices", sa.Integer, nullable=False),
    moment("noticed_at"),
    moment("until_at", nullable=True),
)
_goes_on = device_outage.c.until_at.is_(None)
sa.Index(
    "uq_device_outage_going_on", device_outage.c.city_id, unique=True, sqlite_where=_goes_on, postgresql_where=_goes_on
)

watch_failure = sa.Table(
    "watch_failure",
    metadata,
    key(),
    key("wearer_id", nullable=False),
    sa.Column("city_id", sa.Integer, nullable=False),
    sa.Column("watch", sa.String(40), nullable=False),
    moment("at", index=True),
    sa.Column("error", sa.Text, nullable=False),
)
