"""What is remembered of mails: how far a mailbox was read, which came, which went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agente_hotelero.schema import UtcDateTime, new_metadata
from sqlalchemy import JSON, BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class _Table(SQLModel):
    metadata = new_metadata()


def _instant(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def _number() -> Any:
    """UIDs and their validity have 32 bits without a sign (RFC 3501)."""
    return Field(sa_type=BigInteger)


class Checkpoint(_Table, table=True):
    """How far a folder was read. UIDs mean something together with their UIDVALIDITY only."""

    __tablename__ = "channel_gmail_checkpoint"

    tenant: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    uidvalidity: int = _number()
    last_uid: int = _number()
    began_at: datetime = _instant()
    seen_at: datetime = _instant()


class MailIn(_Table, table=True):
    """A mail that came; `message_id` is made up where it had none. `gm_thread` is Gmail's own."""

    __tablename__ = "channel_gmail_in"
    __table_args__ = (
        UniqueConstraint("tenant", "account", "message_id"),
        Index("ix_channel_gmail_in_uid", "tenant", "account", "folder", "uidvalidity", "uid"),
        Index("ix_channel_gmail_in_sender", "tenant", "account", "sender", "received_at"),
        Index("ix_channel_gmail_in_thread", "tenant", "account", "thread", "received_at"),
        Index("ix_channel_gmail_in_gm", "tenant", "account", "gm_thread"),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    account: str
    message_id: str
    folder: str
    uidvalidity: int = _number()
    uid: int = _number()
    thread: str
    gm_thread: str = ""
    sender: str
    reply_to: str
    subject: str = Field(sa_type=Text)
    bare_subject: str
    refs: list[str] = Field(sa_column=Column(JSON, nullable=False))
    silent: bool = False
    received_at: datetime = _instant()


class MailOut(_Table, table=True):
    """A mail of ours, written down with its Message-ID before it is sent.

    `state` is sending (its outcome is unknown), refused (surely not sent) or sent; `options` are
    what its links stand for.
    """

    __tablename__ = "channel_gmail_out"
    __table_args__ = (
        UniqueConstraint("tenant", "account", "message_id"),
        Index("ix_channel_gmail_out_sent", "tenant", "account", "state", "at"),
        Index("ix_channel_gmail_out_address", "tenant", "address"),
    )

    tenant: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    outbox_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    message_id: str
    address: str
    thread: str
    state: str
    options: list[dict[str, str]] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime = _instant()
    tapped_at: datetime | None = _instant(default=None, nullable=True)


class BadAddress(_Table, table=True):
    """An address at which nothing arrives."""

    __tablename__ = "channel_gmail_bad_address"

    tenant: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    reason: str
    since: datetime = _instant()


class Pause(_Table, table=True):
    """Why a mailbox sends or reads nothing. `until` is missing where only a new password helps;
    `password` is a hash of the one that was refused."""

    __tablename__ = "channel_gmail_pause"

    tenant: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    reason: str
    until: datetime | None = _instant(default=None, nullable=True)
    password: str = ""
    since: datetime = _instant()


METADATA = _Table.metadata
