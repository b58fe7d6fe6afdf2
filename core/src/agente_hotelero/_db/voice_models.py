"""The core's table of recordings: what was spoken once is not spoken again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from agente_hotelero._db.models import Base, instant, table


class Recording(Base, table=True):
    """A recording by what makes it (engine, voice, language, words); `at` is when it was last
    used."""

    __tablename__ = "recording"
    __table_args__ = (Index("ix_recording_at", "at"),)

    tenant: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str
    at: datetime = instant()


RECORDING = table(Recording)
recording_ = RECORDING.c
