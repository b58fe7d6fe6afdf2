"""Stays that we know of, and what their guests got unasked.

Revision: core_10_journeys
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agente_hotelero.schema import UtcDateTime

revision = "core_10_journeys"
down_revision = "core_9_voice"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_conversation_address", "conversation", ["tenant", "address"])
    op.create_index("ix_conversation_phone", "conversation", ["tenant", "phone"])
    _stays()
    _messages()


def downgrade() -> None:
    for table in ("journey_click", "journey_message", "known_stay"):
        op.drop_table(table)
    op.drop_index("ix_conversation_phone", "conversation")
    op.drop_index("ix_conversation_address", "conversation")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=nullable) for name in names]


def _instants(*names: str, nullable: bool = True) -> list[sa.Column[object]]:
    return [sa.Column(name, UtcDateTime(), nullable=nullable) for name in names]


def _stays() -> None:
    op.create_table(
        "known_stay",
        *_texts("tenant", "reference", "status", "version"),
        sa.Column("arrival", sa.Date(), nullable=False),
        sa.Column("departure", sa.Date(), nullable=False),
        *_texts("email", "phone"),
        *_numbers("conversation_id", nullable=True),
        *_instants("booked_at", "departed_at"),
        *_instants("seen_at", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "reference", name=op.f("pk_known_stay")),
    )
    for column in ("arrival", "departure", "email", "phone"):
        op.create_index(f"ix_known_stay_{column}", "known_stay", ["tenant", column])


def _messages() -> None:
    op.create_table(
        "journey_message",
        *_numbers("id"),
        *_texts("tenant", "journey", "reference"),
        *_numbers("part"),
        *_texts("purpose", "state", "reason", "mark", "channel", "account"),
        *_numbers("conversation_id", "outbox_id", nullable=True),
        *_texts("template", "version", "language", "basis"),
        sa.Column("tried", sa.JSON(), nullable=False),
        *_instants("decided_at", nullable=False),
        *_instants("answered_at", "clicked_at", "opted_out_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_message")),
        sa.UniqueConstraint(
            "tenant",
            "journey",
            "reference",
            "part",
            name=op.f("uq_journey_message_tenant_journey_reference_part"),
        ),
        sa.UniqueConstraint("mark", name=op.f("uq_journey_message_mark")),
    )
    for name, columns in {
        "reference": ["tenant", "reference"],
        "outbox": ["tenant", "outbox_id"],
        "conversation": ["tenant", "conversation_id", "decided_at"],
        "decided": ["tenant", "decided_at"],
    }.items():
        op.create_index(f"ix_journey_message_{name}", "journey_message", columns)
    op.create_table(
        "journey_click",
        *_texts("tenant", "mark", "link"),
        *_numbers("clicks"),
        *_instants("last_at", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "mark", "link", name=op.f("pk_journey_click")),
    )
