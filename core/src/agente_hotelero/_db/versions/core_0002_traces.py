"""Traces from webhook to receipt, and what calls for staff's attention.

Revision: core_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None

TRACED = ("inbox_raw", "inbound_event", "outbox")


def upgrade() -> None:
    for table in TRACED:
        _add(table, "trace")
    _add("conversation", "attention")
    op.create_index("ix_inbound_event_state", "inbound_event", ["state", "id"])
    op.create_index("ix_outbox_state", "outbox", ["state", "id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_state", "outbox")
    op.drop_index("ix_inbound_event_state", "inbound_event")
    with op.batch_alter_table("conversation") as change:
        change.drop_column("attention")
    for table in TRACED:
        with op.batch_alter_table(table) as change:
            change.drop_column("trace")


def _add(table: str, column: str) -> None:
    """Rows of the release before get an empty text, and so does what it still writes."""
    op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))
