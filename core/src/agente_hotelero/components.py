"""Interfaces that plugins implement, and what the core lends them.

A plugin's class is made once per tenant (an `Ingress` once per plugin, a `Channel` once per
account) with its validated settings and `Services`, opened with ``async with`` and then awaited
message by message. Abstract classes, so that a new optional method breaks nobody.
"""

from __future__ import annotations

import abc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from agente_hotelero.desk import Desk, Door
from agente_hotelero.dialogue import Decision, Focus, Frame, HandlerRequest
from agente_hotelero.errors import Unsupported
from agente_hotelero.messages import (
    InboundEvent,
    Media,
    MessageTemplate,
    OutboundMessage,
    Reply,
    Understanding,
    UnderstandRequest,
)
from agente_hotelero.speech import ListenRequest, Pcm, SpeakRequest, SpeechModel, Transcript
from agente_hotelero.stays import Guest

# What only annotations name: a command that starts nothing must not pay for it.
if TYPE_CHECKING:
    import httpx
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


class PluginConfig(BaseModel):
    """Base of a plugin's settings: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ConfigT = TypeVar("ConfigT", bound=PluginConfig)
T = TypeVar("T")


class Clock(Protocol):
    """Where the time comes from; tests set it."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class Log(Protocol):
    """A structured logger already bound to plugin and tenant."""

    def debug(self, event: str, **fields: Any) -> Any: ...
    def info(self, event: str, **fields: Any) -> Any: ...
    def warning(self, event: str, **fields: Any) -> Any: ...
    def error(self, event: str, **fields: Any) -> Any: ...
    def exception(self, event: str, **fields: Any) -> Any: ...


class Inbox(Protocol):
    """The durable way in, for routers and for channels that fetch."""

    async def put(self, account: str, body: bytes) -> None:
        """Return when `body` is on disk. `Ingress.parse` will read it. Raises Unavailable."""


class MediaStore(Protocol):
    """Where files are kept: names are random, bodies are whole."""

    async def put(self, name: str, body: bytes) -> None:
        """Raises Unavailable."""

    async def get(self, name: str) -> bytes:
        """Raises NotFound, Unavailable."""

    async def delete(self, name: str) -> None:
        """Whether or not it is there. Raises Unavailable."""


class Seals(Protocol):
    """Signs what goes into a link, so that nobody can make one up; a plugin's own."""

    def seal(self, text: str) -> str:
        """`text` and its signature, in letters, digits, ``-``, ``_`` and ``.`` alone."""

    def open(self, sealed: str) -> str:
        """The text again. Raises AuthFailed for anything that was not sealed by this plugin."""


class Journeys(Protocol):
    """One hotel's unasked messages, for the pages to which their links lead."""

    async def clicked(self, mark: str, link: str) -> bool:
        """Count a click on one of a message's links; False for a mark that is none of ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What guests of one hotel ask, in their words: `phrases` maps languages to examples.

    `name` is an intent: a new one, or one that every hotel has.
    """

    name: str
    phrases: Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the core lends to a component of one tenant. `property_id` is the hotel in its PMS,
    `questions` what the hotel taught beyond what every hotel is asked. `http` is for addresses of
    the settings, `public_http` for those that data name: in production it reaches the internet
    only, and follows no redirect."""

    tenant: str
    hotel_name: str
    property_id: str
    time_zone: ZoneInfo
    languages: Sequence[str]
    http: httpx.AsyncClient
    public_http: httpx.AsyncClient
    log: Log
    clock: Clock
    sessions: async_sessionmaker[AsyncSession]
    inbox: Inbox
    media: MediaStore
    desk: Desk
    door: Door
    run_sync: Callable[[Callable[[], Any]], Awaitable[Any]]
    shared: Callable[[str, Callable[[], Any]], Any]
    seals: Seals
    journeys: Journeys
    questions: Sequence[Question] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """A component's own word on its state; `detail` is for operators and holds no secret."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it is not in order."""

    ok: bool
    what: str
    advice: str = ""


class Component(abc.ABC, Generic[ConfigT]):
    """Base of everything that a plugin registers."""

    config_class: ClassVar[type[PluginConfig]] = PluginConfig

    def __init__(self, config: ConfigT, services: Services) -> None:
        self.config = config
        self.services = services

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    async def health(self) -> Health:
        return Health(ok=True)

    async def diagnose(self) -> Sequence[Finding]:
        """What an operator should know, found by asking the other side; for `hotelero doctor`."""
        health = await self.health()
        return [Finding(ok=health.ok, what=health.detail or "is open")]


# ── channels ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Account(Generic[ConfigT]):
    """One number, mailbox or chat page of one tenant."""

    id: str
    tenant: str
    config: ConfigT


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRequest:
    """A request to ``/webhooks/<path>`` or ``/webhooks/<path>/<account>``; header names are lower
    case, `body` is as received. With an `account`, nobody else's secret counts."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    account: str = ""


class Ingress(abc.ABC, Generic[ConfigT]):
    """How a channel's events come in: one per plugin, for all accounts of all tenants.

    `path` is the webhook's segment; empty for a channel that has no webhook.
    """

    path: ClassVar[str] = ""
    max_body: ClassVar[int] = 4 * 1024 * 1024

    def __init__(self, accounts: Sequence[Account[ConfigT]]) -> None:
        self.accounts = {account.id: account for account in accounts}

    def handshake(self, query: Mapping[str, str], account: str = "") -> str:
        """Answer the provider's GET, of one account where its path names it. Raises AuthFailed."""
        raise Unsupported("this channel has no webhook")

    def verify(self, request: WebhookRequest) -> Sequence[str]:
        """The accounts whose secret matches the raw body. Raises AuthFailed if none does."""
        raise Unsupported("this channel has no webhook")

    @abc.abstractmethod
    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        """Read a stored body: pure, no I/O. One event that makes no sense becomes `Ignored`.

        Raises ValueError when the body as a whole cannot be read; it is then dead-lettered.
        """


class Channel(Component[ConfigT]):
    """One account of a channel: how answers go out.

    `idempotent`: sending the same `OutboundMessage.id` twice reaches the guest once.
    `max_options`: more options than this are numbered in the text instead. `per_second`: how many
    messages the account may send; the core keeps to it over all processes. `window`: how long after
    a guest's message anything but a template may be sent to him; None is for ever. `whole_answers`:
    all that one turn says is one message, in `OutboundMessage.parts`. `voice_notes`: attachments of
    kind ``voice`` reach the guest as notes that can be played at once. `unasked`: it may carry what
    guests did not ask for.
    """

    idempotent: ClassVar[bool] = False
    max_options: ClassVar[int] = 0
    max_option_title: ClassVar[int] = 20
    per_second: int | None = None
    window: ClassVar[timedelta | None] = None
    whole_answers: ClassVar[bool] = False
    voice_notes: ClassVar[bool] = False
    unasked: ClassVar[bool] = False

    def __init__(self, config: ConfigT, services: Services, account: str) -> None:
        super().__init__(config, services)
        self.account = account

    @classmethod
    @abc.abstractmethod
    def account_ids(cls, config: ConfigT, tenant: str) -> Sequence[str]:
        """The accounts that a tenant's settings name."""

    @abc.abstractmethod
    async def send(self, message: OutboundMessage) -> str:
        """Hand the message to the provider and return its id for it.

        Raises Throttled, Unavailable (not accepted, try again), OutcomeUnknown (may have been
        accepted), AuthFailed (the account is stopped until `health` is good again), WindowClosed
        (held until the guest writes), RecipientRefused, TemplateRefused and other PermanentError
        (never will be).
        """

    async def receive(self) -> None:
        """Fetch what comes, for a channel that is not told: runs until it is cancelled, and puts it
        into `Services.inbox`. Run by one process at a time, and again when it fails.

        Raises Throttled, Unavailable (run again later), AuthFailed (the account is stopped until
        `health` is good again).
        """
        raise Unsupported("this channel is told what comes")

    def reach(self, guest: Guest) -> str | None:
        """The address here of a guest whom the PMS knows and who never wrote; None: there is none.
        Only where `unasked`."""
        return None

    def reopening(self, languages: Sequence[str]) -> MessageTemplate | None:
        """What asks a guest to write again when something is held for him; None: nothing does."""
        return None

    async def fetch_media(self, media: Media, limit: int) -> bytes:
        """A file that a guest sent. Raises NotFound (gone), Rejected (beyond `limit` bytes, or not
        what it was said to be), TemporaryError."""
        raise Unsupported("this channel has no media")

    async def seen(self, provider_message_id: str) -> None:
        """Tell the guest that the message was read and an answer is on its way, if possible."""
        return


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelKind:
    """What `register_channels` returns."""

    ingress: type[Ingress[Any]]
    channel: type[Channel[Any]]


# ── understanding and deciding ───────────────────────────────────────────────────────────────────


class NlpEngine(Component[ConfigT]):
    """Reads a guest's words. Must not read the clock and must not raise for any text."""

    @abc.abstractmethod
    async def understand(self, request: UnderstandRequest) -> Understanding: ...


class Transcriber(Component[ConfigT]):
    """Speech to text. What takes long runs in a process of its own, never on the loop."""

    @abc.abstractmethod
    async def transcribe(self, request: ListenRequest) -> Transcript:
        """What is said in a note; silence and noise are ``no_speech``.

        Raises Throttled (enough notes wait already: again after `retry_after` seconds) and
        Unavailable (too slow, crashed, or without its model).
        """

    def models(self) -> Sequence[SpeechModel]:
        """What it can use, whether or not it is installed."""
        return ()


class Synthesizer(Component[ConfigT]):
    """Text to speech. What takes long runs in a process of its own, never on the loop."""

    @abc.abstractmethod
    def voice(self, language: str) -> str | None:
        """Names engine and voice: with the words, what a recording can be found by again. None: it
        does not speak this language."""

    @abc.abstractmethod
    async def synthesize(self, request: SpeakRequest) -> Pcm:
        """The words as people say them, numbers and dates included.

        Raises Throttled, Unavailable, and Unsupported for a language it does not speak.
        """

    def models(self) -> Sequence[SpeechModel]:
        """What it can use, whether or not it is installed."""
        return ()


class Handler(Component[ConfigT]):
    """Decides what to say to the intents it owns. `name` is unique: ``<plugin>.<handler>``."""

    name: ClassVar[str]
    intents: ClassVar[frozenset[str]]

    @abc.abstractmethod
    async def handle(self, request: HandlerRequest) -> Decision: ...

    def question(self, frame: Frame, focus: Focus, hotel_now: datetime) -> Reply | None:
        """What the frame asks, worded from the present state. Pure; asked again when needed."""
        return None


# ── other things a plugin may register ───────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Templates:
    """A folder of response templates inside a package: ``<language>/<name>.j2``."""

    package: str
    folder: str = "templates"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A FastAPI router made for the running app; `prefix` defaults to ``/plugins/<plugin>``.

    `make` gets the plugin's (settings, services) of each tenant; `config_class` is the model of
    those settings where the plugin registers nothing else that names it.
    """

    make: Callable[[Mapping[str, tuple[Any, Services]]], Any]
    prefix: str | None = None
    config_class: type[PluginConfig] = PluginConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Periodic work, run once per cluster. `cron` is in the tenant's zone."""

    name: str
    cron: str
    run: Callable[[Services], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonalData:
    """How a plugin exports and erases what it holds of one guest address: a telephone number, an
    e-mail address or a channel's own id, in whatever spelling.

    `export` gives JSON, empty where there is nothing. `erase` returns how many rows it took away or
    emptied; doing it twice is harmless, and what it leaves must name nobody.
    """

    export: Callable[[Services, str], Awaitable[Mapping[str, object]]]
    erase: Callable[[Services, str], Awaitable[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginSchema:
    """A plugin's tables: their metadata, and the package that holds its Alembic versions.

    `personal`: something of guests may be in them; the plugin then registers how it is erased.
    """

    metadata: Any
    migrations: str
    prefix: str = field(default="")
    personal: bool = True
