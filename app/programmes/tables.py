"""Contracts of wearers under a scheme, what was changed in them, the free turn-outs of each year, and what was used.
Also the registers of SOS networks.
"""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

# Schemes as their files said when something was agreed or used by them; each wording once, by its SHA-256.
tariff = sa.Table(
    "tariff",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("scheme", sa.String(60), nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    moment("at"),
)

# Which wording holds now; every process reads it here, so that all of them ask the same price.
tariff_now = sa.Table(
    "tariff_now",
    metadata,
    sa.Column("scheme", sa.String(60), primary_key=True),
    sa.Column("digest", sa.String(64), sa.ForeignKey("tariff.digest"), nullable=False),
    moment("since"),
)

contract = sa.Table(
    "contract",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("scheme", sa.String(60), nullable=False),
    sa.Column("version", sa.String(60), nullable=False),
    sa.Column("tariff", sa.String(64), sa.ForeignKey("tariff.digest"), nullable=False),
    sa.Column("began_on", sa.Date, nullable=False),
    sa.Column("ended_on", sa.Date, nullable=True),
    # The last day on which anything of it can be owed: its end, or the decision to end it if that came later.
    sa.Column("last_on", sa.Date, nullable=True),
    # `model.Terms`, without what is known of the wearer for all her contracts (residence, absences).
    sa.Column("terms", sa.JSON, nullable=False),
    # The city has insured the turn-outs.
    sa.Column("insured", sa.Boolean, nullable=False),
    key("created_by", nullable=False),
    moment("created_at"),
    # It was entered by mistake: kept, and nothing follows from it.
    moment("withdrawn_at", nullable=True),
    sa.Index("ix_contract_city_id_wearer_id", "city_id", "wearer_id"),
    sa.Index("ix_contract_wearer_id", "wearer_id"),
)
_running = contract.c.ended_on.is_(None) & contract.c.withdrawn_at.is_(None)
# Two of one kind at a time would each have free turn-outs.
sa.Index(
    "uq_contract_running", contract.c.wearer_id, contract.c.scheme, unique=True, sqlite_where=_running,
    postgresql_where=_running,
)  # fmt: skip

residence = sa.Table(
    "residence",
    metadata,
    key("wearer_id", sa.ForeignKey("wearer.id"), primary_key=True),
    sa.Column("from_on", sa.Date, primary_key=True),
    sa.Column("ward", sa.String(40), nullable=False),
)

absence = sa.Table(
    "absence",
    metadata,
    key(),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date, nullable=True),
    sa.Column("known_on", sa.Date, nullable=False),
    moment("withdrawn_at", nullable=True),
    sa.Index("ix_absence_wearer_id", "wearer_id"),
)

# Who changed what of a contract, a residence or an absence. Never changed, never deleted.
contract_change = sa.Table(
    "contract_change",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    key("contract_id", sa.ForeignKey("contract.id"), nullable=True),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("before", sa.JSON, nullable=False),
    sa.Column("after", sa.JSON, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    key("by", nullable=False),
    moment("at"),
    sa.Index("ix_contract_change_wearer_id_id", "wearer_id", "id"),
    sa.Index("ix_contract_change_city_id_at", "city_id", "at"),
)

# Where each turn-out stands in the free ones of its year; `n` is null where it has none of them.
quota_turn = sa.Table(
    "quota_turn",
    metadata,
    key("dispatch_id", primary_key=True),
    key("contract_id", sa.ForeignKey("contract.id"), nullable=False),
    sa.Column("period", sa.String(20), nullable=False),
    sa.Column("n", sa.Integer, nullable=True),
    sa.Column("state", sa.String(10), nullable=False),
    moment("reserved_at"),
    moment("departed_at", nullable=True),
    # Nobody's arithmetic gives the same free turn-out twice. (Null is equal to nothing, on both databases.)
    sa.UniqueConstraint("contract_id", "period", "n"),
    sa.Index("ix_quota_turn_contract_id_period", "contract_id", "period"),
)

# The ledger: every step of every turn-out. Never changed, never deleted.
quota_entry = sa.Table(
    "quota_entry",
    metadata,
    key(),
    key("contract_id", sa.ForeignKey("contract.id"), nullable=False),
    key("dispatch_id", nullable=False),
    sa.Column("what", sa.String(10), nullable=False),
    sa.Column("period", sa.String(20), nullable=False),
    sa.Column("n", sa.Integer, nullable=True),
    sa.Column("why", sa.String(40), nullable=False),
    moment("at"),
    sa.Index("ix_quota_entry_contract_id_id", "contract_id", "id"),
)

# What is to be paid for besides what a contract costs by itself. Never changed: what was wrong is corrected by a row.
usage = sa.Table(
    "usage",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    key("contract_id", sa.ForeignKey("contract.id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("on", sa.Date, nullable=False),
    moment("at"),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("tariff", sa.String(64), sa.ForeignKey("tariff.digest"), nullable=False),
    # What it came from, said once: a turn-out that is told again is no second one.
    sa.Column("source", sa.String(100), nullable=False, unique=True),
    # Each row is corrected once at most; who corrects again, corrects the correction.
    key("corrects", sa.ForeignKey("usage.id"), nullable=True, unique=True),
    sa.Column("reason", sa.String(500), nullable=False),
    key("by", nullable=True),
    moment("recorded_at"),
    sa.Index("ix_usage_contract_id_on", "contract_id", "on"),
    sa.Index("ix_usage_city_id_recorded_at", "city_id", "recorded_at"),
)

# Somebody was shown a price and agreed: what they were shown, word for word.
price_consent = sa.Table(
    "price_consent",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    key("contract_id", sa.ForeignKey("contract.id"), nullable=False),
    sa.Column("quote", sa.String(64), nullable=False),
    sa.Column("shown", sa.JSON, nullable=False),
    key("by", nullable=False),
    sa.Column("source", sa.String(100), nullable=False, unique=True),
    moment("at"),
    sa.Index("ix_price_consent_wearer_id", "wearer_id"),
)

# Who is in the register of an SOS network. Never deleted: who has left keeps her entry, with the day.
network_entry = sa.Table(
    "network_entry",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("network", sa.String(60), nullable=False),
    # As the office calls the entry.
    sa.Column("number", sa.String(20), nullable=False),
    sa.Column("entered_on", sa.Date, nullable=False),
    sa.Column("applied_by", sa.String(20), nullable=False),
    sa.Column("applicant", sa.String(100), nullable=False),
    sa.Column("consent_by", sa.String(10), nullable=True),
    sa.Column("consent_on", sa.Date, nullable=True),
    sa.Column("police_since", sa.Date, nullable=True),
    sa.Column("features", sa.String(2000), nullable=False),
    sa.Column("left_on", sa.Date, nullable=True),
    key("created_by", nullable=False),
    moment("created_at"),
    # It was entered by mistake: kept, and nothing follows from it.
    moment("withdrawn_at", nullable=True),
    sa.Index("ix_network_entry_city_id_id", "city_id", "id"),
    sa.Index("ix_network_entry_wearer_id", "wearer_id"),
)
_entered = network_entry.c.left_on.is_(None) & network_entry.c.withdrawn_at.is_(None)
sa.Index(
    "uq_network_entry_running", network_entry.c.wearer_id, network_entry.c.network, unique=True,
    sqlite_where=_entered, postgresql_where=_entered,
)  # fmt: skip
_meant = network_entry.c.withdrawn_at.is_(None)
sa.Index(
    "uq_network_entry_number", network_entry.c.city_id, network_entry.c.network, network_entry.c.number, unique=True,
    sqlite_where=_meant, postgresql_where=_meant,
)  # fmt: skip

# Who changed what of an entry. Never changed, never deleted.
network_change = sa.Table(
    "network_change",
    metadata,
    key(),
    key("entry_id", sa.ForeignKey("network_entry.id"), nullable=False),
    sa.Column("before", sa.JSON, nullable=False),
    sa.Column("after", sa.JSON, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    key("by", nullable=False),
    moment("at"),
    sa.Index("ix_network_change_entry_id_id", "entry_id", "id"),
)
