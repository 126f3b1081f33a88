"""who is on call, attempts to reach them, what visitors were told, false alarms"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alerts", sa.Column("cause", sa.String(16), nullable=False, server_default="opened"))
    op.add_column("alerts", sa.Column("stopped_at", sa.DateTime(), nullable=True))
    # What was delivered before this version called nobody twice, and must not begin to now.
    op.execute("UPDATE alerts SET stopped_at = delivered_at WHERE state = 'delivered'")
    op.create_table(
        "oncall_people",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=True),
        sa.Column("first_name", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("weekly_hours", sa.JSON(), nullable=False),
        sa.Column("works_holidays", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_oncall_people_staff_id_staff"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_people")),
    )
    op.create_table(
        "oncall_channels",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("can_wake", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("tested_at", sa.DateTime(), nullable=True),
        sa.Column("verified_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["oncall_people.id"],
            name=op.f("fk_oncall_channels_person_id_oncall_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_channels")),
    )
    op.create_index(op.f("ix_oncall_channels_person_id"), "oncall_channels", ["person_id"])
    op.create_table(
        "oncall_exceptions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('away', 'extra')", name=op.f("ck_oncall_exceptions_kind_known")),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["oncall_people.id"],
            name=op.f("fk_oncall_exceptions_person_id_oncall_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_exceptions")),
    )
    op.create_index(op.f("ix_oncall_exceptions_person_id"), "oncall_exceptions", ["person_id"])
    op.create_table(
        "alert_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('sending', 'delivered', 'failed')", name=op.f("ck_alert_attempts_outcome_known")
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_attempts_alert_id_alerts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_attempts")),
    )
    op.create_index(op.f("ix_alert_attempts_alert_id"), "alert_attempts", ["alert_id"])
    op.create_index("ix_alert_attempts_channel", "alert_attempts", ["channel_id", "started_at"])
    op.create_table(
        "handoff_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("about_message_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.String(32), nullable=True),
        sa.Column("said_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"],
            ["escalations.id"],
            name=op.f("fk_handoff_notices_escalation_id_escalations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_notices")),
    )
    op.create_index(op.f("ix_handoff_notices_escalation_id"), "handoff_notices", ["escalation_id"])
    op.create_table(
        "false_alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.String(32), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("risk", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("reported_by", sa.String(32), nullable=False),
        sa.Column("reported_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"],
            ["escalations.id"],
            name=op.f("fk_false_alarms_escalation_id_escalations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_false_alarms_message_id_messages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_false_alarms")),
    )
    op.create_index(op.f("ix_false_alarms_escalation_id"), "false_alarms", ["escalation_id"])


def downgrade() -> None:
    for table in (
        "false_alarms",
        "handoff_notices",
        "alert_attempts",
        "oncall_exceptions",
        "oncall_channels",
        "oncall_people",
    ):
        op.drop_table(table)
    for column in ("stopped_at", "cause"):
        op.drop_column("alerts", column)
