"""Incidents, the offers made for them, and their timelines."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

incident = sa.Table(
    "incident",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("state", sa.String(30), nullable=False),
    # Practice: it runs the whole chain and is in no bill and no statistics.
    sa.Column("is_drill", sa.Boolean, nullable=False),
    sa.Column("starter", sa.String(10), nullable=False),
    key("requested_by", nullable=True),
    sa.Column("reason", sa.String(500), nullable=False),
    key("alert_id", nullable=True),
    # The contract by which it is paid, and what the scheme said of time when it was asked for.
    key("contract_id", nullable=True),
    sa.Column("unit_minutes", sa.Integer, nullable=True),
    sa.Column("cap_minutes", sa.Integer, nullable=True),
    sa.Column("is_automatic", sa.Boolean, nullable=False),
    # Hours, or whatever the price is for, that were agreed to, and up to which one was asked for.
    sa.Column("granted", sa.SmallInteger, nullable=False),
    sa.Column("asked", sa.SmallInteger, nullable=False),
    sa.Column("quota_number", sa.Integer, nullable=True),
    key("unit_id", nullable=True),
    sa.Column("round", sa.SmallInteger, nullable=False),
    sa.Column("wave", sa.SmallInteger, nullable=False),
    moment("requested_at"),
    # Since when it is in this state.
    moment("state_at"),
    moment("departed_at", nullable=True),
    moment("arrived_at", nullable=True),
    moment("found_at", nullable=True),
    moment("served_until", nullable=True),
    moment("closed_at", nullable=True),
    # Timers: the wave is over or is tried anew; the unit has been at this for long; an hour ends; live mode is renewed;
    # where searchers went is told to the search. `due_at` is the first of them, by which the job finds it.
    moment("offers_at", nullable=True),
    moment("standing_at", nullable=True),
    moment("hours_at", nullable=True),
    moment("live_at", nullable=True),
    moment("sweep_at", nullable=True),
    moment("swept_until", nullable=True),
    moment("due_at", nullable=True),
    sa.Index("ix_incident_city_id_requested_at", "city_id", "requested_at"),
    sa.Index("ix_incident_wearer_id_requested_at", "wearer_id", "requested_at"),
)
_open = incident.c.closed_at.is_(None)
# Two contacts' buttons are one turn-out. A drill is no reason to send nobody when it is meant.
sa.Index(
    "uq_incident_open", incident.c.wearer_id, incident.c.is_drill, unique=True, sqlite_where=_open,
    postgresql_where=_open,
)  # fmt: skip
_due = _open & incident.c.due_at.is_not(None)
sa.Index("ix_incident_due", incident.c.due_at, sqlite_where=_due, postgresql_where=_due)

incident_offer = sa.Table(
    "incident_offer",
    metadata,
    key(),
    key("incident_id", sa.ForeignKey("incident.id"), nullable=False),
    key("unit_id", nullable=False),
    # Each time that everybody is asked anew is a round, of some waves.
    sa.Column("round", sa.SmallInteger, nullable=False),
    sa.Column("wave", sa.SmallInteger, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("relieves", sa.Boolean, nullable=False),
    sa.Column("distance_m", sa.Float, nullable=True),
    moment("offered_at"),
    moment("expires_at"),
    moment("answered_at", nullable=True),
    key("answered_by", nullable=True),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.UniqueConstraint("incident_id", "unit_id", "round", "wave", "relieves"),
)
_accepted = incident_offer.c.state == sa.literal_column("'accepted'")
# One unit has it, whatever else goes wrong.
sa.Index(
    "uq_incident_offer_accepted", incident_offer.c.incident_id, unique=True, sqlite_where=_accepted,
    postgresql_where=_accepted,
)  # fmt: skip
_waits = incident_offer.c.state.in_([sa.literal_column("'open'"), sa.literal_column("'lapsed'")])
sa.Index("ix_incident_offer_waiting", incident_offer.c.unit_id, sqlite_where=_waits, postgresql_where=_waits)

# Rows are added and never changed, but for places that may not be kept any longer.
incident_entry = sa.Table(
    "incident_entry",
    metadata,
    key(),
    key("incident_id", sa.ForeignKey("incident.id"), nullable=False),
    sa.Column("what", sa.String(20), nullable=False),
    moment("at"),
    moment("said_at", nullable=True),
    moment("received_at"),
    sa.Column("actor", sa.String(10), nullable=False),
    key("account_id", nullable=True),
    key("unit_id", nullable=True),
    sa.Column("lat_deg", sa.Float, nullable=True),
    sa.Column("lon_deg", sa.Float, nullable=True),
    sa.Column("detail", sa.JSON, nullable=False),
    # Whoever sends it names it; the same name again is the same line.
    sa.Column("key", sa.String(120), nullable=False),
    key("corrects", sa.ForeignKey("incident_entry.id"), nullable=True),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.UniqueConstraint("incident_id", "key"),
    sa.Index("ix_incident_entry_received_at", "received_at"),
)
