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

from agente_hotelero.speech import Transcript
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
    """A file that the guest sent, known by the provider's id until it is fetched.

    `kind` is image, video, audio, document or sticker; `sha256` and `url` are the provider's word
    and may be missing or stale. `stored` names it in the media store once it is there.
    """

    id: str
    mime_type: str = ""
    voice: bool = False
    kind: str = ""
    filename: str = ""
    sha256: str = ""
    url: str = ""
    stored: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a guest's message holds. `choice` is the id of an option of ours that was tapped.

    `whole` is all of it, for people, where `text` is only what is new in it (e-mail). `heard` says
    that `text` was spoken, and what is known of how it was heard.
    """

    text: str = ""
    choice: str | None = None
    media: Media | None = None
    location: Location | None = None
    whole: str = ""
    heard: Transcript | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundMessage:
    """One message of one guest, to one account of ours.

    `address` is who the guest is to the channel (a user id, a chat id, an e-mail address), and
    `aliases` what else the same guest is known by there (an older number). `thread` parts what one
    guest says in several conversations (e-mail). `reply_to` is the provider's id of the message
    that is quoted; `extra` what the provider adds that nobody reads yet, as JSON.

    `email` is set where the guest writes from an e-mail address; `verified` says whether the
    channel vouches that he is who he says. `for_staff` says why nobody but people may answer.
    """

    id: str
    address: str
    sent_at: datetime
    content: Content
    profile_name: str = ""
    phone: str | None = None
    aliases: tuple[str, ...] = ()
    thread: str = ""
    reply_to: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    email: str | None = None
    verified: bool = True
    for_staff: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageEdited:
    """A guest changed a message sent before; `content` is what it says now."""

    original_id: str
    content: Content
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRevoked:
    """A guest took a message back: nobody may read it any more."""

    original_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Reacted:
    """A guest put a mark on a message, or (empty) took it away. It is answered by nobody."""

    message_id: str
    address: str
    emoji: str
    at: datetime
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffWrote:
    """A person of the hotel wrote to a guest past us, in the provider's own app."""

    id: str
    address: str
    content: Content
    at: datetime
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestMoved:
    """A guest's addresses changed; `old` and `new` are of one person, and so are `aliases`: what
    else he was or is known by."""

    old: str
    new: str
    phone: str | None = None
    at: datetime
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentGiven:
    """A guest allowed (or, `granted` false, refused) messages of a purpose by the channel's own
    means. Purposes: ``marketing``, ``proactive`` (everything the guest did not ask for)."""

    address: str
    purpose: str
    granted: bool
    at: datetime
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountNotice:
    """What a provider says of an account itself: templates, limits, trouble.

    `kind` is the provider's word for it, `detail` its JSON. `stops` is set when nothing may be sent
    any more, with the reason, in a few words for operators.
    """

    kind: str
    detail: Mapping[str, object]
    at: datetime
    stops: str = ""


class DeliveryState(StrEnum):
    """The life of something we sent; a later rank never gives way to an earlier one."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


Failure = Literal["", "window", "recipient", "opted_out", "template", "account", "temporary"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryStatus:
    """What became of a message of ours; `outbox_id` is our own mark, if the provider returns it.

    `error` is the provider's code and words, `failure` what it means: the guest's window is closed
    (the message is held for him), he cannot be reached, he refuses such messages, the template or
    the account is stopped, or it may be tried again.
    """

    provider_id: str
    state: DeliveryState
    at: datetime
    outbox_id: int | None = None
    error: str = ""
    failure: Failure = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """An event that needs no action, kept all the same; `reason` is a short fixed word."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundEvent:
    """One event of a webhook body. `key` is unique per account for ever: the provider's id, for a
    status followed by a colon and its state, and a hash where there is none."""

    account: str
    key: str
    event: Happening


Happening = (
    InboundMessage
    | DeliveryStatus
    | MessageEdited
    | MessageRevoked
    | Reacted
    | StaffWrote
    | GuestMoved
    | ConsentGiven
    | AccountNotice
    | Ignored
)


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


FileKind = Literal["document", "voice", "audio", "video"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file to send: at a public `url`, or `stored` under that name in the media store.

    `kind` voice is a note to be played at once (Ogg/Opus).
    """

    kind: FileKind
    mime_type: str
    filename: str = ""
    url: str = ""
    stored: str = ""


OPT_OUT = "opt-out"
"""The payload of a template's button, or the id of an option, that stops what was not asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageTemplate:
    """A text that the provider approved beforehand: the only kind that may begin a conversation.

    `languages` are tried in order. `values` fill it in by name, or by position where the keys are
    "1", "2", …; `buttons` are the payload of each button that takes one.
    """

    name: str
    languages: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    image: Image | None = None
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of a message that holds several."""

    text: str = ""
    image: Image | None = None
    location: Location | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundMessage:
    """A rendered message. `id` is ours, stable over retries: a channel passes it on if it can.

    `parts` are what `text` is made of, with their pictures, where a channel sends a whole answer as
    one message (`Channel.whole_answers`). `by` is ``agent`` or a person's name; `purpose` says why,
    where the guest did not ask (``review``).
    `address`, `phone` and `thread` are the conversation's. `in_reply_to` is the provider's id of
    the message that it answers. `react_to` and `text` (an emoji) are a reaction.
    """

    id: int
    address: str
    text: str = ""
    options: tuple[OfferedOption, ...] = ()
    image: Image | None = None
    location: Location | None = None
    in_reply_to: str | None = None
    phone: str | None = None
    thread: str = ""
    attachment: Attachment | None = None
    template: MessageTemplate | None = None
    react_to: str | None = None
    parts: tuple[Part, ...] = ()
    by: str = "agent"
    purpose: str = ""
