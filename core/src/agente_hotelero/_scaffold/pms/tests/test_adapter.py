"""What is particular to this PMS; what every adapter must do is in test_conformance.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import httpx
import pytest
from agente_hotelero import PmsAdapter
from agente_hotelero.errors import (
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
    Unavailable,
)
from agente_hotelero.stays import (
    Guest,
    Money,
    Occupancy,
    Offer,
    OfferQuery,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    Stay,
)
from agente_hotelero.testing import SettableClock, lend
from pydantic import SecretStr

from agente_hotelero_pms_acme.adapter import AcmePms
from agente_hotelero_pms_acme.config import AcmeConfig
from agente_hotelero_pms_acme.testing import PAGE, Hotel

pytestmark = pytest.mark.anyio

Adapter = PmsAdapter[AcmeConfig]

STAY = Stay(arrival=date(2026, 12, 1), departure=date(2026, 12, 3))
QUERY = OfferQuery(property_id="1", stay=STAY, occupancies=(Occupancy(adults=2),))
ANA = Guest(name="Ana Núñez", email="Ana@example.com", phone="+34 600 111 222", language="es")


def with_key(key: str) -> AcmeConfig:
    return AcmeConfig(base_url="https://pms.example/", api_key=SecretStr(key))


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


async def offer_of(adapter: Adapter, room_type: str) -> Offer:
    (found,) = await adapter.search_offers(replace(QUERY, room_type_id=room_type))
    return found


async def book(adapter: Adapter, offer: Offer, ref: str = "ref-1") -> Reservation:
    draft = ReservationDraft(offer=offer, guest=ANA, external_ref=ref)
    return await adapter.create_reservation(draft, key=ref)


def odd(answer: object) -> Adapter:
    """An adapter whose PMS gives one and the same answer to everything."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    services = lend(http=httpx.AsyncClient(transport=transport))
    return AcmePms(with_key("k"), services)


async def test_a_party_with_a_child_is_offered_what_it_fits_into(adapter: Adapter) -> None:
    party = (Occupancy(adults=3, child_ages=(4,)),)
    (found,) = await adapter.search_offers(replace(QUERY, occupancies=party, locale="es"))
    assert (found.room_type.name, found.total) == ("Familiar", euros("331.00"))


async def test_two_rooms_cost_twice_as_much_as_one(adapter: Adapter) -> None:
    rooms = (Occupancy(adults=2), Occupancy(adults=1))
    (found,) = await adapter.search_offers(replace(QUERY, occupancies=rooms))
    assert found.total == euros("440.00")


async def test_what_was_booked_is_what_was_offered(adapter: Adapter) -> None:
    offer = await offer_of(adapter, "double")
    made = await book(adapter, offer)
    assert (made.stay, made.total, made.guest) == (offer.stay, offer.total, ANA)
    assert await adapter.reservation(made.reference.lower()) == made


async def test_an_order_for_a_room_that_went_meanwhile_is_sold_out(adapter: Adapter) -> None:
    offer = await offer_of(adapter, "family")
    await book(adapter, offer)
    with pytest.raises(SoldOut):
        await book(adapter, offer, "ref-2")


async def test_an_order_at_an_old_price_tells_the_new_one(adapter: Adapter, backend: Hotel) -> None:
    offer = await offer_of(adapter, "double")
    backend.rooms["double"].night = Decimal("130.00")
    with pytest.raises(PriceChanged) as caught:
        await book(adapter, offer)
    assert isinstance(caught.value.offer, Offer)
    assert caught.value.offer.total == euros("260.00")
    assert backend.bookings == {}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ReservationQuery(property_id="1", guest_name="nunez"), True),
        (ReservationQuery(property_id="1", guest_name="Gómez"), False),
        (ReservationQuery(property_id="1", phone="+34600111222"), True),
        (ReservationQuery(property_id="1", phone="+34600111223"), False),
        (ReservationQuery(property_id="1", email="ana@EXAMPLE.com"), True),
        (ReservationQuery(property_id="1", arrival=date(2026, 12, 2)), False),
    ],
)
async def test_a_reservation_is_found_by_what_a_guest_says(
    adapter: Adapter, query: ReservationQuery, found: bool
) -> None:
    await book(adapter, await offer_of(adapter, "double"))
    assert bool((await adapter.find_reservations(query)).items) is found


async def test_a_guest_on_the_second_page_is_found(adapter: Adapter, backend: Hotel) -> None:
    backend.rooms["double"].units = PAGE + 1
    offer = await offer_of(adapter, "double")
    for n in range(PAGE):
        await book(adapter, offer, f"ref-{n}")
    draft = ReservationDraft(offer=offer, guest=Guest(name="Zoe"), external_ref="ref-zoe")
    made = await adapter.create_reservation(draft, key="zoe")
    query = ReservationQuery(property_id="1", guest_name="zoe")
    first = await adapter.find_reservations(query)
    second = await adapter.find_reservations(query, first.next_cursor)
    assert [list(page.items) for page in (first, second)] == [[], [made]]
    assert second.next_cursor is None


async def test_cancelling_is_free_at_first_and_costs_a_night_later(
    adapter: Adapter, clock: SettableClock
) -> None:
    made = await book(adapter, await offer_of(adapter, "double"))
    early = await adapter.preview_cancellation(made.reference)
    assert early.fee == euros("0")
    clock.advance(days=12)
    with pytest.raises(PriceChanged) as caught:
        await adapter.cancel_reservation(early, key="c-1")
    assert caught.value.offer == await adapter.preview_cancellation(made.reference)
    late = await adapter.preview_cancellation(made.reference)
    assert late.fee == euros("110.00")
    gone = await adapter.cancel_reservation(late, key="c-1")
    assert await adapter.cancel_reservation(late, key="c-1") == gone


async def test_a_stay_that_began_is_not_cancelled(adapter: Adapter, backend: Hotel) -> None:
    made = await book(adapter, await offer_of(adapter, "double"))
    backend.bookings[made.reference]["state"] = "arrived"
    with pytest.raises(Rejected):
        await adapter.preview_cancellation(made.reference)


@pytest.mark.parametrize("said", ["../properties", "R1/cancel", "", "R1?x=1", "the blue one"])
async def test_words_that_are_no_reference_reach_no_address(said: str) -> None:
    with pytest.raises(NotFound):
        await odd({}).reservation(said)


@pytest.mark.parametrize("answer", [None, [], {}, {"number": "R1"}, "R1"])
async def test_an_answer_of_another_shape_is_no_reservation(answer: object) -> None:
    with pytest.raises(Unavailable):
        await odd(answer).reservation("R1")


async def test_an_order_with_an_odd_answer_may_have_been_booked(adapter: Adapter) -> None:
    offer = await offer_of(adapter, "double")
    with pytest.raises(OutcomeUnknown):
        await book(odd({"ok": True}), offer)


async def test_its_own_word_on_its_health(adapter: Adapter) -> None:
    assert (await adapter.health()).ok
    sick = await odd({}).health()
    assert (sick.ok, sick.detail) == (False, "the PMS does not answer: Unavailable")


async def test_a_wrong_key_is_said_to_be_one(backend: Hotel, adapter: Adapter) -> None:
    stranger = AcmePms(with_key("wrong"), adapter.services)
    with pytest.raises(HoteleroError, match="401"):
        await stranger.properties()
