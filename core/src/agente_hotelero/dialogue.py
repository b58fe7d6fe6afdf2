"""The contract between the dialogue and its handlers: values in, one value out.

A handler never sends, never reads a queue and never sees another plugin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from agente_hotelero.messages import Entity, Intent, Reply
from agente_hotelero.stays import Guest, Occupancy, Offer, Stay

MEANT = "meant:"
"""Begins the id of an option that stands for an intent: choosing it is as good as saying it."""

if TYPE_CHECKING:
    from agente_hotelero.events import DomainEvent
    from agente_hotelero.pms import Pms


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A question in progress. `data` is JSON that the handler's own model validates.

    `expects` are entity types, the awaited one first, then those that may be corrected here.
    `asked_at` is set by the core: what was written before cannot be an answer. `unasked`: put there
    by a message that the guest had not asked for, so that any other matter comes first.
    """

    handler: str
    step: str
    data: Mapping[str, object] = field(default_factory=dict)
    expects: tuple[str, ...] = ()
    expires_at: datetime
    asked_at: datetime | None = None
    unasked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Focus:
    """What the conversation is about, shared by all handlers.

    `topic` is the arrival of the reservation last spoken of: without a stay in focus, bare days
    ("del 6 al 9") are looked for from its month. `misunderstood` counts messages in a row that
    nobody understood, `unproved` how often the guest could not show that a reservation is his.
    """

    stay: Stay | None = None
    topic: date | None = None
    occupancy: Occupancy | None = None
    guest: Guest | None = None
    offers: tuple[Offer, ...] = ()
    reservation: str | None = None
    misunderstood: int = 0
    unproved: int = 0

    def with_(self, **changes: object) -> Focus:
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotel:
    """The tenant as handlers see it. `house` maps topic → language → the hotel's own text."""

    tenant: str
    name: str
    languages: Sequence[str]
    property_id: str
    house: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerRequest:
    """One turn as seen by one handler.

    `intents` are those it owns (of "unsure", the likeliest that others own); `entities` all that
    were said; `choice` the id of a tapped or named option; `frame` its own, if it has the floor;
    `now` is aware, in the property's zone. `attached` are the kinds of files that came with the
    words (``image``, ``audio`` …), ``unsupported`` for what the channel could not hand on.
    `email` is the address that the guest writes from, where it is one; unless `verified`, he may be
    somebody else.
    """

    intents: tuple[Intent, ...]
    entities: tuple[Entity, ...]
    text: str
    language: str
    choice: str | None
    focus: Focus
    frame: Frame | None
    hotel: Hotel
    pms: Pms
    now: datetime
    profile_name: str = ""
    phone: str | None = None
    attached: tuple[str, ...] = ()
    email: str | None = None
    verified: bool = True

    def first(self, kind: str) -> Entity | None:
        return next((e for e in self.entities if e.type == kind), None)

    def wants(self, *names: str) -> bool:
        return any(intent.name in names for intent in self.intents)


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """A person shall take over; `reason` is a short fixed word for staff."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a handler decided.

    `frame` is what stands on top afterwards; None ends the handler's own frame, if it had one.
    The frame's question is asked by the core, after all replies of the turn.
    """

    replies: tuple[Reply, ...] = ()
    frame: Frame | None = None
    focus: Focus | None = None
    handover: Handover | None = None
    events: tuple[DomainEvent, ...] = ()
