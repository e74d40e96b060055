"""Issuers, closing runs, documents with their lines, payments

What was issued never changes: whoever tries, an older program or somebody with psql, is refused by the database itself.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# A document may change until it is issued, and lines may be added until then. Payments are taken back by rows.
_KEPT = (
    ("document", "UPDATE", "OLD.issued_at IS NOT NULL"),
    ("document", "DELETE", "OLD.issued_at IS NOT NULL"),
    ("document_line", "UPDATE", None),
    ("document_line", "DELETE", None),
    ("document_line", "INSERT", "(SELECT issued_at FROM document WHERE id = NEW.document_id) IS NOT NULL"),
    ("payment", "UPDATE", None),
    ("payment", "DELETE", None),
)
_SAID = "what was issued does not change"


def upgrade() -> None:
    op.create_table(
        "issuer",
        key(),
        sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id", name=op.f("fk_issuer_city_id_city")), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(30), nullable=False),
        sa.Column("registration_number", sa.String(14), nullable=True),
        sa.Column("rounding", sa.String(10), nullable=False),
        sa.Column("payment_days", sa.Integer, nullable=False),
        sa.Column("bank", sa.JSON, nullable=True),
        sa.Column("last_number", sa.Integer, nullable=False, server_default="0"),
        key("changed_by", nullable=True),
        moment("changed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer")),
        sa.UniqueConstraint("city_id", "code", name=op.f("uq_issuer_city_id_code")),
    )
    op.create_table(
        "issuer_reader",
        key("issuer_id", sa.ForeignKey("issuer.id", name=op.f("fk_issuer_reader_issuer_id_issuer")), primary_key=True),
        key(
            "account_id",
            sa.ForeignKey("account.id", name=op.f("fk_issuer_reader_account_id_account")),
            primary_key=True,
        ),
        key("added_by", nullable=False),
        moment("added_at"),
        sa.PrimaryKeyConstraint("issuer_id", "account_id", name=op.f("pk_issuer_reader")),
    )
    op.create_index("ix_issuer_reader_account_id", "issuer_reader", ["account_id"])
    op.create_table(
        "closing",
        key(),
        sa.Column(
            "city_id", sa.Integer, sa.ForeignKey("city.id", name=op.f("fk_closing_city_id_city")), nullable=False
        ),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        moment("since", nullable=True),
        key("after", nullable=True),
        sa.Column("wearers", sa.Integer, nullable=False, server_default="0"),
        moment("started_at"),
        key("started_by", nullable=True),
        moment("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing")),
        sa.UniqueConstraint("city_id", "month", "round", name=op.f("uq_closing_city_id_month_round")),
    )
    op.create_index(
        "uq_closing_going",
        "closing",
        ["city_id", "month"],
        unique=True,
        sqlite_where=sa.text("state != 'closed'"),
        postgresql_where=sa.text("state != 'closed'"),
    )
    op.create_table(
        "closing_gap",
        key(
            "closing_id", sa.ForeignKey("closing.id", name=op.f("fk_closing_gap_closing_id_closing")), primary_key=True
        ),
        key("contract_id", primary_key=True),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_closing_gap_wearer_id_wearer")), nullable=False),
        sa.Column("why", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("closing_id", "contract_id", name=op.f("pk_closing_gap")),
    )
    op.create_table(
        "document",
        key(),
        sa.Column(
            "city_id", sa.Integer, sa.ForeignKey("city.id", name=op.f("fk_document_city_id_city")), nullable=False
        ),
        key("closing_id", sa.ForeignKey("closing.id", name=op.f("fk_document_closing_id_closing")), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        key("issuer_id", sa.ForeignKey("issuer.id", name=op.f("fk_document_issuer_id_issuer")), nullable=False),
        sa.Column("issuer_code", sa.String(60), nullable=False),
        sa.Column("issuer", sa.JSON, nullable=True),
        sa.Column("payer", sa.String(10), nullable=False),
        sa.Column("payee", sa.String(130), nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_document_wearer_id_wearer")), nullable=True),
        sa.Column("ward", sa.String(40), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        key("corrects", sa.ForeignKey("document.id", name=op.f("fk_document_corrects_document")), nullable=True),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("before", sa.JSON, nullable=True),
        sa.Column("totals", sa.JSON, nullable=True),
        sa.Column("total_yen", sa.BigInteger, nullable=True),
        sa.Column("tax_yen", sa.BigInteger, nullable=True),
        sa.Column("lines", sa.Integer, nullable=True),
        sa.Column("number", sa.Integer, nullable=True),
        sa.Column("issued_on", sa.Date, nullable=True),
        sa.Column("due_on", sa.Date, nullable=True),
        moment("issued_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("issuer_id", "number", name=op.f("uq_document_issuer_id_number")),
        sa.UniqueConstraint(
            "city_id", "month", "issuer_code", "payee", "kind", "round", "about", name=op.f("uq_document_once")
        ),
    )
    op.create_index("ix_document_city_id_issued_at_id", "document", ["city_id", "issued_at", "id"])
    op.create_index("ix_document_city_id_month", "document", ["city_id", "month"])
    op.create_index("ix_document_corrects", "document", ["corrects"])
    op.create_index(
        "ix_document_draft",
        "document",
        ["closing_id"],
        sqlite_where=sa.text("issued_at IS NULL"),
        postgresql_where=sa.text("issued_at IS NULL"),
    )
    op.create_index("ix_document_wearer_id_issued_at", "document", ["wearer_id", "issued_at"])
    op.create_table(
        "document_line",
        key(),
        key(
            "document_id",
            sa.ForeignKey("document.id", name=op.f("fk_document_line_document_id_document")),
            nullable=False,
        ),
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
        key(
            "returns",
            sa.ForeignKey("document_line.id", name=op.f("fk_document_line_returns_document_line")),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_line")),
        sa.UniqueConstraint("returns", name=op.f("uq_document_line_returns")),
    )
    op.create_index("ix_document_line_city_id_month_wearer_id", "document_line", ["city_id", "month", "wearer_id"])
    op.create_index("ix_document_line_document_id_id", "document_line", ["document_id", "id"])
    op.create_table(
        "payment",
        key(),
        key("document_id", sa.ForeignKey("document.id", name=op.f("fk_payment_document_id_document")), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("amount_yen", sa.BigInteger, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        key("takes_back", sa.ForeignKey("payment.id", name=op.f("fk_payment_takes_back_payment")), nullable=True),
        key("by", sa.ForeignKey("account.id", name=op.f("fk_payment_by_account")), nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("document_id", "key", name=op.f("uq_payment_document_id_key")),
        sa.UniqueConstraint("takes_back", name=op.f("uq_payment_takes_back")),
    )
    op.create_index("ix_payment_document_id_id", "payment", ["document_id", "id"])
    op.create_table(
        "balance",
        key(
            "document_id", sa.ForeignKey("document.id", name=op.f("fk_balance_document_id_document")), primary_key=True
        ),
        sa.Column("city_id", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("owed_yen", sa.BigInteger, nullable=False),
        sa.Column("paid_yen", sa.BigInteger, nullable=False),
        sa.Column("written_off_yen", sa.BigInteger, nullable=False),
        sa.Column("open_yen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_balance")),
    )
    op.create_index(
        "ix_balance_arrears",
        "balance",
        ["city_id", "due_on", "document_id"],
        sqlite_where=sa.text("open_yen > 0"),
        postgresql_where=sa.text("open_yen > 0"),
    )

    if op.get_bind().dialect.name == "sqlite":
        for table, what, when in _KEPT:
            condition = f" WHEN {when}" if when else ""
            op.execute(
                f"CREATE TRIGGER kept_{table}_{what.lower()} BEFORE {what} ON {table} FOR EACH ROW{condition} "
                f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(_ADDED_LATE)
        for table, what, when in _KEPT:
            # A condition of a trigger may not look into other tables there.
            function = "refuse_line" if what == "INSERT" else "refuse_change"
            condition = f" WHEN ({when})" if when and what != "INSERT" else ""
            op.execute(
                f"CREATE TRIGGER kept_{table}_{what.lower()} BEFORE {what} ON {table} FOR EACH ROW{condition} "
                f"EXECUTE FUNCTION {function}()"
            )


_ADDED_LATE = f"""
CREATE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM document WHERE id = NEW.document_id AND issued_at IS NOT NULL) THEN
        RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""
