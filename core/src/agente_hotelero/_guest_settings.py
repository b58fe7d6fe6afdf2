"""``journeys``, ``proactive`` and ``retention`` of ``[tenants.<id>]``: what guests get unasked, and
how long what they leave is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agente_hotelero.proactive import ASKS, REVIEW_PAGE, Approved, Journey, Trigger

Language = Literal["es", "pt", "en"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JourneySettings(_Model):
    """One kind of message. Its words: `text` by language, or a response `template`."""

    trigger: Trigger
    offset_hours: float = Field(default=0.0, ge=-24 * 60, le=24 * 60)
    opens: time = time(10)
    closes: time = time(20)
    expires_hours: float = Field(default=48.0, gt=0, le=24 * 30)
    template: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*/[a-z][a-z0-9_]*)?$")
    text: dict[Language, Words] = Field(default_factory=dict)
    purpose: Name = "journey"
    flag: Name | None = None
    channels: tuple[str, ...] = ()
    approved: dict[str, Approved] = Field(default_factory=dict)
    waits_for_staff_hours: float = Field(default=0.0, ge=0, le=72)
    asks: str = ""

    @model_validator(mode="after")
    def _sensible(self) -> JourneySettings:
        if bool(self.template) == bool(self.text):
            raise ValueError("needs either a template or a text in each language")
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        if self.asks and self.asks not in ASKS:
            raise ValueError(f"asks must be one of {', '.join(ASKS)}")
        if any(REVIEW_PAGE.search(words) for words in self._words()):
            raise ValueError("links to review pages are sent by review_requests alone")
        if self.purpose == "proactive":
            raise ValueError("purpose: proactive stands for all purposes")
        return self

    def _words(self) -> Iterator[str]:
        yield from self.text.values()
        for approved in self.approved.values():
            yield from approved.values.values()

    def journey(self, name: str) -> Journey:
        return Journey(
            name=name,
            trigger=self.trigger,
            offset=timedelta(hours=self.offset_hours),
            template=self.template or f"journeys/{name}",
            purpose=self.purpose,
            opens=self.opens,
            closes=self.closes,
            expires=timedelta(hours=self.expires_hours),
            flag=self.flag or name,
            channels=self.channels,
            approved=self.approved,
            waits_for_staff=timedelta(hours=self.waits_for_staff_hours),
            asks=self.asks,
        )


class ProactiveSettings(_Model):
    """What holds for all unasked messages of a hotel.

    `skip` are addresses of the hotel's own people, of agencies and of banned guests: a telephone,
    an e-mail address, or a whole domain (``@agency.example``). `aliases` are domains under which
    travel agencies hide their guests, beyond those that are known.
    """

    explicit_consent: bool = False
    per_day: int = Field(default=500, ge=1)
    per_round: int = Field(default=20, ge=1)
    skip: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class RetentionSettings(_Model):
    """In days. `messages`: what was said either way, with notes, tasks and events; `guests`:
    whoever wrote nothing for so long is erased, from all plugins too; `stays` count from departure;
    `journeys`: what was sent unasked. What a guest refused is kept for ever."""

    messages_days: int = Field(default=730, ge=30)
    guests_days: int = Field(default=730, ge=30)
    stays_days: int = Field(default=400, ge=120)
    journeys_days: int = Field(default=730, ge=120)
