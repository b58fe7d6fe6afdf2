"""How far the changes in a hotel's PMS have been read.

Revision: core_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agente_hotelero.schema import UtcDateTime

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pms_cursor",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("property_id", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "plugin", "property_id"),
    )


def downgrade() -> None:
    op.drop_table("pms_cursor")
