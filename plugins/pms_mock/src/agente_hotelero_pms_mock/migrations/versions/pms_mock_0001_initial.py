"""The first tables.

Revision: pms_mock_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from agente_hotelero.schema import UtcDateTime
from alembic import op

revision = "pms_mock_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pms_mock_night",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("property_id", sa.String(), nullable=False),
        sa.Column("room_type_id", sa.String(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("sold", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "property_id", "room_type_id", "night", name=op.f("pk_pms_mock_night")
        ),
    )
    op.create_table(
        "pms_mock_reservation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("property_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("external_ref", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("guest_name", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pms_mock_reservation")),
        sa.UniqueConstraint(
            "tenant", "reference", name=op.f("uq_pms_mock_reservation_tenant_reference")
        ),
        sa.UniqueConstraint("tenant", "key", name=op.f("uq_pms_mock_reservation_tenant_key")),
    )
    op.create_index(
        "ix_pms_mock_reservation_external_ref",
        "pms_mock_reservation",
        ["tenant", "property_id", "external_ref"],
    )


def downgrade() -> None:
    op.drop_index("ix_pms_mock_reservation_external_ref", "pms_mock_reservation")
    op.drop_table("pms_mock_reservation")
    op.drop_table("pms_mock_night")
