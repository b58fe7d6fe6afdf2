"""Every operation of the interface: what it needs, how it is called, how its effect is seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from agente_hotelero.pms import Capability, PmsAdapter
from agente_hotelero.stays import ReservationQuery, ReservationStatus, StayChange
from agente_hotelero.testing.pms.facts import NO_FACT
from agente_hotelero.testing.pms.visit import Visit, fresh, is_as_asked

AMEND = Capability.AMEND_STAY | Capability.AMEND_GUESTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A call that is ready to be made; `done` asks the backend whether it took effect."""

    call: Callable[[PmsAdapter[Any]], Awaitable[Any]]
    done: Callable[[], Awaitable[bool]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """`needs`: one of these must be declared."""

    name: str
    prepare: Callable[[Visit], Awaitable[Attempt]]
    needs: Capability = Capability.NONE
    writes: bool = False

    def __str__(self) -> str:
        return self.name


def wanted_change(visit: Visit) -> StayChange:
    """One that the adapter declares; skips where the facts have none."""
    stays = Capability.AMEND_STAY in visit.info.capabilities
    change: StayChange = visit.hotel.need("change" if stays else "guest_change")
    return change


async def _properties(visit: Visit) -> Attempt:
    return Attempt(call=lambda adapter: adapter.properties())


async def _room_types(visit: Visit) -> Attempt:
    return Attempt(call=lambda adapter: adapter.room_types(visit.hotel.property_id, "en"))


async def _search_offers(visit: Visit) -> Attempt:
    return Attempt(call=lambda adapter: adapter.search_offers(visit.hotel.free))


async def _reservation(visit: Visit) -> Attempt:
    reference = (await visit.some_reservation()).reference
    return Attempt(call=lambda adapter: adapter.reservation(reference))


async def _find_reservations(visit: Visit) -> Attempt:
    """Of somebody who is there: whoever finds nothing may ask nothing more."""
    made = await visit.some_reservation()
    email = None if made.external_ref else made.guest.email
    query = ReservationQuery(
        property_id=visit.hotel.property_id, external_ref=made.external_ref, email=email
    )
    return Attempt(call=lambda adapter: adapter.find_reservations(query))


async def _reprice(visit: Visit) -> Attempt:
    offer = await visit.offer()
    return Attempt(call=lambda adapter: adapter.reprice(offer))


async def _create(visit: Visit) -> Attempt:
    draft = visit.draft(await visit.offer())

    async def done() -> bool:
        return bool(await visit.look_up(draft))

    return Attempt(
        call=lambda adapter: adapter.create_reservation(draft, draft.external_ref), done=done
    )


async def _preview_amendment(visit: Visit) -> Attempt:
    change = wanted_change(visit)
    reference = (await visit.some_reservation()).reference
    return Attempt(call=lambda adapter: adapter.preview_amendment(reference, change))


async def _amend(visit: Visit) -> Attempt:
    change, made, key = wanted_change(visit), await visit.book(), fresh()
    preview = await visit.adapter.preview_amendment(made.reference, change)

    async def done() -> bool:
        return is_as_asked(await visit.adapter.reservation(made.reference), change)

    return Attempt(call=lambda adapter: adapter.amend_reservation(preview, key), done=done)


async def _preview_cancellation(visit: Visit) -> Attempt:
    reference = (await visit.some_reservation()).reference
    return Attempt(call=lambda adapter: adapter.preview_cancellation(reference))


async def _cancel(visit: Visit) -> Attempt:
    made, key = await visit.book(), fresh()
    preview = await visit.adapter.preview_cancellation(made.reference)

    async def done() -> bool:
        now = await visit.adapter.reservation(made.reference)
        return now.status is ReservationStatus.CANCELLED

    return Attempt(call=lambda adapter: adapter.cancel_reservation(preview, key), done=done)


async def _list_services(visit: Visit) -> Attempt:
    reference = (await visit.some_reservation()).reference
    return Attempt(call=lambda adapter: adapter.list_services(reference, "en"))


async def _book_service(visit: Visit) -> Attempt:
    made, key = await visit.book(), fresh()
    services = await visit.adapter.list_services(made.reference, "en")
    if not services:
        pytest.skip(f"{NO_FACT}no service is sold with a reservation of KnownHotel.free")
    service = services[0]

    async def done() -> bool:
        return service.id in (await visit.adapter.reservation(made.reference)).services

    return Attempt(
        call=lambda adapter: adapter.book_service(made.reference, service, key), done=done
    )


async def _poll_changes(visit: Visit) -> Attempt:
    cursor = (await visit.adapter.poll_changes(visit.hotel.property_id, None)).cursor
    return Attempt(call=lambda adapter: adapter.poll_changes(visit.hotel.property_id, cursor))


OPERATIONS = (
    Operation(name="properties", prepare=_properties),
    Operation(name="room_types", prepare=_room_types),
    Operation(name="search_offers", prepare=_search_offers),
    Operation(name="reservation", prepare=_reservation),
    Operation(name="find_reservations", prepare=_find_reservations),
    Operation(name="reprice", prepare=_reprice, needs=Capability.REPRICE),
    Operation(name="create_reservation", prepare=_create, needs=Capability.CREATE, writes=True),
    Operation(name="preview_amendment", prepare=_preview_amendment, needs=AMEND),
    Operation(name="amend_reservation", prepare=_amend, needs=AMEND, writes=True),
    Operation(name="preview_cancellation", prepare=_preview_cancellation, needs=Capability.CANCEL),
    Operation(name="cancel_reservation", prepare=_cancel, needs=Capability.CANCEL, writes=True),
    Operation(name="list_services", prepare=_list_services, needs=Capability.SERVICES),
    Operation(name="book_service", prepare=_book_service, needs=Capability.SERVICES, writes=True),
    Operation(name="poll_changes", prepare=_poll_changes, needs=Capability.POLL),
)
WRITES = tuple(operation for operation in OPERATIONS if operation.writes)
