"""the open safety question, and whether the visitor is under 18"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Written out: Alembic's batch mode would copy the table and leave out the CHECK of 0001, which it does not see.
    op.execute(
        "ALTER TABLE conversations ADD COLUMN safety_question VARCHAR(16) "
        "CONSTRAINT ck_conversations_safety_question_known CHECK (safety_question IN ('ask_directly', 'ask_already'))"
    )
    op.add_column("conversations", sa.Column("safety_asked_at", sa.DateTime(), nullable=True))
    op.add_column("conversations", sa.Column("safety_messages", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("says_minor", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for column in ("says_minor", "safety_messages", "safety_asked_at", "safety_question"):
        op.drop_column("conversations", column)
