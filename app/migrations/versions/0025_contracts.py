"""Contracts under schemes, their changes, the ledger of free turn-outs, usage, and prices that were agreed to

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _of(table: str, column: str, target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    _tariffs()
    _contracts()
    _wearers()
    _quota()
    _usage()


def _tariffs() -> None:
    op.create_table(
        "tariff",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scheme", sa.String(60), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tariff")),
    )
    op.create_table(
        "tariff_now",
        sa.Column("scheme", sa.String(60), nullable=False),
        sa.Column("digest", sa.String(64), _of("tariff_now", "digest", "tariff.digest"), nullable=False),
        moment("since"),
        sa.PrimaryKeyConstraint("scheme", name=op.f("pk_tariff_now")),
    )


def _contracts() -> None:
    op.create_table(
        "contract",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", _of("contract", "wearer_id", "wearer.id"), nullable=False),
        sa.Column("scheme", sa.String(60), nullable=False),
        sa.Column("version", sa.String(60), nullable=False),
        sa.Column("tariff", sa.String(64), _of("contract", "tariff", "tariff.digest"), nullable=False),
        sa.Column("began_on", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date, nullable=True),
        sa.Column("last_on", sa.Date, nullable=True),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("insured", sa.Boolean, nullable=False),
        key("created_by", nullable=False),
        moment("created_at"),
        moment("withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_index("ix_contract_city_id_wearer_id", "contract", ["city_id", "wearer_id"])
    op.create_index("ix_contract_wearer_id", "contract", ["wearer_id"])
    running = sa.text("ended_on IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "uq_contract_running", "contract", ["wearer_id", "scheme"], unique=True, sqlite_where=running,
        postgresql_where=running,
    )  # fmt: skip
    op.create_table(
        "contract_change",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", _of("contract_change", "wearer_id", "wearer.id"), nullable=False),
        key("contract_id", _of("contract_change", "contract_id", "contract.id"), nullable=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        key("by", nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_change")),
    )
    op.create_index("ix_contract_change_wearer_id_id", "contract_change", ["wearer_id", "id"])
    op.create_index("ix_contract_change_city_id_at", "contract_change", ["city_id", "at"])


def _wearers() -> None:
    op.create_table(
        "residence",
        key("wearer_id", _of("residence", "wearer_id", "wearer.id"), nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("ward", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("wearer_id", "from_on", name=op.f("pk_residence")),
    )
    op.create_table(
        "absence",
        key(),
        key("wearer_id", _of("absence", "wearer_id", "wearer.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date, nullable=True),
        sa.Column("known_on", sa.Date, nullable=False),
        moment("withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_wearer_id", "absence", ["wearer_id"])


def _quota() -> None:
    op.create_table(
        "quota_turn",
        key("dispatch_id", nullable=False),
        key("contract_id", _of("quota_turn", "contract_id", "contract.id"), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("n", sa.Integer, nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        moment("reserved_at"),
        moment("departed_at", nullable=True),
        sa.PrimaryKeyConstraint("dispatch_id", name=op.f("pk_quota_turn")),
        sa.UniqueConstraint("contract_id", "period", "n", name=op.f("uq_quota_turn_contract_id_period_n")),
    )
    op.create_index("ix_quota_turn_contract_id_period", "quota_turn", ["contract_id", "period"])
    op.create_table(
        "quota_entry",
        key(),
        key("contract_id", _of("quota_entry", "contract_id", "contract.id"), nullable=False),
        key("dispatch_id", nullable=False),
        sa.Column("what", sa.String(10), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("n", sa.Integer, nullable=True),
        sa.Column("why", sa.String(40), nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_entry")),
    )
    op.create_index("ix_quota_entry_contract_id_id", "quota_entry", ["contract_id", "id"])


def _usage() -> None:
    op.create_table(
        "usage",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", _of("usage", "wearer_id", "wearer.id"), nullable=False),
        key("contract_id", _of("usage", "contract_id", "contract.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        moment("at"),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("tariff", sa.String(64), _of("usage", "tariff", "tariff.digest"), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        key("corrects", _of("usage", "corrects", "usage.id"), nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        key("by", nullable=True),
        moment("recorded_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage")),
        sa.UniqueConstraint("source", name=op.f("uq_usage_source")),
        sa.UniqueConstraint("corrects", name=op.f("uq_usage_corrects")),
    )
    op.create_index("ix_usage_contract_id_on", "usage", ["contract_id", "on"])
    op.create_index("ix_usage_city_id_recorded_at", "usage", ["city_id", "recorded_at"])
    op.create_table(
        "price_consent",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", _of("price_consent", "wearer_id", "wearer.id"), nullable=False),
        key("contract_id", _of("price_consent", "contract_id", "contract.id"), nullable=False),
        sa.Column("quote", sa.String(64), nullable=False),
        sa.Column("shown", sa.JSON, nullable=False),
        key("by", nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_consent")),
        sa.UniqueConstraint("source", name=op.f("uq_price_consent_source")),
    )
    op.create_index("ix_price_consent_wearer_id", "price_consent", ["wearer_id"])
