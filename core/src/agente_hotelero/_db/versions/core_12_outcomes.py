"""How far each unasked message came, kept longer than its row in the outbox; how guests said what
they refuse is not kept longer than they are.

Revision: core_12_outcomes
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_12_outcomes"
down_revision = "core_11_operations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "journey_message",
        sa.Column("outcome", sa.String(), nullable=False, server_default=""),
    )
    op.execute(
        "UPDATE journey_message SET outcome = coalesce((SELECT state FROM outbox"
        " WHERE outbox.id = journey_message.outbox_id), '')"
    )
    op.execute(
        "UPDATE consent SET source = 'before the guest was erased' WHERE address LIKE 'erased:%'"
    )
    _forget_how()


def _forget_how() -> None:
    """Staff's own words about a guest's consent, in the audit log, where no guest is found."""
    connection = op.get_bind()
    log = sa.table("audit_entry", sa.column("id"), sa.column("action"), sa.column("after", sa.JSON))
    query = sa.select(log.c.id, log.c.after).where(log.c.action == "consent")
    for number, after in connection.execute(query).all():
        kept = {name: value for name, value in (after or {}).items() if name != "how"}
        connection.execute(sa.update(log).where(log.c.id == number).values(after=kept))


def downgrade() -> None:
    op.drop_column("journey_message", "outcome")
