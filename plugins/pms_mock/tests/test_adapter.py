from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from agente_hotelero.errors import (
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
    Throttled,
    Unavailable,
)
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    Offer,
    OfferQuery,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    Stay,
)
from agente_hotelero.testing import SettableClock
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.demo import DOUBLE, SUITE
from agente_hotelero_pms_mock.faults import SHARED, Fault, Faults
from agente_hotelero_pms_mock.images import make_router
from fastapi import FastAPI

pytestmark = pytest.mark.anyio
Make = Callable[..., MockPms]
STAY = Stay(arrival=date(2026, 12, 24), departure=date(2026, 12, 27))
QUERY = OfferQuery(property_id="1", stay=STAY, occupancies=(Occupancy(adults=2),), locale="es")
ANA = Guest(name="Ana García", email="Ana@Example.com", phone="+54 9 11 5555 0101", language="es")
ONE_SUITE = MockConfig(rooms=(SUITE,))


async def best(pms: MockPms) -> Offer:
    return (await pms.search_offers(QUERY))[0]


async def book(pms: MockPms, key: str = "k", offer: Offer | None = None) -> Reservation:
    draft = ReservationDraft(offer=offer or await best(pms), guest=ANA, external_ref=f"AH-{key}")
    return await pms.create_reservation(draft, key)


async def test_offers_come_cheapest_first_in_the_guests_language(make: Make) -> None:
    offers = await make().search_offers(QUERY)
    totals = [offer.total.amount for offer in offers]
    assert totals == sorted(totals)
    assert {offer.room_type.name for offer in offers} >= {"Habitación doble", "Suite"}
    assert {offer.rate_plan.id for offer in offers} == {"flexible", "saver"}
    assert all(offer.room_type.images for offer in offers)


async def test_an_offer_ends_after_half_an_hour(make: Make, clock: SettableClock) -> None:
    assert (await best(make())).expires_at == clock.now() + timedelta(minutes=30)


async def test_the_same_sale_has_the_same_id_and_another_price_another(make: Make) -> None:
    assert (await best(make())).id == (await best(make())).id
    dearer = MockConfig(weekend_factor=Decimal(3))
    assert (await best(make())).id != (await best(make(config=dearer))).id


async def test_one_room_type_can_be_asked_for(make: Make) -> None:
    offers = await make().search_offers(replace(QUERY, room_type_id="suite"))
    assert {offer.room_type.id for offer in offers} == {"suite"}


async def test_a_party_that_fits_nowhere_gets_no_offer(make: Make) -> None:
    crowd = replace(QUERY, occupancies=(Occupancy(adults=9),))
    assert await make().search_offers(crowd) == []


async def test_today_is_the_hotels_day_not_greenwichs(make: Make, clock: SettableClock) -> None:
    clock.set(datetime(2026, 12, 25, 2, 0, tzinfo=UTC))
    assert await make().search_offers(QUERY)
    clock.set(datetime(2026, 12, 25, 4, 0, tzinfo=UTC))
    with pytest.raises(Rejected, match="past"):
        await make().search_offers(QUERY)


async def test_a_booking_is_found_again_in_every_way(make: Make) -> None:
    pms = make()
    made = await book(pms)
    assert await pms.reservation(made.reference) == made
    for asked in (
        {"external_ref": "AH-k"},
        {"email": "ana@example.com"},
        {"phone": "5491155550101"},
        {"guest_name": "ana garcia"},
    ):
        found = await pms.find_reservations(ReservationQuery(property_id="1", **asked))
        assert list(found.items) == [made], asked


async def test_a_list_is_read_page_by_page(make: Make) -> None:
    pms = make(config=MockConfig(rooms=(DOUBLE.model_copy(update={"units": 60}),)))
    for number in range(55):
        await book(pms, f"k{number}")
    query = ReservationQuery(property_id="1", email="ana@example.com")
    first = await pms.find_reservations(query)
    second = await pms.find_reservations(query, first.next_cursor)
    assert (len(first.items), len(second.items), second.next_cursor) == (50, 5, None)


async def test_units_run_out(make: Make) -> None:
    pms = make(config=ONE_SUITE)
    await book(pms)
    assert await pms.search_offers(QUERY) == []
    later = replace(QUERY, stay=Stay(arrival=STAY.departure, departure=date(2026, 12, 29)))
    assert await pms.search_offers(later)


async def test_one_taken_night_makes_the_whole_stay_unsold(make: Make) -> None:
    pms = make(config=ONE_SUITE)
    await book(pms)
    overlapping = replace(
        QUERY, stay=Stay(arrival=date(2026, 12, 26), departure=date(2026, 12, 28))
    )
    assert await pms.search_offers(overlapping) == []


async def test_a_booking_that_fails_takes_no_night(make: Make) -> None:
    pms = make(config=ONE_SUITE)
    long = Stay(arrival=date(2026, 12, 22), departure=date(2026, 12, 26))
    offer = (await pms.search_offers(replace(QUERY, stay=long)))[0]
    await book(pms)
    with pytest.raises(SoldOut):
        await book(pms, "other", offer)
    before = Stay(arrival=date(2026, 12, 22), departure=date(2026, 12, 24))
    assert await pms.search_offers(replace(QUERY, stay=before))


@pytest.mark.parametrize("guests", [5, 100])
async def test_of_many_at_once_one_gets_the_last_room(make: Make, guests: int) -> None:
    pms = make(config=ONE_SUITE)
    offer = await best(pms)
    outcomes = await asyncio.gather(
        *(book(pms, f"k{number}", offer) for number in range(guests)), return_exceptions=True
    )
    assert sum(isinstance(one, Reservation) for one in outcomes) == 1
    assert sum(isinstance(one, SoldOut) for one in outcomes) == guests - 1


async def test_the_same_key_books_once_even_at_the_same_time(make: Make) -> None:
    pms = make()
    offer = await best(pms)
    made = await asyncio.gather(*(book(pms, "k", offer) for _ in range(10)))
    assert len({one.reference for one in made}) == 1
    left = await pms.search_offers(replace(QUERY, room_type_id="double"))
    assert {one.units_left for one in left} == {DOUBLE.units - 1}


async def test_a_key_books_only_what_it_booked(make: Make) -> None:
    pms = make()
    await book(pms)
    other = ReservationDraft(offer=await best(pms), guest=ANA, external_ref="AH-other")
    with pytest.raises(Rejected, match="key"):
        await pms.create_reservation(other, "k")


async def test_a_price_that_changed_meanwhile_is_told(make: Make) -> None:
    offer = await best(make())
    dearer = make(config=MockConfig(seasons=()))
    with pytest.raises(PriceChanged) as caught:
        await book(dearer, "k", offer)
    assert caught.value.offer.total != offer.total
    assert (await book(dearer, "k", caught.value.offer)).total == caught.value.offer.total


async def test_what_is_not_there_is_not_found(make: Make) -> None:
    with pytest.raises(NotFound):
        await make().reservation("AH-NOPE23")
    with pytest.raises(NotFound):
        await make().search_offers(replace(QUERY, property_id="2"))


async def test_two_hotels_with_one_property_id_share_nothing(make: Make) -> None:
    sol, luna = make("sol", ONE_SUITE), make("luna", ONE_SUITE)
    made = await book(sol)
    with pytest.raises(NotFound):
        await luna.reservation(made.reference)
    found = await luna.find_reservations(ReservationQuery(property_id="1", email=ANA.email))
    assert list(found.items) == []
    assert (await book(luna)).reference != made.reference


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.UNAVAILABLE, Unavailable),
        (Fault.THROTTLED, Throttled),
        (Fault.SOLD_OUT, SoldOut),
        (Fault.UNKNOWN_BEFORE, OutcomeUnknown),
        (Fault.BUG, KeyError),
    ],
)
async def test_a_fault_strikes_once_and_before_anything_is_booked(
    make: Make, fault: Fault, error: type[HoteleroError]
) -> None:
    pms = make()
    offer = await best(pms)
    faults: Faults = pms.services.shared(SHARED, Faults)
    faults.inject("create_reservation", fault, tenant="sol")
    with pytest.raises(error):
        await book(pms, "k", offer)
    assert (await pms.search_offers(QUERY))[0].units_left == DOUBLE.units
    assert await book(pms, "k", offer)


async def test_an_unknown_outcome_afterwards_has_booked(make: Make) -> None:
    pms = make()
    offer = await best(pms)
    faults: Faults = pms.services.shared(SHARED, Faults)
    faults.inject("create_reservation", Fault.UNKNOWN_AFTER, tenant="sol")
    with pytest.raises(OutcomeUnknown):
        await book(pms, "k", offer)
    found = await pms.find_reservations(ReservationQuery(property_id="1", external_ref="AH-k"))
    assert len(found.items) == 1


async def test_a_fault_of_one_hotel_is_not_the_others(make: Make) -> None:
    sol, luna = make("sol"), make("luna")
    faults: Faults = sol.services.shared(SHARED, Faults)
    faults.inject("search_offers", Fault.UNAVAILABLE, tenant="luna")
    assert await sol.search_offers(QUERY)
    assert await luna.search_offers(QUERY)


async def test_a_hanging_call_can_be_given_up(make: Make) -> None:
    pms = make()
    faults: Faults = pms.services.shared(SHARED, Faults)
    faults.inject("search_offers", Fault.HANG, tenant="sol")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pms.search_offers(QUERY), 0.05)
    assert await pms.search_offers(QUERY)


async def test_a_demo_shows_drawings_of_its_rooms(make: Make) -> None:
    pms = make(config=MockConfig(drawn_images=True))
    router = make_router({"sol": (pms.config, pms.services)})
    app = FastAPI()
    app.include_router(router, prefix="/plugins/pms_mock")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://hotel"
    ) as client:
        for offer in await pms.search_offers(QUERY):
            (image,) = offer.room_type.images
            answer = await client.get(image.url)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
            ElementTree.fromstring(answer.text)
        assert (await client.get("/plugins/pms_mock/images/x.svg")).status_code == 404
