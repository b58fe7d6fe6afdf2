"""The first table.

Revision: channel_web_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from agente_hotelero.schema import UtcDateTime
from alembic import op

revision = "channel_web_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_web_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_web_line")),
    )
    with op.batch_alter_table("channel_web_line", schema=None) as batch_op:
        batch_op.create_index("uq_channel_web_line_key", ["tenant", "chat", "key"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("channel_web_line", schema=None) as batch_op:
        batch_op.drop_index("uq_channel_web_line_key")

    op.drop_table("channel_web_line")
