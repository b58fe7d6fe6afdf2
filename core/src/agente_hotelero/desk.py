"""What staff see and do: the interface behind the admin API and behind any page for staff.

A `Desk` is one hotel's; every change it makes is written to the audit log in the same transaction.
A `Door` knows who somebody is. Roles, each with the rights of those before: ``read-only``,
``staff``, ``owner``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from agente_hotelero.messages import OfferedOption
from agente_hotelero.stays import Image

ROLES = ("read-only", "staff", "owner")


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who calls, in which role, for which hotels; `person` is the number of somebody who has a
    log-in, and None for a program."""

    name: str
    role: str
    tenants: frozenset[str]
    person: int | None = None

    def may(self, role: str) -> bool:
        """Whether this role is at least the one that is asked for."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """A conversation in the list. `mode` is ``agent`` or ``human``; `attention` says what staff
    should look at although the agent goes on."""

    id: int
    guest: str
    channel: str
    language: str | None
    mode: str
    reason: str
    attention: str
    assigned_to: str
    last_guest_at: datetime

    @property
    def waits(self) -> bool:
        return self.mode == "human" or bool(self.attention)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatLine:
    """One message, either way. `by` is ``guest``, ``agent`` or somebody's name; `state` that of its
    delivery, empty for the guest's own.

    `file` is the kind of the file that came with it (``image``, ``audio`` …) and `file_state`
    whether it can be seen: ``stored``, empty while it is fetched, ``failed``, ``forgotten``.
    `edited_from` is what an edited message said at first, `revoked` that it was taken back,
    `reaction` the mark that the guest put on it. `whole` is all that was written, where `text` is
    only what is new in it (mail). `spoken`: the text was heard in a voice note, or said in one.
    """

    id: int
    by: str
    text: str
    at: datetime
    options: tuple[str, ...] = ()
    image: str = ""
    state: str = ""
    file: str = ""
    file_state: str = ""
    edited_from: str = ""
    revoked: bool = False
    reaction: str = ""
    whole: str = ""
    spoken: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatFile:
    """A file that a guest sent."""

    mime_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffNote:
    """What staff wrote for one another."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffTask:
    """What a person must do; `kind` is a short fixed word."""

    id: int
    conversation_id: int
    kind: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferShown:
    """An offer as the guest saw it; `total` is an amount with its ISO code."""

    room: str
    rate: str
    total: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatDetail:
    """A conversation with what is known of its guest and stay (dates of the property).

    `window_ends_at`: until then the channel lets anything be sent to this guest, later only what it
    approved beforehand; what is said then waits. None where there is no such limit.
    """

    chat: Chat
    phone: str = ""
    name: str = ""
    email: str = ""
    arrival: date | None = None
    departure: date | None = None
    adults: int | None = None
    children: int = 0
    offers: tuple[OfferShown, ...] = ()
    reservation: str = ""
    window_ends_at: datetime | None = None
    notes: tuple[StaffNote, ...] = ()
    tasks: tuple[StaffTask, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffReply:
    """What staff say to a guest."""

    text: str
    options: tuple[OfferedOption, ...] = ()
    image: Image | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class QuickReply:
    """Words that are ready to be sent."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """Changes whenever something on a hotel's desk does; `waiting` chats wait for a person."""

    stamp: str
    waiting: int


class Desk(Protocol):
    """One hotel's conversations, for its staff.

    Numbers of another hotel raise NotFound, as if they did not exist; what a caller's role does not
    allow raises AuthFailed, and words that cannot be sent Rejected. Instants are aware, in UTC.
    """

    async def pulse(self) -> Pulse: ...

    async def chats(
        self, *, waiting: bool = False, search: str = "", before: int | None = None
    ) -> Sequence[Chat]:
        """At most 50, those that wait for a person first; `before` is the last one's id of the page
        before. `search` looks in guests' names, addresses and words."""

    async def chat(self, conversation_id: int) -> ChatDetail: ...

    async def lines(self, conversation_id: int, *, before: int | None = None) -> Sequence[ChatLine]:
        """The latest 100 lines, oldest first; those before an id for the page before."""

    async def file(self, conversation_id: int, line_id: int) -> ChatFile:
        """The file that came with a line. Raises NotFound, Unavailable."""

    async def take_over(self, caller: Caller, conversation_id: int) -> None:
        """The agent says no more there until `release`."""

    async def release(self, caller: Caller, conversation_id: int) -> None: ...

    async def assign(self, caller: Caller, conversation_id: int, to: str) -> None: ...

    async def reply(self, caller: Caller, conversation_id: int, reply: StaffReply) -> int:
        """Queue a message, taking the conversation over; returns its number in the outbox."""

    async def note(self, caller: Caller, conversation_id: int, text: str) -> None: ...

    async def tasks(self) -> Sequence[StaffTask]:
        """Those that are not done, the oldest first."""

    async def finish(self, caller: Caller, task_id: int) -> None: ...

    async def dead_letters(self, caller: Caller) -> Sequence[Mapping[str, object]]: ...

    async def replay(self, caller: Caller, kind: str, number: int) -> None: ...

    def quick_replies(self, language: str) -> Sequence[QuickReply]:
        """The hotel's own answers to house questions, in a language."""


class Door(Protocol):
    """Who may come in."""

    async def login(self, name: str, password: str) -> str:
        """A token that ends after a shift. Raises AuthFailed, after as much work as for a right
        password, and Throttled after too many tries."""

    async def caller(self, token: str) -> Caller:
        """Raises AuthFailed for a token that is not ours, has ended or was revoked."""

    async def logout(self, token: str) -> None:
        """From now on nobody may use it."""
