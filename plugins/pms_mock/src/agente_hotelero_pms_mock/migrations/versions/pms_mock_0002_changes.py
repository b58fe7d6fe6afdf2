"""Changes: what was done under which key, in which order, and the days of a stay to search by.

Revision: pms_mock_0002
"""

from __future__ import annotations

import json
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "pms_mock_0002"
down_revision = "pms_mock_0001"
branch_labels = None
depends_on = None

TABLE = "pms_mock_reservation"
DAYS = ("arrival", "departure")


def upgrade() -> None:
    op.create_table(
        "pms_mock_done",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_pms_mock_done")),
    )
    op.create_table(
        "pms_mock_change",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("property_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "property_id", name=op.f("pk_pms_mock_change")),
    )
    for name in DAYS:
        op.add_column(
            TABLE, sa.Column(name, sa.Date(), nullable=False, server_default="1970-01-01")
        )
    op.add_column(TABLE, sa.Column("changed", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_pms_mock_reservation_changed", TABLE, ["tenant", "property_id", "changed"])
    _fill()


def _fill() -> None:
    """The days of the reservations that are there."""
    table = sa.table(
        TABLE,
        sa.column("id", sa.Integer()),
        sa.column("content", sa.JSON()),
        *(sa.column(name, sa.Date()) for name in DAYS),
    )
    connection = op.get_bind()
    for number, content in connection.execute(sa.select(table.c.id, table.c.content)).all():
        stay = (json.loads(content) if isinstance(content, str) else content)["stay"]
        days = {name: date.fromisoformat(stay[name]) for name in DAYS}
        connection.execute(sa.update(table).where(table.c.id == number).values(**days))


def downgrade() -> None:
    op.drop_index("ix_pms_mock_reservation_changed", TABLE)
    for name in ("changed", *DAYS):
        op.drop_column(TABLE, name)
    op.drop_table("pms_mock_change")
    op.drop_table("pms_mock_done")
