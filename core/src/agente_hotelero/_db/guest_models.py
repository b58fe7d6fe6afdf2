"""The core's tables for guests: what they allowed, their stays, and what they got unasked."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from agente_hotelero._db.models import Base, instant, json_field, table


class Consent(Base, table=True):
    """One thing that a guest allowed or refused, when, and how it was said; the latest counts.

    `address` is as `reach` writes it; of a guest that was erased, a mark that only the same address
    gives again.
    """

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_address", "tenant", "address", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    channel: str
    address: str
    purpose: str
    granted: bool
    source: str
    at: datetime = instant()


class KnownStay(Base, table=True):
    """A reservation as the PMS held it when we looked last, with no more than it takes to know when
    its guest comes and goes, and who that is. `email` and `phone` are as `reach` writes them.

    `booked_at` is when we heard of it as new, `departed_at` when the guest left by the PMS's word,
    `conversation_id` where it was booked with us.
    """

    __tablename__ = "known_stay"
    __table_args__ = (
        Index("ix_known_stay_arrival", "tenant", "arrival"),
        Index("ix_known_stay_departure", "tenant", "departure"),
        Index("ix_known_stay_email", "tenant", "email"),
        Index("ix_known_stay_phone", "tenant", "phone"),
    )

    tenant: str = Field(primary_key=True)
    reference: str = Field(primary_key=True)
    status: str
    version: str
    arrival: date
    departure: date
    email: str = ""
    phone: str = ""
    conversation_id: int | None = None
    booked_at: datetime | None = instant(nullable=True, default=None)
    departed_at: datetime | None = instant(nullable=True, default=None)
    seen_at: datetime = instant()


class JourneyState(StrEnum):
    SENT = "sent"
    DROPPED = "dropped"
    EXPIRED = "expired"


class JourneyMessage(Base, table=True):
    """What was decided about one message of a journey for one stay, once and for all; who the guest
    is stands elsewhere. `part` is 0 for the message and 1 for its reminder.

    `state` sent means put into the outbox, last as `outbox_id`; `outcome` is how far it came there,
    and stays when that row is gone. `basis` says on what ground, `mark` names it in links, `tried`
    are the channels that failed before.
    """

    __tablename__ = "journey_message"
    __table_args__ = (
        UniqueConstraint("tenant", "journey", "reference", "part"),
        UniqueConstraint("mark"),
        Index("ix_journey_message_reference", "tenant", "reference"),
        Index("ix_journey_message_outbox", "tenant", "outbox_id"),
        Index("ix_journey_message_conversation", "tenant", "conversation_id", "decided_at"),
        Index("ix_journey_message_decided", "tenant", "decided_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    journey: str
    reference: str
    part: int = 0
    purpose: str
    state: str
    reason: str = ""
    mark: str
    channel: str = ""
    account: str = ""
    conversation_id: int | None = None
    outbox_id: int | None = None
    outcome: str = ""
    template: str = ""
    version: str = ""
    language: str = ""
    basis: str = ""
    tried: list[str] = json_field()
    decided_at: datetime = instant()
    answered_at: datetime | None = instant(nullable=True, default=None)
    clicked_at: datetime | None = instant(nullable=True, default=None)
    opted_out_at: datetime | None = instant(nullable=True, default=None)


class JourneyClick(Base, table=True):
    """How often one link of one message was followed."""

    __tablename__ = "journey_click"

    tenant: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    link: str = Field(primary_key=True)
    clicks: int
    last_at: datetime = instant()


CONSENT = table(Consent)
STAY = table(KnownStay)
JOURNEY = table(JourneyMessage)
CLICK = table(JourneyClick)
stay_, journey_, click_ = (one.c for one in (STAY, JOURNEY, CLICK))
Values = dict[str, Any]
