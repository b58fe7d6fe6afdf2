"""The core's tables. Only repository functions and the turn touch them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from agente_hotelero.schema import UtcDateTime, new_metadata


class Base(SQLModel):
    metadata = new_metadata()


def instant(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def _added() -> Any:
    """A text column that came with a later release: empty in rows of an earlier one."""
    return Field(default="", sa_column=Column(String, nullable=False, server_default=""))


def json_field() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


def _only_where(condition: str) -> dict[str, Any]:
    """An index of few rows: those that staff look at."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class RawState(StrEnum):
    NEW = "new"
    DONE = "done"
    DEAD = "dead"


class InboxRaw(Base, table=True):
    """A webhook body as it came: written before the provider gets its 200."""

    __tablename__ = "inbox_raw"
    __table_args__ = (Index("ix_inbox_raw_state_id", "state", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    accounts: list[str] = json_field()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = instant()
    state: str = RawState.NEW
    error: str = ""
    trace: str = _added()


class EventState(StrEnum):
    WAITING = "waiting"
    ANSWERED = "answered"
    HUMAN = "human"
    STALE = "stale"
    IGNORED = "ignored"
    DONE = "done"
    DEAD = "dead"


class InboundEventRow(Base, table=True):
    """One event of one account; its key is unique for ever."""

    __tablename__ = "inbound_event"
    __table_args__ = (
        UniqueConstraint("channel", "account", "event_key"),
        Index("ix_inbound_event_conversation_id", "tenant", "conversation_id", "state", "id"),
        Index("ix_inbound_event_state", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    account: str
    event_key: str
    tenant: str = ""
    conversation_id: int | None = None
    kind: str
    content: dict[str, Any] = json_field()
    sent_at: datetime = instant()
    received_at: datetime = instant()
    raw_id: int
    state: str
    reason: str = ""
    trace: str = _added()


class Mode(StrEnum):
    AGENT = "agent"
    HUMAN = "human"


class Conversation(Base, table=True):
    """Tenant × channel × account × guest address, and where its dialogue stands.

    `attention` says in a few words what staff should look at although the agent goes on.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("tenant", "channel", "account", "address"),
        Index("ix_conversation_latest", "tenant", "last_guest_at", "id"),
        Index("ix_conversation_address", "tenant", "address"),
        Index("ix_conversation_phone", "tenant", "phone"),
        Index(
            "ix_conversation_calls", "tenant", **_only_where("mode = 'human' OR attention <> ''")
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    channel: str
    account: str
    address: str
    profile_name: str = ""
    phone: str | None = None
    language: str | None = None
    mode: str = Mode.AGENT
    mode_reason: str = ""
    state: dict[str, Any] = json_field()
    version: int = 0
    created_at: datetime = instant()
    last_guest_at: datetime = instant()
    attention: str = _added()
    assigned_to: str = _added()
    thread: str = _added()

    @property
    def reach(self) -> str:
        """What the channel needs to answer: the address without the thread that is part of it."""
        return self.address.removesuffix(f"#{self.thread}") if self.thread else self.address


class GuestAlias(Base, table=True):
    """Another address under which a channel knows the guest of a conversation."""

    __tablename__ = "guest_alias"

    tenant: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    conversation_id: int


class StoppedAccount(Base, table=True):
    """An account that the provider lets send nothing, until its health is good again."""

    __tablename__ = "stopped_account"

    channel: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    tenant: str
    reason: str
    since: datetime = instant()


class MediaState(StrEnum):
    WANTED = "wanted"
    STORED = "stored"
    FAILED = "failed"
    FORGOTTEN = "forgotten"


class MediaFile(Base, table=True):
    """A file that a guest sent, and where it is kept. `id` is that of its event."""

    __tablename__ = "media_file"
    __table_args__ = (Index("ix_media_file_at", "state", "at"),)

    event_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    tenant: str
    conversation_id: int
    name: str = ""
    mime_type: str = ""
    size: int = 0
    state: str = MediaState.WANTED
    attempts: int = 0
    error: str = ""
    at: datetime = instant()


class Message(Base, table=True):
    """One line of a conversation, either way: what staff and the terminal read."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation", "tenant", "conversation_id", "id"),
        Index("ix_message_tenant", "tenant", "id"),
        Index("ix_message_event", "event_id"),
        Index("ix_message_outbox", "outbox_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    conversation_id: int
    direction: str
    text: str = Field(sa_type=Text)
    content: dict[str, Any] = json_field()
    at: datetime = instant()
    outbox_id: int | None = None
    event_id: int | None = None


class OutboxState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    HELD = "held"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"


class Outbox(Base, table=True):
    """Something to say, by which templates, with which sums from where, and what became of it.

    Held: it waits until the guest writes, or until the account may send again.
    `purpose` says why the guest hears it unasked (``review``); it is empty for an answer.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_provider", "channel", "account", "provider_id"),
        Index("ix_outbox_state", "state", "id"),
        Index("ix_outbox_held", "tenant", "conversation_id", **_only_where("state = 'held'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    conversation_id: int
    channel: str
    account: str
    address: str
    content: dict[str, Any] = json_field()
    acts: list[str] = json_field()
    amounts: list[dict[str, str]] = json_field()
    state: str = OutboxState.QUEUED
    provider_id: str | None = None
    attempts: int = 0
    error: str = ""
    trace: str = _added()
    purpose: str = _added()
    created_at: datetime = instant()
    updated_at: datetime = instant()


class PmsOperation(Base, table=True):
    """A write to a PMS, recorded before the call so that a crash cannot repeat it blindly."""

    __tablename__ = "pms_operation"

    tenant: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    kind: str
    external_ref: str
    state: str
    reference: str | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()


class PmsCursor(Base, table=True):
    """How far the changes in a hotel's PMS have been read."""

    __tablename__ = "pms_cursor"

    tenant: str = Field(primary_key=True)
    plugin: str = Field(primary_key=True)
    property_id: str = Field(primary_key=True)
    cursor: str
    updated_at: datetime = instant()


def table(model: type[SQLModel]) -> Table:
    """A model's table. Statements are built on tables: on models each execution costs twice."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


RAW = table(InboxRaw)
EVENT = table(InboundEventRow)
CONVERSATION = table(Conversation)
MESSAGE = table(Message)
OUTBOX = table(Outbox)
OPERATION = table(PmsOperation)
CURSOR = table(PmsCursor)
ALIAS = table(GuestAlias)
STOPPED = table(StoppedAccount)
MEDIA = table(MediaFile)

raw_, event_, conversation_, message_, outbox_, operation_ = (
    one.c for one in (RAW, EVENT, CONVERSATION, MESSAGE, OUTBOX, OPERATION)
)
alias_, stopped_, media_ = (one.c for one in (ALIAS, STOPPED, MEDIA))
