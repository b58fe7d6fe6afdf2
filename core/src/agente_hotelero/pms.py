"""The PMS interface, version 1: what an adapter implements, declares, and may leave undone.

docs/reference/pms.md has the rules by which it changes, and says where eight systems fit.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, Flag, auto
from typing import Protocol

from agente_hotelero.components import Component, ConfigT, WebhookRequest
from agente_hotelero.errors import Unsupported
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Changes,
    Offer,
    OfferQuery,
    Page,
    Property,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    RoomType,
    Service,
    StayChange,
)

INTERFACE_VERSION = 1


class Capability(Flag):
    """What an adapter can do beyond the required operations; each names those it promises."""

    NONE = 0
    RATE_PLANS = auto()
    """Offers of one room type may differ in their rate plan."""
    IMAGES = auto()
    """Room types have images."""
    REPRICE = auto()
    """`reprice`."""
    CREATE = auto()
    """`create_reservation`."""
    AMEND_STAY = auto()
    """`preview_amendment` and `amend_reservation` change the dates."""
    AMEND_GUESTS = auto()
    """`preview_amendment` and `amend_reservation` change who sleeps in the rooms."""
    CANCEL = auto()
    """`preview_cancellation` and `cancel_reservation`."""
    SERVICES = auto()
    """`list_services` and `book_service`."""
    POLL = auto()
    """`poll_changes`."""
    WEBHOOK = auto()
    """`verify_webhook`; only with POLL."""


class Idempotency(Enum):
    """How creating a reservation twice is prevented.

    NATIVE_KEY: the PMS honours our key. EXTERNAL_REF: the PMS stores our reference and finds it
    again. NONE: neither; the core asks staff whenever an outcome is unknown.
    """

    NATIVE_KEY = "native_key"
    EXTERNAL_REF = "external_ref"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit:
    """At most so many units in any window of so many seconds."""

    units: int
    seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimitPolicy:
    """What the PMS allows, kept by the core. A call costs one unit, or what `costs` says for its
    operation: the calls that the adapter makes for it, or the PMS's own credits."""

    windows: tuple[RateLimit, ...] = ()
    costs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AdapterInfo:
    """What an adapter is: for the core, the operator and the conformance kit.

    `resumes`: where a booking with the draft's reference exists, `create_reservation` makes no
    other, but makes sure of that one; the core then has a booking that was found after silence
    looked at so. `serialise`: two writes at once may go wrong there (the same room sold twice), so
    the core makes one at a time per property, over all processes.
    """

    name: str
    interface_version: int
    capabilities: Capability
    idempotency: Idempotency = Idempotency.NONE
    resumes: bool = False
    serialise: bool = False
    limits: RateLimitPolicy = field(default_factory=RateLimitPolicy)


class PmsAdapter(Component[ConfigT]):
    """A property management system.

    An adapter holds no retry, cache, circuit, rate limit or time-out: the core does. It translates,
    and maps every failure to the tree in `errors`: a read fails with Throttled, Unavailable,
    AuthFailed, NotFound or Rejected; a write, as soon as it may have taken effect, with
    OutcomeUnknown. Operations beyond the abstract ones are called only when `info()` declares them.
    """

    @abc.abstractmethod
    def info(self) -> AdapterInfo:
        """Constant once the adapter is open; asks nobody."""

    @abc.abstractmethod
    async def properties(self) -> Sequence[Property]:
        """The hotels that these settings reach."""

    @abc.abstractmethod
    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        """The kinds of room that are sold, in the language of `locale` where the PMS has it."""

    @abc.abstractmethod
    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        """What is for sale, cheapest first; empty when sold out. Raises Rejected for a stay that is
        not sold at all: past dates, below the minimum stay, beyond the booking window."""

    @abc.abstractmethod
    async def reservation(self, reference: str) -> Reservation:
        """By the PMS's own reference, whatever its case. Raises NotFound, also for what cannot be a
        reference: a guest typed it, so it may be anything, and must not become part of a path."""

    @abc.abstractmethod
    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        """Those that match; empty where there are none."""

    async def reprice(self, offer: Offer) -> Offer:
        """The same sale at its present price (REPRICE). Raises SoldOut."""
        raise Unsupported("reprice")

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        """Book (CREATE). The same `key` books once, where the PMS can promise it.

        What is returned is confirmed and is what was ordered. Raises SoldOut, PriceChanged,
        Rejected, Unavailable (nothing was booked), OutcomeUnknown (something may have been).
        """
        raise Unsupported("create_reservation")

    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment:
        """What a change would cost; changes nothing (AMEND_*). Raises NotFound, SoldOut, Rejected
        (not possible any more, or at all)."""
        raise Unsupported("preview_amendment")

    async def amend_reservation(self, amendment: Amendment, key: str) -> Reservation:
        """Change it (AMEND_*). A reservation that already is as asked is returned as it is.

        A refused change leaves the reservation as it was. Raises NotFound, SoldOut, PriceChanged,
        Rejected (its version is another), Unavailable, OutcomeUnknown.
        """
        raise Unsupported("amend_reservation")

    async def preview_cancellation(self, reference: str) -> Cancellation:
        """What cancelling would cost; changes nothing (CANCEL). Raises NotFound, Rejected (begun,
        over)."""
        raise Unsupported("preview_cancellation")

    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        """Cancel it (CANCEL). One that is cancelled already is returned as it is.

        Raises NotFound, Rejected, PriceChanged (its fee), Unavailable, OutcomeUnknown.
        """
        raise Unsupported("cancel_reservation")

    async def list_services(self, reference: str, locale: str) -> Sequence[Service]:
        """What can be added to a reservation now (SERVICES). Raises NotFound."""
        raise Unsupported("list_services")

    async def book_service(self, reference: str, service: Service, key: str) -> Reservation:
        """Add it (SERVICES). A reservation that has it already is returned as it is.

        Raises NotFound, SoldOut, PriceChanged, Rejected, Unavailable, OutcomeUnknown.
        """
        raise Unsupported("book_service")

    async def poll_changes(self, property_id: str, cursor: str | None) -> Changes:
        """What changed since `cursor` (POLL); without one nothing, but where to go on from now.

        No change may be missed; one may come twice.
        """
        raise Unsupported("poll_changes")

    def verify_webhook(self, request: WebhookRequest) -> bool:
        """Whether the PMS sent this (WEBHOOK). It is a bell: the core then polls, and believes
        nothing else that the request says. Pure; takes time that tells nothing of the secret."""
        raise Unsupported("verify_webhook")


class Pms(Protocol):
    """The tenant's PMS as handlers use it: guarded, cached, bound to its property.

    Whatever the PMS cannot do raises Unsupported. `key` names one wish of the guest: a write is
    done once for it, whatever crashes. All writes raise what the adapter's operation raises; of
    these, OutcomeUnknown means that staff must look.
    """

    def can(self, capability: Capability) -> bool:
        """Whether all of this is declared; False while there is no PMS."""

    async def property(self) -> Property: ...
    async def room_types(self, locale: str) -> Sequence[RoomType]: ...
    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]: ...
    async def reservation(self, reference: str) -> Reservation: ...
    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]: ...
    async def book(self, draft: ReservationDraft, key: str) -> Reservation:
        """Check the price again, book, and look at what was booked."""

    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment: ...
    async def amend(self, amendment: Amendment, key: str) -> Reservation: ...
    async def preview_cancellation(self, reference: str) -> Cancellation: ...
    async def cancel(self, cancellation: Cancellation, key: str) -> Reservation: ...
    async def list_services(self, reference: str, locale: str) -> Sequence[Service]: ...
    async def book_service(self, reference: str, service: Service, key: str) -> Reservation: ...
