"""The states of templates.

Revision: channel_whatsapp_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from agente_hotelero.schema import UtcDateTime
from alembic import op

revision = "channel_whatsapp_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLE = "channel_whatsapp_template"
UNIQUE = "uq_channel_whatsapp_template_name"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("business_account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("quality", sa.String(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_whatsapp_template")),
    )
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.create_index(
            UNIQUE, ["tenant", "business_account", "name", "language"], unique=True
        )


def downgrade() -> None:
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.drop_index(UNIQUE)

    op.drop_table(TABLE)
