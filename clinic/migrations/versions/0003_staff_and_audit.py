"""staff, the audit trail, and who has an escalation"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("first_name", sa.String(80), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("crisis_trained", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("totp_secret", sa.String(64), nullable=True),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("role IN ('staff', 'admin')", name=op.f("ck_staff_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    for column in ("at", "tag", "subject_id"):
        op.create_index(op.f(f"ix_audit_{column}"), "audit", [column])
    # Written out: batch mode would copy the table and leave out the CHECKs of 0001, which Alembic does not see.
    op.execute(
        "ALTER TABLE escalations ADD COLUMN owner_id VARCHAR(32) "
        "CONSTRAINT fk_escalations_owner_id_staff REFERENCES staff (id)"
    )
    op.add_column("escalations", sa.Column("acknowledged_by", sa.String(32), nullable=True))
    op.add_column("escalations", sa.Column("acknowledged_at", sa.DateTime(), nullable=True))
    op.add_column("escalations", sa.Column("staff_active_at", sa.DateTime(), nullable=True))
    op.add_column("escalations", sa.Column("follow_up_at", sa.DateTime(), nullable=True))
    op.add_column("escalations", sa.Column("close_reason", sa.String(32), nullable=True))


def downgrade() -> None:
    added = ("close_reason", "follow_up_at", "staff_active_at", "acknowledged_at", "acknowledged_by", "owner_id")
    for column in added:
        op.drop_column("escalations", column)
    op.drop_table("audit")
    op.drop_table("staff")
