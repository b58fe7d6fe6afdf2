"""When backups were made, and proved; secrets of outgoing webhooks that may be rotated.

Revision: core_11_operations
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agente_hotelero.schema import UtcDateTime

revision = "core_11_operations"
down_revision = "core_10_journeys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backup_run",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("restore_seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column(
        "webhook_subscription",
        sa.Column("previous_secret", sa.String(), nullable=False, server_default=""),
    )
    op.add_column("webhook_subscription", sa.Column("rotated_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_subscription", "rotated_at")
    op.drop_column("webhook_subscription", "previous_secret")
    op.drop_table("backup_run")
