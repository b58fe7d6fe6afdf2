"""Recordings of answers.

Revision: core_9_voice
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agente_hotelero.schema import UtcDateTime

revision = "core_9_voice"
down_revision = "core_10_consent"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("tenant", "key", "name")],
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key"),
    )
    op.create_index("ix_recording_at", "recording", ["at"])


def downgrade() -> None:
    op.drop_table("recording")
