"""Positions, passages, fixes that were refused, and what devices heard when they had no fix."""

from typing import Any

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
    # Whoever carried the device then. A person's positions are found by the devices that she carried: an index of their
    # own would be another page of the disk for each.
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
    sqlite_with_rowid=False,
)

# Where people said that she was (`app/history/store/said.py`).
told_place = sa.Table(
    "told_place",
    metadata,
    key("source_id", primary_key=True),
    moment("at", primary_key=True, index=True),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", nullable=False),
    moment("received_at"),
    *_place(),
    sa.Column("known_by", sa.String(10), nullable=False),
    sa.Index("ix_told_place_wearer_id_at", "wearer_id", "at"),
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


def _passage(*first: sa.Column[Any]) -> list[sa.Column[Any]]:
    """What an open and a closed passage have in common, after the columns of the key."""
    return [
        *first,
        # Whoever wore the tag when the passage began.
        key("wearer_id", nullable=True),
        moment("last_at"),
        # The seconds in which the tag was heard (`app/tags/heard.py`), so that a repeat of a sighting changes nothing.
        sa.Column("heard", sa.LargeBinary, nullable=False),
        sa.Column("rssi_dbm_max", sa.Float, nullable=True),
        # Where the detector was; a vehicle's may be unknown.
        sa.Column("lat_deg", sa.Float, nullable=True),
        sa.Column("lon_deg", sa.Float, nullable=True),
        sa.Column("accuracy_m", sa.Float, nullable=True),
        sa.Column("cell", sa.BigInteger, nullable=True),
        # The tag was heard elsewhere sooner than anybody gets there: one of the two is a copy, or a clock is wrong.
        sa.Column("doubtful", sa.Boolean, nullable=False),
        # When we first heard of it, and how far the sender's clock was ahead of ours then.
        moment("received_at"),
        sa.Column("skew_s", sa.Float, nullable=True),
    ]


open_passage = sa.Table(
    "open_passage",
    metadata,
    sa.Column("city_id", sa.Integer, primary_key=True, autoincrement=False),
    key("tag_id", primary_key=True),
    key("detector_id", primary_key=True),
    *_passage(key("id", primary_key=False, nullable=False), moment("opened_at")),
    # The timer is this column: when nothing was heard until then, the passage is over.
    moment("close_at", index=True),
    sa.Index("ix_open_passage_tag_id", "tag_id"),
    sa.Index("ix_open_passage_wearer_id", "wearer_id"),
    sa.Index("ix_open_passage_detector_id", "detector_id"),
    sqlite_with_rowid=False,
)

# A passage that goes on for longer than an hour, in each dialect. There are few: most people only walk by.
LONG_ON_SQLITE = "last_at - opened_at > 3600000000"
LONG_ON_POSTGRESQL = "last_at - opened_at > interval '1 hour'"

passage = sa.Table(
    "passage",
    metadata,
    sa.Column("city_id", sa.Integer, primary_key=True, autoincrement=False),
    moment("opened_at", primary_key=True),
    key("id", primary_key=True),
    *_passage(key("tag_id", nullable=False), key("detector_id", nullable=False)),
    sa.Column("hour", sa.Integer, nullable=False),
    # Counts up with every change in the order of the commits, so that a reader who asks for what came after never
    # misses a row that was written late.
    sa.Column("serial", sa.BigInteger, nullable=False),
    sa.Index("ix_passage_hour_cell_opened_at", "hour", "cell", "opened_at"),
    # Who came hours before a span and was still there in it, without a look at all who walked by in those hours.
    sa.Index(
        "ix_passage_long_hour_cell_opened_at",
        "hour",
        "cell",
        "opened_at",
        sqlite_where=sa.text(LONG_ON_SQLITE),
        postgresql_where=sa.text(LONG_ON_POSTGRESQL),
    ),
    sa.Index("ix_passage_wearer_id_opened_at", "wearer_id", "opened_at"),
    sa.Index("ix_passage_tag_id_opened_at", "tag_id", "opened_at"),
    sa.Index("ix_passage_detector_id_opened_at", "detector_id", "opened_at"),
    sa.Index("ix_passage_serial", "serial"),
    sqlite_with_rowid=False,
)

# Where tags were heard that contacts carry: one row a minute and detector, for a little over two hours, so that it can
# be asked who was with her. It is no passage, and nobody reads it.
contact_heard = sa.Table(
    "contact_heard",
    metadata,
    key("tag_id", primary_key=True),
    sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),
    key("detector_id", primary_key=True),
    key("contact_id", nullable=False),
    moment("at", index=True),
    sa.Column("lat_deg", sa.Float, nullable=False),
    sa.Column("lon_deg", sa.Float, nullable=False),
    sa.Column("accuracy_m", sa.Float, nullable=False),
    sa.Index("ix_contact_heard_contact_id_at", "contact_id", "at"),
    sqlite_with_rowid=False,
)

# Closed passages that became part of another one: whoever read them in a feed is told.
gone_passage = sa.Table(
    "gone_passage",
    metadata,
    # Of the same row of numbers as those of `passage`.
    sa.Column("serial", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("id", primary_key=False, nullable=False),
    key("tag_id", nullable=False),
    moment("opened_at", index=True),
    sqlite_with_rowid=False,
)

# Two passages of one tag that cannot both be true, for the staff.
doubt = sa.Table(
    "doubt",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("tag_id", nullable=False),
    key("passage_id", nullable=False),
    key("other_id", nullable=False),
    sa.Column("distance_m", sa.Float, nullable=False),
    sa.Column("apart_s", sa.Float, nullable=False),
    moment("at"),
    # Whose the one passage was, and whose the other.
    key("wearer_id", nullable=True),
    key("other_wearer_id", nullable=True),
    sa.Index("uq_doubt_passages", "passage_id", "other_id", unique=True),
    sa.Index("ix_doubt_city_id_at", "city_id", "at"),
)

# The presses of a tag's button. A press is told by several detectors for as long as the tag repeats it.
tag_press = sa.Table(
    "tag_press",
    metadata,
    key("tag_id", primary_key=True),
    sa.Column("count", sa.BigInteger, primary_key=True, autoincrement=False),
    moment("first_at", primary_key=True),
    moment("last_at", index=True),
    sqlite_with_rowid=False,
)

# Who asked who was near a place, and why.
area_question = sa.Table(
    "area_question",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("account_id", sa.ForeignKey("account.id"), nullable=False),
    moment("at"),
    sa.Column("lat_deg", sa.Float, nullable=False),
    sa.Column("lon_deg", sa.Float, nullable=False),
    sa.Column("radius_m", sa.Float, nullable=False),
    moment("from_at"),
    moment("until_at"),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("found", sa.Integer, nullable=False),
    sa.Index("ix_area_question_city_id_at", "city_id", "at"),
)
