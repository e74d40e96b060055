"""Plans by which alerts are told, who was told, who took them and who goes; policies and duty tables

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("acknowledged_via", sa.String(20), nullable=True),
        sa.Column("plan", sa.JSON, nullable=True),
        sa.Column("words", sa.JSON, nullable=True),
        sa.Column("step", sa.SmallInteger, nullable=True),
        sa.Column("times", sa.Integer, nullable=True),
        sa.Column("turn", sa.Integer, nullable=True),
        moment("due_at", nullable=True),
    ):
        op.add_column("alert", column)
    _index("ix_alert_due", "alert", "due_at", "state IN ('open', 'acknowledged') AND due_at IS NOT NULL")
    op.create_table(
        "telling",
        key(),
        key("alert_id", sa.ForeignKey("alert.id", name=op.f("fk_telling_alert_id_alert")), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("step", sa.SmallInteger, nullable=False),
        key("account_id", nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("rung", sa.SmallInteger, nullable=False),
        moment("at"),
        moment("fall_at", nullable=True),
        sa.Column("unreached", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telling")),
        sa.UniqueConstraint("alert_id", "turn", "account_id", name=op.f("uq_telling_alert_id_turn_account_id")),
    )
    _index("ix_telling_fall", "telling", "fall_at", "fall_at IS NOT NULL")
    _index("ix_message_on_behalf", "message", "on_behalf", "on_behalf IS NOT NULL")
    for table, more in (
        ("alert_ack", [moment("at"), sa.Column("via", sa.String(20), nullable=False)]),
        ("alert_going", [moment("at"), moment("arrives_at", nullable=True)]),
    ):
        op.create_table(
            table,
            key("alert_id", sa.ForeignKey("alert.id", name=op.f(f"fk_{table}_alert_id_alert")), nullable=False),
            key("account_id", nullable=False),
            *more,
            sa.PrimaryKeyConstraint("alert_id", "account_id", name=op.f(f"pk_{table}")),
        )
    _policies()


def _policies() -> None:
    op.create_table(
        "escalation_policy",
        sa.Column(
            "city_id", sa.Integer, sa.ForeignKey("city.id", name=op.f("fk_escalation_policy_city_id_city")),
            nullable=False, autoincrement=False,
        ),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("policy", sa.JSON, nullable=False),
        moment("changed_at"),
        key("changed_by", nullable=False),
        sa.PrimaryKeyConstraint("city_id", "about", name=op.f("pk_escalation_policy")),
    )  # fmt: skip
    op.create_table(
        "duty_shift",
        key(),
        sa.Column(
            "city_id", sa.Integer, sa.ForeignKey("city.id", name=op.f("fk_duty_shift_city_id_city")), nullable=False
        ),
        key("account_id", sa.ForeignKey("account.id", name=op.f("fk_duty_shift_account_id_account")), nullable=False),
        sa.Column("hours", sa.JSON, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date, nullable=True),
        moment("created_at"),
        key("created_by", nullable=False),
        moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
    )
    op.create_index(op.f("ix_duty_shift_city_id"), "duty_shift", ["city_id"])


def _index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
