"""providers, slots, notes, the outbox of calls, and encrypted names and phones"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ENCRYPTED = (
    ("appointments", "first_name", "NOT NULL"),
    ("appointments", "phone", "NOT NULL"),
    ("escalations", "phone", ""),
)
# Written out: batch mode would copy the table and leave out the CHECKs of before, which Alembic does not see.
CHECKED = (
    (
        "visitor_is VARCHAR(16) NOT NULL DEFAULT 'adult' CONSTRAINT ck_appointments_visitor_is_known "
        "CHECK (visitor_is IN ('adult', 'guardian'))"
    ),
    (
        "about VARCHAR(24) NOT NULL DEFAULT 'other' CONSTRAINT ck_appointments_about_known "
        "CHECK (about IN ('first_evaluation', 'patient', 'other'))"
    ),
    (
        "outcome VARCHAR(16) CONSTRAINT ck_appointments_outcome_known "
        "CHECK (outcome IN ('reached', 'voicemail', 'no_answer', 'wrong_number'))"
    ),
)


def _plain() -> list[sa.Column[Any]]:
    return [
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("owner", sa.String(64), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("may_leave_voicemail", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("ends_at", sa.DateTime(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"),
    ]


def upgrade() -> None:
    op.create_table(
        "providers",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
    )
    op.create_table(
        "hours_exceptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.String(32), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens_local", sa.Time(), nullable=True),
        sa.Column("closes_local", sa.Time(), nullable=True),
        sa.CheckConstraint(
            "(opens_local IS NULL) = (closes_local IS NULL)", name=op.f("ck_hours_exceptions_both_or_none")
        ),
        sa.CheckConstraint(
            "opens_local IS NULL OR opens_local < closes_local", name=op.f("ck_hours_exceptions_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_hours_exceptions_provider_id_providers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_exceptions")),
    )
    op.create_table(
        "slot_claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.String(32), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("held_until", sa.DateTime(), nullable=True),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(appointment_id IS NULL) <> (held_until IS NULL)", name=op.f("ck_slot_claims_held_or_taken")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_slot_claims_in_order")),
        _of_appointment("slot_claims"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_slot_claims_provider_id_providers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_claims")),
        sa.UniqueConstraint("provider_id", "starts_at", name=op.f("uq_slot_claims_provider_id")),
    )
    op.create_table(
        "appointment_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        _of_appointment("appointment_notes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_notes")),
    )
    op.create_table(
        "sms_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("wording", sa.String(64), nullable=False),
        sa.Column("wording_text", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        _of_appointment("sms_consents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_consents")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.Column("last_error", sa.String(64), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_outbox_channel_known")),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'delivered', 'failed', 'cancelled')", name=op.f("ck_outbox_state_known")
        ),
        _of_appointment("outbox"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("appointment_id", "kind", "channel", "sequence", name=op.f("uq_outbox_appointment_id")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_attempt_at"])
    for table, columns in (
        ("hours_exceptions", ("provider_id", "day")),
        ("slot_claims", ("appointment_id", "holder", "starts_at", "held_until")),
        ("appointment_notes", ("appointment_id",)),
        ("sms_consents", ("appointment_id",)),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    for column in CHECKED:
        op.execute(f"ALTER TABLE appointments ADD COLUMN {column}")
    for column in _plain():
        op.add_column("appointments", column)
    op.create_index(op.f("ix_appointments_message_id"), "appointments", ["message_id"])
    for table, column, null in ENCRYPTED:
        _make_room(table, column, null)


def downgrade() -> None:
    """What is encrypted stays so, in columns that have the room: a version of before would show it as it is."""
    op.drop_index(op.f("ix_appointments_message_id"), "appointments")
    for column in ("visitor_is", "about", "outcome", *(one.name for one in _plain())):
        op.drop_column("appointments", column)
    for table in ("outbox", "sms_consents", "appointment_notes", "slot_claims", "hours_exceptions", "providers"):
        op.drop_table(table)


def _of_appointment(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_appointment_id_appointments")
    return sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name=name, ondelete="CASCADE")


def _make_room(table: str, column: str, null: str) -> None:
    """A token is longer than what it hides. The rows themselves are encrypted by the worker (clinic/rotation.py)."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, column, type_=sa.Text())
        return
    default = "DEFAULT ''" if null else ""
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column}_wide TEXT {null} {default}")
    op.execute(f"UPDATE {table} SET {column}_wide = {column}")  # noqa: S608
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {column}_wide TO {column}")
