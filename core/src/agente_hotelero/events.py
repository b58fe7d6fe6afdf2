"""What plugins may subscribe to. Events are published after the commit that made them true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from agente_hotelero.messages import AccountNotice
from agente_hotelero.stays import Reservation


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainEvent:
    """Base of all events; `tenant` and `conversation_id` are filled in by the core."""

    tenant: str = ""
    conversation_id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class HandoverRequested(DomainEvent):
    """A conversation waits for a person."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskForStaff(DomainEvent):
    """A person must do something; `kind` is a short fixed word such as ``late_checkout``."""

    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservationMade(DomainEvent):
    """The PMS confirmed a reservation made in a conversation."""

    reservation: Reservation


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservationChanged(DomainEvent):
    """A reservation was changed: in a conversation, or (then `conversation_id` is 0) in the PMS."""

    reservation: Reservation


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservationCancelled(DomainEvent):
    """A reservation was cancelled in a conversation."""

    reservation: Reservation


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountNoticed(DomainEvent):
    """A provider said something of an account of this hotel."""

    channel: str
    account: str
    notice: AccountNotice


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplySent(DomainEvent):
    """A provider accepted one of our messages."""

    outbox_id: int


E = TypeVar("E", bound=DomainEvent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription(Generic[E]):
    """Call `receive` once for each event of this class; a failure is logged, not retried."""

    event: type[E]
    receive: Callable[[E], Awaitable[None]]
