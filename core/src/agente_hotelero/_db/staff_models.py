"""The core's tables for people: who may do what, what they did, what waits for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from agente_hotelero._db.models import Base, instant, json_field, table


class StaffUser(Base, table=True):
    """Somebody who may log in; `tenants` are the hotels of this person. Tokens that this person
    got, or made, before `tokens_after` are worth nothing."""

    __tablename__ = "staff_user"
    __table_args__ = (UniqueConstraint("name"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    password_hash: str
    role: str
    tenants: list[str] = json_field()
    active: bool = True
    created_at: datetime = instant()
    tokens_after: datetime = instant()


class RevokedToken(Base, table=True):
    """A token that ended before its time; forgotten once it would have ended anyway."""

    __tablename__ = "revoked_token"

    jti: str = Field(primary_key=True)
    expires_at: datetime = instant()


class AuditEntry(Base, table=True):
    """One change by a person: who, what, before and after. Never a guest's words."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_tenant", "tenant", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    who: str
    action: str
    target: str
    before: dict[str, Any] = json_field()
    after: dict[str, Any] = json_field()
    at: datetime = instant()


class Note(Base, table=True):
    """What one of the staff wrote for the others about a conversation."""

    __tablename__ = "note"
    __table_args__ = (Index("ix_note_conversation", "tenant", "conversation_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    conversation_id: int
    author: str
    text: str = Field(sa_type=Text)
    at: datetime = instant()


class Task(Base, table=True):
    """Something that a person must do: a late check-out that was asked, an unknown booking."""

    __tablename__ = "task"
    __table_args__ = (Index("ix_task_tenant", "tenant", "done_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    conversation_id: int
    kind: str
    created_at: datetime = instant()
    done_at: datetime | None = instant(nullable=True, default=None)
    done_by: str = ""


class Flag(Base, table=True):
    """A switch thrown at run time; it overrides the file."""

    __tablename__ = "flag"

    tenant: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: bool


class TemplateOverride(Base, table=True):
    """A hotel's own words for one of the agent's."""

    __tablename__ = "template_override"

    tenant: str = Field(primary_key=True)
    template: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)


class ConfigVersion(Base, table=True):
    """Rises with every change that processes must take over; one row."""

    __tablename__ = "config_version"

    id: int = Field(default=1, primary_key=True)
    version: int = 0


class WebhookSubscription(Base, table=True):
    """Where a hotel wants to hear of events; each body is signed with `secret`, and for a day after
    a rotation with the previous one too."""

    __tablename__ = "webhook_subscription"
    __table_args__ = (Index("ix_webhook_subscription_tenant", "tenant"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    url: str
    secret: str
    events: list[str] = json_field()
    active: bool = True
    previous_secret: str = Field(
        default="", sa_column=Column(String, nullable=False, server_default="")
    )
    rotated_at: datetime | None = instant(default=None, nullable=True)


class DeliveryProgress(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    DEAD = "dead"


class WebhookDelivery(Base, table=True):
    """One event on its way to one subscription."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("ix_webhook_delivery_tenant", "tenant", "state", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    subscription_id: int
    event: str
    body: dict[str, Any] = json_field()
    state: str = DeliveryProgress.QUEUED
    attempts: int = 0
    error: str = ""
    created_at: datetime = instant()


USER = table(StaffUser)
REVOKED = table(RevokedToken)
AUDIT = table(AuditEntry)
NOTE = table(Note)
TASK = table(Task)
FLAG = table(Flag)
OVERRIDE = table(TemplateOverride)
VERSION = table(ConfigVersion)
SUBSCRIPTION = table(WebhookSubscription)
DELIVERY = table(WebhookDelivery)
