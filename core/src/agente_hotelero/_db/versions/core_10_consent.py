"""What guests allowed and refused; why something goes out unasked.

Revision: core_10_consent
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agente_hotelero.schema import UtcDateTime

revision = "core_10_consent"
down_revision = "core_7_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("tenant", "channel", "address", "purpose")
        ),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_address", "consent", ["tenant", "address", "id"])
    op.add_column("outbox", sa.Column("purpose", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("outbox") as change:
        change.drop_column("purpose")
    op.drop_table("consent")
