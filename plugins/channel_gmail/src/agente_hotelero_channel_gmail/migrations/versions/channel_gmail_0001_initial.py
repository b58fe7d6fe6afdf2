"""The first tables.

Revision: channel_gmail_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from agente_hotelero.schema import UtcDateTime
from alembic import op

revision = "channel_gmail_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("checkpoint", "in", "out", "bad_address", "pause")


def upgrade() -> None:
    op.create_table(
        "channel_gmail_checkpoint",
        *_texts("tenant", "account", "folder"),
        *_numbers("uidvalidity", "last_uid"),
        _instant("began_at"),
        _instant("seen_at"),
        _key("checkpoint", "tenant", "account", "folder"),
    )
    _mails_in()
    _mails_out()
    op.create_table(
        "channel_gmail_bad_address",
        *_texts("tenant", "address", "reason"),
        _instant("since"),
        _key("bad_address", "tenant", "address"),
    )
    op.create_table(
        "channel_gmail_pause",
        *_texts("tenant", "account", "reason", "password"),
        _instant("until", nullable=True),
        _instant("since"),
        _key("pause", "tenant", "account"),
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(f"channel_gmail_{name}")


def _mails_in() -> None:
    op.create_table(
        "channel_gmail_in",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("tenant", "account", "message_id", "folder", "thread", "gm_thread"),
        *_texts("sender", "reply_to", "bare_subject"),
        *_numbers("uidvalidity", "uid"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        _instant("received_at"),
        _key("in", "id"),
        sa.UniqueConstraint(
            "tenant",
            "account",
            "message_id",
            name=op.f("uq_channel_gmail_in_tenant_account_message_id"),
        ),
    )
    for name, columns in (
        ("uid", ["folder", "uidvalidity", "uid"]),
        ("sender", ["sender", "received_at"]),
        ("thread", ["thread", "received_at"]),
        ("gm", ["gm_thread"]),
    ):
        index = f"ix_channel_gmail_in_{name}"
        op.create_index(index, "channel_gmail_in", ["tenant", "account", *columns])


def _mails_out() -> None:
    op.create_table(
        "channel_gmail_out",
        *_texts("tenant", "account"),
        sa.Column("outbox_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("message_id", "address", "thread", "state"),
        sa.Column("options", sa.JSON(), nullable=False),
        _instant("at"),
        _instant("tapped_at", nullable=True),
        _key("out", "tenant", "account", "outbox_id"),
        sa.UniqueConstraint(
            "tenant",
            "account",
            "message_id",
            name=op.f("uq_channel_gmail_out_tenant_account_message_id"),
        ),
    )
    sent = ["tenant", "account", "state", "at"]
    op.create_index("ix_channel_gmail_out_sent", "channel_gmail_out", sent)
    op.create_index("ix_channel_gmail_out_address", "channel_gmail_out", ["tenant", "address"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_channel_gmail_{table}"))
