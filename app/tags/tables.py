"""Tags, who wears them, detectors, how detectors are and were."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment, shard_index

tag = sa.Table(
    "tag",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False, index=True),
    sa.Column("vendor", sa.String(100), nullable=False),
    sa.Column("scheme", sa.String(20), nullable=False),
    sa.Column("identity", sa.String(60), nullable=False),
    sa.Column("mac", sa.String(12), nullable=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("interval_s", sa.Float, nullable=False),
    # What passages teach of it; taken over once an hour.
    sa.Column("learnt_s", sa.Float, nullable=True),
    sa.Column("battery_pct", sa.Float, nullable=True),
    moment("battery_at", nullable=True),
    moment("created_at"),
    moment("ended_at", nullable=True),
)
_tag_alive = tag.c.ended_at.is_(None)
# Tags that share a factory default are told apart by their address.
sa.Index(
    "uq_tag_alive", tag.c.scheme, tag.c.identity, sa.func.coalesce(tag.c.mac, ""), unique=True,
    sqlite_where=_tag_alive, postgresql_where=_tag_alive,
)  # fmt: skip
# Whatever else it says, an address is that of one tag: else what is heard of one person counts for another.
sa.Index(
    "uq_tag_alive_mac", tag.c.mac, unique=True,
    sqlite_where=_tag_alive, postgresql_where=_tag_alive,
)  # fmt: skip

shard_index("tag", tag.c.id, _tag_alive)

tag_carrier = sa.Table(
    "tag_carrier",
    metadata,
    key("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
    moment("from_at", primary_key=True),
    moment("until_at", nullable=True),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False, index=True),
)

# A contact who agreed carries a tag of their own. It is a table by itself, so that nothing that asks who was where
# can take a contact for a wearer.
tag_loan = sa.Table(
    "tag_loan",
    metadata,
    key("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
    moment("from_at", primary_key=True),
    moment("until_at", nullable=True),
    key("contact_id", sa.ForeignKey("contact.id"), nullable=False, index=True),
)

detector = sa.Table(
    "detector",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False, index=True),
    sa.Column("format", sa.String(20), nullable=False),
    sa.Column("external_id", sa.String(100), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("address", sa.String(300), nullable=True),
    sa.Column("lat_deg", sa.Float, nullable=True),
    sa.Column("lon_deg", sa.Float, nullable=True),
    sa.Column("range_m", sa.Float, nullable=False),
    sa.Column("interval_s", sa.Integer, nullable=False),
    sa.Column("deaf_after_s", sa.Integer, nullable=False),
    sa.Column("key_generation", sa.Integer, nullable=False),
    moment("created_at"),
    moment("ended_at", nullable=True),
    sa.Column("camera_number", sa.String(100), nullable=True),
    sa.Column("pole_type", sa.String(100), nullable=True),
    sa.Column("pole_number", sa.String(100), nullable=True),
    sa.Column("height_m", sa.Float, nullable=True),
    sa.Column("facing", sa.String(100), nullable=True),
    sa.Column("power", sa.String(100), nullable=True),
    sa.Column("line", sa.String(100), nullable=True),
    sa.Column("iccid", sa.String(30), nullable=True),
    sa.Column("mac", sa.String(12), nullable=True),
    sa.Column("hardware", sa.String(100), nullable=True),
    sa.Column("firmware", sa.String(100), nullable=True),
    sa.Column("installed_on", sa.Date, nullable=True),
    sa.Column("permit_until", sa.Date, nullable=True),
    sa.Column("maintainer", sa.String(100), nullable=True),
    sa.Column("inspected_on", sa.Date, nullable=True),
    sa.Column("note", sa.String(1000), nullable=True),
)
_detector_alive = detector.c.ended_at.is_(None)
sa.Index(
    "uq_detector_alive", detector.c.format, detector.c.external_id, unique=True,
    sqlite_where=_detector_alive, postgresql_where=_detector_alive,
)  # fmt: skip

shard_index("detector", detector.c.id, _detector_alive)

detector_health = sa.Table(
    "detector_health",
    metadata,
    key("detector_id", sa.ForeignKey("detector.id"), primary_key=True),
    moment("heard_at"),
    moment("hearing_at", nullable=True),
    sa.Column("skew_s", sa.Float, nullable=True),
    sa.Column("uptime_s", sa.Float, nullable=True),
    sa.Column("battery_pct", sa.Float, nullable=True),
    sa.Column("signal_pct", sa.Float, nullable=True),
    sa.Column("firmware", sa.String(100), nullable=True),
    sa.Column("free_pct", sa.Float, nullable=True),
    sa.Column("load", sa.Float, nullable=True),
    # Since the detector was registered: advertisements of registered tags, and of strangers, of whom nothing else is
    # kept.
    sa.Column("sightings", sa.BigInteger, nullable=False),
    sa.Column("strangers", sa.BigInteger, nullable=False),
)

detector_spell = sa.Table(
    "detector_spell",
    metadata,
    key("detector_id", sa.ForeignKey("detector.id"), primary_key=True),
    sa.Column("trouble", sa.String(20), primary_key=True),
    moment("from_at", primary_key=True),
    moment("until_at", nullable=True),
    sqlite_with_rowid=False,
)

# What each detector heard in an hour, so that a Tuesday can be held against another Tuesday.
detector_hour = sa.Table(
    "detector_hour",
    metadata,
    key("detector_id", sa.ForeignKey("detector.id"), primary_key=True),
    sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sightings", sa.Integer, nullable=False),
    sa.Column("strangers", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
