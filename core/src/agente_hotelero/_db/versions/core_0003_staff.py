"""People: users, tokens, audit, notes, tasks, switches, words of one's own, outgoing webhooks.

Revision: core_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agente_hotelero.schema import UtcDateTime

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "conversation", sa.Column("assigned_to", sa.String(), nullable=False, server_default="")
    )
    op.create_index("ix_conversation_latest", "conversation", ["tenant", "last_guest_at", "id"])
    calls = sa.text("mode = 'human' OR attention <> ''")
    op.create_index(
        "ix_conversation_calls",
        "conversation",
        ["tenant"],
        sqlite_where=calls,
        postgresql_where=calls,
    )
    op.create_index("ix_message_tenant", "message", ["tenant", "id"])
    _people()
    _work()
    _run_time_settings()
    _webhooks()


def downgrade() -> None:
    for table in (
        "webhook_delivery",
        "webhook_subscription",
        "config_version",
        "template_override",
        "flag",
        "task",
        "note",
        "audit_entry",
        "revoked_token",
        "staff_user",
    ):
        op.drop_table(table)
    op.drop_index("ix_message_tenant", "message")
    op.drop_index("ix_conversation_calls", "conversation")
    op.drop_index("ix_conversation_latest", "conversation")
    with op.batch_alter_table("conversation") as change:
        change.drop_column("assigned_to")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _truth(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _people() -> None:
    op.create_table(
        "staff_user",
        _number("id"),
        _text("name"),
        _text("password_hash"),
        _text("role"),
        _json("tenants"),
        _truth("active"),
        _at("created_at"),
        _at("tokens_after"),
        _key("staff_user", "id"),
        sa.UniqueConstraint("name", name=op.f("uq_staff_user_name")),
    )
    op.create_table("revoked_token", _text("jti"), _at("expires_at"), _key("revoked_token", "jti"))
    op.create_table(
        "audit_entry",
        _number("id"),
        _text("tenant"),
        _text("who"),
        _text("action"),
        _text("target"),
        _json("before"),
        _json("after"),
        _at("at"),
        _key("audit_entry", "id"),
    )
    op.create_index("ix_audit_entry_tenant", "audit_entry", ["tenant", "id"])


def _work() -> None:
    op.create_table(
        "note",
        _number("id"),
        _text("tenant"),
        _number("conversation_id"),
        _text("author"),
        sa.Column("text", sa.Text(), nullable=False),
        _at("at"),
        _key("note", "id"),
    )
    op.create_index("ix_note_conversation", "note", ["tenant", "conversation_id", "id"])
    op.create_table(
        "task",
        _number("id"),
        _text("tenant"),
        _number("conversation_id"),
        _text("kind"),
        _at("created_at"),
        _at("done_at", nullable=True),
        _text("done_by"),
        _key("task", "id"),
    )
    op.create_index("ix_task_tenant", "task", ["tenant", "done_at", "id"])


def _run_time_settings() -> None:
    op.create_table(
        "flag", _text("tenant"), _text("name"), _truth("value"), _key("flag", "tenant", "name")
    )
    op.create_table(
        "template_override",
        _text("tenant"),
        _text("template"),
        _text("language"),
        sa.Column("text", sa.Text(), nullable=False),
        _key("template_override", "tenant", "template", "language"),
    )
    op.create_table(
        "config_version", _number("id"), _number("version"), _key("config_version", "id")
    )


def _webhooks() -> None:
    op.create_table(
        "webhook_subscription",
        _number("id"),
        _text("tenant"),
        _text("url"),
        _text("secret"),
        _json("events"),
        _truth("active"),
        _key("webhook_subscription", "id"),
    )
    op.create_index("ix_webhook_subscription_tenant", "webhook_subscription", ["tenant"])
    op.create_table(
        "webhook_delivery",
        _number("id"),
        _text("tenant"),
        _number("subscription_id"),
        _text("event"),
        _json("body"),
        _text("state"),
        _number("attempts"),
        _text("error"),
        _at("created_at"),
        _key("webhook_delivery", "id"),
    )
    op.create_index("ix_webhook_delivery_tenant", "webhook_delivery", ["tenant", "state", "id"])
