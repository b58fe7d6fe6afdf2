"""What travels through the agent: from a provider's event to what is sent back.

Everything is a frozen, keyword-only dataclass. Instants are aware; `sent_at` is the provider's own
stamp, never the time of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from agente_hotelero.stays import Image, Money

# ── in ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A point on the map, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A file that the guest sent, known by the provider's id until it is fetched."""

    id: str
    mime_type: str = ""
    voice: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a guest's message holds. `choice` is the id of an option of ours that was tapped."""

    text: str = ""
    choice: str | None = None
    media: Media | None = None
    location: Location | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundMessage:
    """One message of one guest, to one account of ours.

    `address` is what the channel needs to answer (a phone number, a chat id, an e-mail address).
    """

    id: str
    address: str
    sent_at: datetime
    content: Content
    profile_name: str = ""
    phone: str | None = None


class DeliveryState(StrEnum):
    """The life of something we sent; a later rank never gives way to an earlier one."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryStatus:
    """What became of a message of ours; `outbox_id` is our own mark, if the provider returns it."""

    provider_id: str
    state: DeliveryState
    at: datetime
    outbox_id: int | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """An event that needs no action, kept all the same; `reason` is a short fixed word."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundEvent:
    """One event of a webhook body. `key` is unique per account for ever (see design, event key)."""

    account: str
    key: str
    event: InboundMessage | DeliveryStatus | Ignored


# ── understanding ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class StayHint:
    """What was said about dates; any part may be missing."""

    arrival: date | None = None
    departure: date | None = None
    nights: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyHint:
    """What was said about people. `children` counts those whose age is not in `child_ages` too."""

    adults: int | None = None
    children: int | None = None
    child_ages: tuple[int, ...] = ()


EntityValue = StayHint | PartyHint | Money | time | str | int | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """Something said, with its place in the text and other readings of it.

    Types: stay, party, room_type, rate, rooms, option, yes_no, email, phone, person, reference,
    time, money. `value` has the class that belongs to the type; `option`, `room_type` and `rate`
    hold ids.
    """

    type: str
    text: str
    span: tuple[int, int]
    value: EntityValue
    alternatives: tuple[EntityValue, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """Something wanted; `at` is where in the text it was said, to keep the guest's order."""

    name: str
    confidence: float
    at: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedOption:
    """An option as the guest saw it."""

    id: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnderstandRequest:
    """A guest's words with all that is needed to read them; nothing may read the clock.

    `reference` is aware. `expects` are the entity types the last question waits for, the likeliest
    first (`cancel` or `change` beside `yes_no`: it asked whether to, so that saying it is a yes);
    `options` what it offered; `vocabulary` maps room type ids to the property's own names,
    `rates` the ids of rate plans now on offer to theirs. `topic` is the arrival of the stay or
    reservation in focus: bare days ("del 25 al 27") are looked for from its month.
    """

    text: str
    language: str | None
    languages: Sequence[str]
    reference: datetime
    zone: ZoneInfo
    expects: Sequence[str] = ()
    options: Sequence[OfferedOption] = ()
    vocabulary: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    topic: date | None = None


Verdict = Literal["act", "confirm", "reject"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Understanding:
    """What an engine made of the words: act on it, ask back, or say it was not understood."""

    language: str
    intents: tuple[Intent, ...] = ()
    entities: tuple[Entity, ...] = ()
    verdict: Verdict = "reject"

    def first(self, kind: str) -> Entity | None:
        return next((e for e in self.entities if e.type == kind), None)


# ── out ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Priced:
    """An amount with the id of the offer, reservation or text it comes from.

    The only form in which a reply may carry money: the renderer refuses bare `Money`.
    """

    source_id: str
    money: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """A possible answer: `label` as it stands, or the template `phrase` with its `values`."""

    id: str
    label: str = ""
    phrase: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a handler wants said; the renderer decides how, by language and channel.

    `template` is ``<plugin>/<name>``. `values` may hold strings, numbers, dates, values of `stays`
    and lists or dicts of them, and money only as `Priced`.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    image: Image | None = None
    location: Location | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundMessage:
    """A rendered message. `id` is ours, stable over retries: a channel passes it on if it can."""

    id: int
    address: str
    text: str = ""
    options: tuple[OfferedOption, ...] = ()
    image: Image | None = None
    location: Location | None = None
    in_reply_to: str | None = None
