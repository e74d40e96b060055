"""Issuers, closing runs, documents with their lines, and what was paid. Documents and lines never change once issued:
triggers of the database see to it (migration).
"""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

issuer = sa.Table(
    "issuer",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    sa.Column("code", sa.String(60), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("address", sa.String(200), nullable=False),
    sa.Column("phone", sa.String(30), nullable=False),
    sa.Column("registration_number", sa.String(14), nullable=True),
    sa.Column("rounding", sa.String(10), nullable=False),
    sa.Column("payment_days", sa.Integer, nullable=False),
    sa.Column("bank", sa.JSON, nullable=True),
    # Of the documents issued so far. It moves in the transaction that issues: what is rolled back leaves no gap.
    sa.Column("last_number", sa.Integer, nullable=False, server_default="0"),
    key("changed_by", nullable=True),
    moment("changed_at"),
    sa.UniqueConstraint("city_id", "code"),
)

# Who of a company may read and collect its bills: accounts of the company, named by the city.
issuer_reader = sa.Table(
    "issuer_reader",
    metadata,
    key("issuer_id", sa.ForeignKey("issuer.id"), primary_key=True),
    key("account_id", sa.ForeignKey("account.id"), primary_key=True, index=True),
    key("added_by", nullable=False),
    moment("added_at"),
)

closing = sa.Table(
    "closing",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    sa.Column("month", sa.String(7), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    moment("since", nullable=True),
    key("after", nullable=True),
    sa.Column("wearers", sa.Integer, nullable=False, server_default="0"),
    moment("started_at"),
    key("started_by", nullable=True),
    moment("closed_at", nullable=True),
    sa.UniqueConstraint("city_id", "month", "round"),
)
_going = closing.c.state != "closed"
# Two at a time would bill the same correction twice.
sa.Index(
    "uq_closing_going", closing.c.city_id, closing.c.month, unique=True, sqlite_where=_going, postgresql_where=_going
)

# A contract that a run could not bill, and why: the others do not wait for it.
closing_gap = sa.Table(
    "closing_gap",
    metadata,
    key("closing_id", sa.ForeignKey("closing.id"), primary_key=True),
    key("contract_id", primary_key=True),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False),
    sa.Column("why", sa.JSON, nullable=False),
)

document = sa.Table(
    "document",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    key("closing_id", sa.ForeignKey("closing.id"), nullable=False),
    sa.Column("month", sa.String(7), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    key("issuer_id", sa.ForeignKey("issuer.id"), nullable=False),
    sa.Column("issuer_code", sa.String(60), nullable=False),
    # As it was on the day of issue.
    sa.Column("issuer", sa.JSON, nullable=True),
    sa.Column("payer", sa.String(10), nullable=False),
    sa.Column("payee", sa.String(130), nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=True),
    sa.Column("ward", sa.String(40), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("recipient", sa.String(200), nullable=False),
    key("corrects", sa.ForeignKey("document.id"), nullable=True),
    # `corrects` as a text, empty for none: a null in a unique key would let everything through.
    sa.Column("about", sa.String(32), nullable=False),
    sa.Column("before", sa.JSON, nullable=True),
    sa.Column("totals", sa.JSON, nullable=True),
    sa.Column("total_yen", sa.BigInteger, nullable=True),
    sa.Column("tax_yen", sa.BigInteger, nullable=True),
    sa.Column("lines", sa.Integer, nullable=True),
    sa.Column("number", sa.Integer, nullable=True),
    sa.Column("issued_on", sa.Date, nullable=True),
    sa.Column("due_on", sa.Date, nullable=True),
    # Null while a run still adds lines; then the row changes no more.
    moment("issued_at", nullable=True),
    sa.UniqueConstraint("city_id", "month", "issuer_code", "payee", "kind", "round", "about", name="uq_document_once"),
    sa.UniqueConstraint("issuer_id", "number"),
    sa.Index("ix_document_city_id_issued_at_id", "city_id", "issued_at", "id"),
    sa.Index("ix_document_wearer_id_issued_at", "wearer_id", "issued_at"),
    sa.Index("ix_document_city_id_month", "city_id", "month"),
    sa.Index("ix_document_corrects", "corrects"),
)
_draft = document.c.issued_at.is_(None)
sa.Index("ix_document_draft", document.c.closing_id, sqlite_where=_draft, postgresql_where=_draft)

document_line = sa.Table(
    "document_line",
    metadata,
    key(),
    key("document_id", sa.ForeignKey("document.id"), nullable=False),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("wearer_id", nullable=False),
    key("contract_id", nullable=False),
    sa.Column("month", sa.String(7), nullable=False),
    sa.Column("on", sa.Date, nullable=False),
    sa.Column("code", sa.String(60), nullable=False),
    sa.Column("label", sa.JSON, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("unit", sa.String(40), nullable=False),
    sa.Column("unit_yen", sa.Integer, nullable=False),
    sa.Column("amount_yen", sa.Integer, nullable=False),
    sa.Column("tax_rate_pct", sa.Integer, nullable=False),
    sa.Column("tax_included", sa.Boolean, nullable=False),
    sa.Column("deposit", sa.Boolean, nullable=False),
    sa.Column("payer", sa.String(10), nullable=False),
    sa.Column("issuer", sa.String(60), nullable=False),
    sa.Column("version", sa.String(60), nullable=False),
    sa.Column("rule", sa.String(60), nullable=False),
    sa.Column("because", sa.JSON, nullable=False),
    sa.Column("source", sa.String(100), nullable=False),
    sa.Column("ward", sa.String(40), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    # Each line is taken back once at most, whatever is reckoned.
    key("returns", sa.ForeignKey("document_line.id"), nullable=True, unique=True),
    sa.Index("ix_document_line_document_id_id", "document_id", "id"),
    sa.Index("ix_document_line_city_id_month_wearer_id", "city_id", "month", "wearer_id"),
)

payment = sa.Table(
    "payment",
    metadata,
    key(),
    key("document_id", sa.ForeignKey("document.id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("on", sa.Date, nullable=False),
    sa.Column("amount_yen", sa.BigInteger, nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
    # Said once, however often it is sent.
    sa.Column("key", sa.String(60), nullable=False),
    key("takes_back", sa.ForeignKey("payment.id"), nullable=True, unique=True),
    key("by", sa.ForeignKey("account.id"), nullable=False),
    moment("at"),
    sa.UniqueConstraint("document_id", "key"),
    sa.Index("ix_payment_document_id_id", "document_id", "id"),
)

# What a document still asks for: its total less what returns take off it, what was paid, and what was given up. A sum
# of other rows, kept so that who is in arrears is found without adding up all years.
balance = sa.Table(
    "balance",
    metadata,
    key("document_id", sa.ForeignKey("document.id"), primary_key=True),
    sa.Column("city_id", sa.Integer, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("owed_yen", sa.BigInteger, nullable=False),
    sa.Column("paid_yen", sa.BigInteger, nullable=False),
    sa.Column("written_off_yen", sa.BigInteger, nullable=False),
    sa.Column("open_yen", sa.BigInteger, nullable=False),
)
_open = balance.c.open_yen > 0
sa.Index(
    "ix_balance_arrears", balance.c.city_id, balance.c.due_on, balance.c.document_id, sqlite_where=_open,
    postgresql_where=_open,
)  # fmt: skip
