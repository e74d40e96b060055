"""Stickers, batches, the cards of wearers, and the threads with those who found them."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

sticker_batch = sa.Table(
    "sticker_batch",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    sa.Column("layout", sa.String(30), nullable=False),
    sa.Column("material", sa.String(10), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    key("printed_by", sa.ForeignKey("account.id"), nullable=False),
    moment("printed_at"),
    sa.Index("ix_sticker_batch_city_id_id", "city_id", "id"),
)

sticker = sa.Table(
    "sticker",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    # SHA-256 of the code: who reads the database can open no page.
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("number", sa.String(8), nullable=False),
    key("batch_id", sa.ForeignKey("sticker_batch.id"), nullable=False),
    sa.Column("sheet", sa.Integer, nullable=False),
    sa.Column("material", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=True),
    key("issue_id", nullable=True),
    sa.Column("stuck_on", sa.String(60), nullable=False),
    moment("issued_at", nullable=True),
    moment("ended_at", nullable=True),
    sa.UniqueConstraint("city_id", "number"),
    sa.Index("ix_sticker_wearer_id", "wearer_id"),
    sa.Index("ix_sticker_batch_id_sheet", "batch_id", "sheet"),
)

# Who made a sticker good, lost or withdrawn, and why. Never changed.
sticker_change = sa.Table(
    "sticker_change",
    metadata,
    key(),
    key("sticker_id", sa.ForeignKey("sticker.id"), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    key("by", nullable=False),
    moment("at"),
    sa.Index("ix_sticker_change_sticker_id_id", "sticker_id", "id"),
)

sticker_card = sa.Table(
    "sticker_card",
    metadata,
    key("wearer_id", sa.ForeignKey("wearer.id"), primary_key=True),
    sa.Column("nickname", sa.String(40), nullable=False),
    sa.Column("helps", sa.String(500), nullable=False),
    sa.Column("illness", sa.String(500), nullable=False),
    sa.Column("shows_illness", sa.Boolean, nullable=False),
    key("contact_id", sa.ForeignKey("contact.id"), nullable=True),
    sa.Column("phone_shown", sa.String(10), nullable=False),
    moment("phone_consent_at", nullable=True),
    key("changed_by", nullable=True),
    moment("changed_at", nullable=True),
)

# One finder's thread. Secret and mark are SHA-256 of hers, and deleted a day after the end.
sticker_thread = sa.Table(
    "sticker_thread",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    key("sticker_id", sa.ForeignKey("sticker.id"), nullable=False),
    sa.Column("mode", sa.String(10), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("language", sa.String(10), nullable=False),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=True, unique=True),
    sa.Column("mark", sa.LargeBinary(32), nullable=True),
    moment("begun_at"),
    moment("newest_at"),
    moment("told_at"),
    key("alert_id", nullable=True),
    key("drill_id", nullable=True),
    key("begun_by", nullable=True),
    key("coming_by", nullable=True),
    moment("coming_at", nullable=True),
    moment("arrives_at", nullable=True),
    moment("ended_at", nullable=True),
    key("ended_by", nullable=True),
    sa.Column("last_code", sa.String(20), nullable=True),
    sa.Column("last_words", sa.String(500), nullable=False),
    sa.Column("blocked", sa.Boolean, nullable=False),
    sa.Index("ix_sticker_thread_wearer_id_begun_at", "wearer_id", "begun_at"),
    sa.Index("ix_sticker_thread_sticker_id_begun_at", "sticker_id", "begun_at"),
    sa.Index("ix_sticker_thread_state_newest_at", "state", "newest_at"),
    sa.Index("ix_sticker_thread_ended_at", "ended_at"),
)

sticker_line = sa.Table(
    "sticker_line",
    metadata,
    key(),
    key("thread_id", sa.ForeignKey("sticker_thread.id"), nullable=False),
    sa.Column("side", sa.String(10), nullable=False),
    moment("at"),
    key("account_id", nullable=True),
    sa.Column("states", sa.JSON, nullable=False),
    sa.Column("words", sa.String(500), nullable=False),
    sa.Column("lat_deg", sa.Float, nullable=True),
    sa.Column("lon_deg", sa.Float, nullable=True),
    sa.Column("accuracy_m", sa.Float, nullable=True),
    sa.Column("typed_place", sa.String(200), nullable=False),
    # SHA-256 of what the form carried: sent twice, it is one line.
    sa.Column("once", sa.LargeBinary(32), nullable=True),
    sa.UniqueConstraint("thread_id", "once"),
    sa.Index("ix_sticker_line_thread_id_id", "thread_id", "id"),
)

sticker_photo = sa.Table(
    "sticker_photo",
    metadata,
    key("line_id", sa.ForeignKey("sticker_line.id"), primary_key=True),
    sa.Column("jpeg", sa.LargeBinary, nullable=False),
)

# Somebody says that a thread is abused. `by` is nobody where the finder says so.
sticker_report = sa.Table(
    "sticker_report",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("thread_id", sa.ForeignKey("sticker_thread.id"), nullable=False),
    sa.Column("side", sa.String(10), nullable=False),
    key("by", nullable=True),
    sa.Column("reason", sa.String(500), nullable=False),
    moment("at"),
    moment("settled_at", nullable=True),
    key("settled_by", nullable=True),
    sa.Column("settled", sa.String(500), nullable=False),
    sa.Index("ix_sticker_report_city_id_id", "city_id", "id"),
    sa.Index("ix_sticker_report_thread_id", "thread_id"),
)

# Whoever has this mark begins no thread on this sticker for a while.
sticker_block = sa.Table(
    "sticker_block",
    metadata,
    key(),
    key("sticker_id", sa.ForeignKey("sticker.id"), nullable=False),
    sa.Column("mark", sa.LargeBinary(32), nullable=False),
    moment("until_at"),
    key("by", nullable=False),
    moment("at"),
    sa.Index("ix_sticker_block_sticker_id_mark", "sticker_id", "mark"),
    sa.Index("ix_sticker_block_until_at", "until_at"),
)

# A family tries its stickers: until then a tap tells only who began it.
sticker_test = sa.Table(
    "sticker_test",
    metadata,
    key("wearer_id", sa.ForeignKey("wearer.id"), primary_key=True),
    key("begun_by", nullable=False),
    moment("until_at"),
)

sticker_drill = sa.Table(
    "sticker_drill",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    moment("from_at"),
    moment("until_at"),
    key("made_by", nullable=False),
    moment("made_at"),
    sa.Index("ix_sticker_drill_city_id_id", "city_id", "id"),
)

sticker_drill_sticker = sa.Table(
    "sticker_drill_sticker",
    metadata,
    key("drill_id", sa.ForeignKey("sticker_drill.id"), primary_key=True),
    key("sticker_id", sa.ForeignKey("sticker.id"), primary_key=True),
    sa.Index("ix_sticker_drill_sticker_sticker_id", "sticker_id"),
)

sticker_drill_person = sa.Table(
    "sticker_drill_person",
    metadata,
    key("drill_id", sa.ForeignKey("sticker_drill.id"), primary_key=True),
    key("account_id", sa.ForeignKey("account.id"), primary_key=True),
)

# Somebody looked at a sticker's page, and how often within ten minutes. The mark stands for a neighbourhood of the
# network; no address is kept.
sticker_scan = sa.Table(
    "sticker_scan",
    metadata,
    key(),
    key("sticker_id", sa.ForeignKey("sticker.id"), nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    # A preview of a link, or a scanner of mail: nobody stood before her.
    sa.Column("machine", sa.Boolean, nullable=False),
    sa.Column("language", sa.String(5), nullable=False),
    sa.Column("mark", sa.LargeBinary(8), nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    moment("first_at"),
    moment("last_at"),
    sa.Index("ix_sticker_scan_sticker_id_id", "sticker_id", "id"),
    sa.Index("ix_sticker_scan_wearer_id_id", "wearer_id", "id"),
    sa.Index("ix_sticker_scan_last_at", "last_at"),
)

# Applications for stickers, and the issues that came of them. Never deleted.
sticker_issue = sa.Table(
    "sticker_issue",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("scheme", sa.String(60), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("form", sa.String(60), nullable=False),
    sa.Column("way", sa.String(10), nullable=False),
    sa.Column("handed_in_on", sa.Date, nullable=False),
    sa.Column("applied_by", sa.String(20), nullable=False),
    sa.Column("applicant", sa.String(100), nullable=False),
    sa.Column("consent_by", sa.String(10), nullable=True),
    sa.Column("consent_on", sa.Date, nullable=True),
    sa.Column("stamped_envelope", sa.Boolean, nullable=False),
    sa.Column("wanted", sa.Integer, nullable=False),
    # Of her entry in the register of the network.
    sa.Column("number", sa.String(20), nullable=False),
    key("created_by", nullable=False),
    moment("created_at"),
    # When the last test mail was sent, which asks whether her contacts are reached.
    moment("tested_at", nullable=True),
    sa.Column("handed_over_on", sa.Date, nullable=True),
    moment("handed_over_at", nullable=True),
    key("handed_over_by", nullable=True),
    sa.Column("untested", sa.String(500), nullable=False),
    moment("withdrawn_at", nullable=True),
    sa.Column("withdrawn_reason", sa.String(500), nullable=False),
    sa.Index("ix_sticker_issue_wearer_id", "wearer_id"),
    sa.Index("ix_sticker_issue_city_id_id", "city_id", "id"),
)
_waits = sticker_issue.c.handed_over_on.is_(None) & sticker_issue.c.withdrawn_at.is_(None)
# Two at a time would both be within what the scheme gives.
sa.Index(
    "uq_sticker_issue_open", sticker_issue.c.wearer_id, unique=True, sqlite_where=_waits, postgresql_where=_waits
)  # fmt: skip

# What she or her family told on the form for changes. Never changed, never deleted.
sticker_notice = sa.Table(
    "sticker_notice",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("form", sa.String(60), nullable=False),
    sa.Column("handed_in_on", sa.Date, nullable=False),
    sa.Column("applied_by", sa.String(20), nullable=False),
    sa.Column("applicant", sa.String(100), nullable=False),
    sa.Column("consent_by", sa.String(10), nullable=True),
    sa.Column("consent_on", sa.Date, nullable=True),
    sa.Column("told", sa.String(1000), nullable=False),
    key("created_by", nullable=False),
    moment("created_at"),
    sa.Index("ix_sticker_notice_wearer_id_id", "wearer_id", "id"),
)

# The register went out of the house as a file. Never changed, never deleted.
sticker_export = sa.Table(
    "sticker_export",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    key("by", nullable=False),
    moment("at"),
    sa.Index("ix_sticker_export_city_id_id", "city_id", "id"),
)
