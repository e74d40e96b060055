"""The threads with those who found somebody, what was written in them, reports, blocks, tests and drills

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _thread()
    _line()
    _photo()
    _report()
    _block()
    _test()
    _drill()
    _drill_sticker()
    _drill_person()


def _thread() -> None:
    op.create_table(
        "sticker_thread",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_sticker_thread_wearer_id_wearer")), nullable=False),
        key(
            "sticker_id", sa.ForeignKey("sticker.id", name=op.f("fk_sticker_thread_sticker_id_sticker")), nullable=False
        ),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_thread")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sticker_thread_secret_hash")),
    )
    op.create_index("ix_sticker_thread_ended_at", "sticker_thread", ["ended_at"])
    op.create_index("ix_sticker_thread_state_newest_at", "sticker_thread", ["state", "newest_at"])
    op.create_index("ix_sticker_thread_sticker_id_begun_at", "sticker_thread", ["sticker_id", "begun_at"])
    op.create_index("ix_sticker_thread_wearer_id_begun_at", "sticker_thread", ["wearer_id", "begun_at"])


def _line() -> None:
    op.create_table(
        "sticker_line",
        key(),
        key(
            "thread_id",
            sa.ForeignKey("sticker_thread.id", name=op.f("fk_sticker_line_thread_id_sticker_thread")),
            nullable=False,
        ),
        sa.Column("side", sa.String(10), nullable=False),
        moment("at"),
        key("account_id", nullable=True),
        sa.Column("states", sa.JSON, nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("lat_deg", sa.Float, nullable=True),
        sa.Column("lon_deg", sa.Float, nullable=True),
        sa.Column("accuracy_m", sa.Float, nullable=True),
        sa.Column("typed_place", sa.String(200), nullable=False),
        sa.Column("once", sa.LargeBinary(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_line")),
        sa.UniqueConstraint("thread_id", "once", name=op.f("uq_sticker_line_thread_id_once")),
    )
    op.create_index("ix_sticker_line_thread_id_id", "sticker_line", ["thread_id", "id"])


def _photo() -> None:
    op.create_table(
        "sticker_photo",
        key("line_id", sa.ForeignKey("sticker_line.id", name=op.f("fk_sticker_photo_line_id_sticker_line"))),
        sa.Column("jpeg", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_sticker_photo")),
    )


def _report() -> None:
    op.create_table(
        "sticker_report",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key(
            "thread_id",
            sa.ForeignKey("sticker_thread.id", name=op.f("fk_sticker_report_thread_id_sticker_thread")),
            nullable=False,
        ),
        sa.Column("side", sa.String(10), nullable=False),
        key("by", nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        moment("at"),
        moment("settled_at", nullable=True),
        key("settled_by", nullable=True),
        sa.Column("settled", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_report")),
    )
    op.create_index("ix_sticker_report_city_id_id", "sticker_report", ["city_id", "id"])
    op.create_index("ix_sticker_report_thread_id", "sticker_report", ["thread_id"])


def _block() -> None:
    op.create_table(
        "sticker_block",
        key(),
        key(
            "sticker_id", sa.ForeignKey("sticker.id", name=op.f("fk_sticker_block_sticker_id_sticker")), nullable=False
        ),
        sa.Column("mark", sa.LargeBinary(32), nullable=False),
        moment("until_at"),
        key("by", nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_block")),
    )
    op.create_index("ix_sticker_block_sticker_id_mark", "sticker_block", ["sticker_id", "mark"])
    op.create_index("ix_sticker_block_until_at", "sticker_block", ["until_at"])


def _test() -> None:
    op.create_table(
        "sticker_test",
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_sticker_test_wearer_id_wearer"))),
        key("begun_by", nullable=False),
        moment("until_at"),
        sa.PrimaryKeyConstraint("wearer_id", name=op.f("pk_sticker_test")),
    )


def _drill() -> None:
    op.create_table(
        "sticker_drill",
        key(),
        sa.Column(
            "city_id", sa.Integer, sa.ForeignKey("city.id", name=op.f("fk_sticker_drill_city_id_city")), nullable=False
        ),
        sa.Column("name", sa.String(100), nullable=False),
        moment("from_at"),
        moment("until_at"),
        key("made_by", nullable=False),
        moment("made_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_drill")),
    )
    op.create_index("ix_sticker_drill_city_id_id", "sticker_drill", ["city_id", "id"])


def _drill_sticker() -> None:
    op.create_table(
        "sticker_drill_sticker",
        key(
            "drill_id", sa.ForeignKey("sticker_drill.id", name=op.f("fk_sticker_drill_sticker_drill_id_sticker_drill"))
        ),
        key("sticker_id", sa.ForeignKey("sticker.id", name=op.f("fk_sticker_drill_sticker_sticker_id_sticker"))),
        sa.PrimaryKeyConstraint("drill_id", "sticker_id", name=op.f("pk_sticker_drill_sticker")),
    )
    op.create_index("ix_sticker_drill_sticker_sticker_id", "sticker_drill_sticker", ["sticker_id"])


def _drill_person() -> None:
    op.create_table(
        "sticker_drill_person",
        key("drill_id", sa.ForeignKey("sticker_drill.id", name=op.f("fk_sticker_drill_person_drill_id_sticker_drill"))),
        key("account_id", sa.ForeignKey("account.id", name=op.f("fk_sticker_drill_person_account_id_account"))),
        sa.PrimaryKeyConstraint("drill_id", "account_id", name=op.f("pk_sticker_drill_person")),
    )
