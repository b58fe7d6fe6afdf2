"""Channels in full: aliases, threads, stopped accounts, guests' files, messages that are held.

Revision: core_7_channels
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agente_hotelero.schema import UtcDateTime

revision = "core_7_channels"
down_revision = "core_0004"
branch_labels = None
depends_on = None

HELD = sa.text("state = 'held'")


def upgrade() -> None:
    op.add_column(
        "conversation", sa.Column("thread", sa.String(), nullable=False, server_default="")
    )
    op.add_column("message", sa.Column("event_id", sa.Integer(), nullable=True))
    op.create_index("ix_message_event", "message", ["event_id"])
    op.create_index("ix_message_outbox", "message", ["outbox_id"])
    op.create_index(
        "ix_outbox_held",
        "outbox",
        ["tenant", "conversation_id"],
        sqlite_where=HELD,
        postgresql_where=HELD,
    )
    op.create_table(
        "guest_alias",
        *[_text(name) for name in ("tenant", "channel", "account", "address")],
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", "address"),
    )
    op.create_table(
        "stopped_account",
        *[_text(name) for name in ("channel", "account", "tenant", "reason")],
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account"),
    )
    _media()


def _media() -> None:
    op.create_table(
        "media_file",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        _text("tenant"),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        *[_text(name) for name in ("name", "mime_type")],
        sa.Column("size", sa.Integer(), nullable=False),
        _text("state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("error"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("ix_media_file_at", "media_file", ["state", "at"])


def downgrade() -> None:
    for table in ("media_file", "stopped_account", "guest_alias"):
        op.drop_table(table)
    op.drop_index("ix_outbox_held", "outbox")
    op.drop_index("ix_message_outbox", "message")
    op.drop_index("ix_message_event", "message")
    with op.batch_alter_table("message") as change:
        change.drop_column("event_id")
    with op.batch_alter_table("conversation") as change:
        change.drop_column("thread")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)
