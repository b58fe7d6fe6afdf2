"""What holds in any QloApps: run against the simulator in both versions, and against a live shop.

All of it finds its facts through the API, takes dates far ahead, and cancels what it booked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest
from agente_hotelero.errors import HoteleroError, NotFound, PriceChanged, Rejected, SoldOut
from agente_hotelero.pms import Capability
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    Offer,
    OfferQuery,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Stay,
    StayChange,
)

from .conftest import COUPLE, House, reference, somebody

pytestmark = pytest.mark.anyio


async def found(house: House, **asked: object) -> list[Reservation]:
    """All pages of a search."""
    query = ReservationQuery(property_id=house.property_id, **asked)  # type: ignore[arg-type]
    page = await house.pms.find_reservations(query)
    items = list(page.items)
    while page.next_cursor is not None:
        page = await house.pms.find_reservations(query, page.next_cursor)
        items += page.items
    return items


async def outcome(work: Awaitable[Reservation]) -> Reservation | HoteleroError:
    try:
        return await work
    except HoteleroError as error:
        return error


# ── the hotel and what it sells ──────────────────────────────────────────────────────────────────


async def test_the_hotel_is_described(house: House) -> None:
    hotel = {one.id: one for one in await house.pms.properties()}[house.property_id]
    assert hotel.name
    assert hotel.time_zone == "Europe/Dublin"
    assert len(hotel.currency) == 3


async def test_room_types_are_described_without_markup_and_with_pictures_of_ours(
    house: House,
) -> None:
    rooms = await house.pms.room_types(house.property_id, "en")
    assert rooms
    assert all(room.name and room.max_guests >= room.max_adults >= 1 for room in rooms)
    assert not any("<" in room.description for room in rooms)
    paths = [image.url for room in rooms for image in room.images]
    assert all(path.startswith("/plugins/pms_qloapps/images/sol/") for path in paths)


async def test_a_language_that_the_shop_lacks_gives_another(house: House) -> None:
    rooms = await house.pms.room_types(house.property_id, "xx-YY")
    assert all(room.name for room in rooms)


async def test_an_unknown_hotel_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        await house.pms.room_types("99999", "en")
    with pytest.raises(NotFound):
        await house.pms.room_types("one", "en")


async def test_offers_are_cheapest_first_and_end_soon(house: House) -> None:
    offer = await house.free()
    offers = await house.offers(offer.stay)
    totals = [one.total.amount for one in offers]
    assert totals == sorted(totals)
    assert all(one.units_left and one.total.amount > 0 for one in offers)
    left = {one.expires_at - house.pms.services.clock.now() for one in offers}
    assert left == {timedelta(minutes=15)}


async def test_two_rooms_cost_twice_as_much_as_one(house: House) -> None:
    two = await house.free(parties=COUPLE * 2)
    one = (await house.offers(two.stay, COUPLE, two.room_type.id))[0]
    assert two.total.amount == 2 * one.total.amount


async def test_a_room_type_that_the_hotel_lacks_is_not_called_sold_out(house: House) -> None:
    with pytest.raises(NotFound):
        await house.offers(house.stay(), COUPLE, "99999")


async def test_dates_that_are_not_sold_are_refused_and_say_why(house: House) -> None:
    today = house.today()
    past = Stay(arrival=today - timedelta(days=1), departure=today + timedelta(days=1))
    far = Stay(arrival=today + timedelta(days=4000), departure=today + timedelta(days=4001))
    with pytest.raises(Rejected, match="past"):
        await house.offers(past)
    with pytest.raises(Rejected, match="last day"):
        await house.offers(far)


async def test_parties_that_fit_no_room_are_refused(house: House) -> None:
    with pytest.raises(Rejected, match="do not fit"):
        await house.offers(house.stay(), (Occupancy(adults=99),))
    with pytest.raises(Rejected, match="no room"):
        await house.offers(house.stay(), ())
    with pytest.raises(Rejected, match="age"):
        await house.offers(house.stay(), (Occupancy(adults=1, child_ages=(18,)),))


# ── booking ──────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_booked_is_what_was_offered_to_the_cent(house: House) -> None:
    offer, guest, ref = await house.free(), somebody(), reference()
    made = await house.book(offer, guest, ref)
    assert made.status is ReservationStatus.CONFIRMED
    assert (made.total, made.balance) == (offer.total, offer.total)
    assert (made.stay, made.occupancies) == (offer.stay, offer.occupancies)
    assert (made.room_type_id, made.property_id) == (offer.room_type.id, house.property_id)
    assert (made.external_ref, made.guest) == (ref, guest)
    assert await house.pms.reservation(made.reference.lower()) == made


async def test_children_are_stored_with_their_ages(house: House) -> None:
    family = (Occupancy(adults=1, child_ages=(7,)),)
    offer = await house.free(parties=family)
    assert (await house.book(offer)).occupancies == family


async def test_two_rooms_are_one_reservation(house: House) -> None:
    parties = (Occupancy(adults=2), Occupancy(adults=1))
    offer = await house.free(parties=parties)
    made = await house.book(offer)
    assert (made.occupancies, made.total) == (parties, offer.total)


async def test_the_same_reference_books_once(house: House) -> None:
    offer, guest, ref = await house.free(), somebody(), reference()
    first = await house.book(offer, guest, ref)
    again = await house.book(offer, guest, ref)
    assert again == first
    assert [one.reference for one in await found(house, external_ref=ref)] == [first.reference]


async def test_a_cancelled_booking_does_not_stand_in_for_a_new_one(house: House) -> None:
    offer, ref = await house.free(), reference()
    first = await house.book(offer, ref=ref)
    await house.pms.cancel_reservation(await house.pms.preview_cancellation(first.reference), "c")
    second = await house.book(offer, ref=ref)
    assert second.reference != first.reference
    both = [one.reference for one in await found(house, external_ref=ref)]
    assert both == [second.reference, first.reference]


async def test_a_known_customer_is_not_renamed_by_another_guest(house: House) -> None:
    owner = somebody("Anna Rossi")
    hers = await house.book(await house.free(), owner)
    other = replace(owner, name="Luca Verdi", phone="+393331112222", email=owner.email)
    his = await house.book(await house.free(), other)
    assert his.guest == other
    assert (await house.pms.reservation(hers.reference)).guest == owner


async def test_the_same_customer_in_other_letters_is_the_same_one(house: House) -> None:
    owner = somebody("Anna Rossi")
    await house.book(await house.free(), owner)
    again = replace(owner, email=(owner.email or "").upper(), name="ANNA ROSSI")
    made = await house.book(await house.free(), again)
    assert (made.guest.email or "").lower() == owner.email


@pytest.mark.parametrize(
    "name",
    ["Cher", "Ana María de la Concepción García-Lorca y Fernández", "Team 7 (Müller)", "李小龍"],
)
async def test_names_that_the_shop_cannot_store_come_back_whole(house: House, name: str) -> None:
    assert (await house.book(await house.free(), somebody(name))).guest.name == name


async def test_guests_without_address_are_not_one_customer(house: House) -> None:
    one = await house.book(await house.free(), Guest(name="Ana García"))
    other = await house.book(await house.free(), Guest(name="Luca Verdi"))
    assert one.guest == Guest(name="Ana García", language="en")
    assert (await house.pms.reservation(one.reference)).guest.name == "Ana García"
    assert other.guest.name == "Luca Verdi"


async def test_what_the_shop_would_break_at_is_refused_before(house: House) -> None:
    offer = await house.free()
    for guest in (
        somebody("12345"),
        replace(somebody(), email="nobody"),
        replace(somebody(), phone="call me"),
    ):
        with pytest.raises(Rejected):
            await house.book(offer, guest)


async def test_another_price_is_told_and_nothing_is_booked(house: House) -> None:
    offer, ref = await house.free(), reference()
    cheaper = replace(offer, total=replace(offer.total, amount=offer.total.amount - 1))
    with pytest.raises(PriceChanged) as told:
        await house.book(cheaper, ref=ref)
    assert isinstance(told.value.offer, Offer)
    assert told.value.offer.total == offer.total
    assert await found(house, external_ref=ref) == []


async def test_a_full_house_is_sold_out(house: House) -> None:
    last = await house.fill(await house.free(1), leave=1)
    await house.book(last)
    assert await house.offers(last.stay, COUPLE, last.room_type.id) == []
    with pytest.raises(SoldOut):
        await house.book(last)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("buyers", [5, 50])
async def test_the_last_room_goes_to_one_of_many(house: House, buyers: int) -> None:
    last = await house.fill(await house.free(1), leave=1)
    lock = asyncio.Lock()

    async def buy() -> Reservation:
        async with lock:
            return await house.book(last)

    results = await asyncio.gather(*(outcome(buy()) for _ in range(buyers)))
    sold = [one for one in results if isinstance(one, Reservation)]
    assert len(sold) == 1
    assert all(isinstance(one, SoldOut) for one in results if one is not sold[0])


# ── finding ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_unknown_reference_is_not_found(house: House) -> None:
    for unknown in ("NOSUCHREF", "", "[1|2]", "%[A]%"):
        with pytest.raises(NotFound):
            await house.pms.reservation(unknown)


async def test_a_reservation_is_found_by_all_that_a_guest_may_tell(house: House) -> None:
    guest = somebody("Ana Zubizarreta")
    made = await house.book(await house.free(), guest)
    email, phone = guest.email or "", guest.phone or ""
    for asked in (
        {"external_ref": made.external_ref},
        {"email": email.upper()},
        {"phone": phone},
        {"phone": f"{phone[:4]} {phone[4:7]} {phone[7:]}"},
        {"guest_name": "zubizarreta", "arrival": made.stay.arrival},
        {"arrival": made.stay.arrival, "departure": made.stay.departure, "email": email},
        {"departure": made.stay.departure, "phone": phone},
    ):
        assert made.reference in [one.reference for one in await found(house, **asked)], asked


async def test_a_name_is_found_in_part_and_without_accents(house: House) -> None:
    made = await house.book(await house.free(), somebody("Íñigo Zubizarreta"))
    names = [one.reference for one in await found(house, guest_name="inigo zubi")]
    assert made.reference in names


async def test_all_that_is_asked_must_match(house: House) -> None:
    guest = somebody()
    made = await house.book(await house.free(), guest)
    other = made.stay.arrival + timedelta(days=1)
    assert await found(house, email=guest.email, arrival=other) == []
    assert await found(house, email=guest.email, guest_name="Nobody") == []
    assert await found(house, external_ref="AH-NONE") == []
    assert await found(house, phone="+1") == []
    assert await found(house, email="%[a]%") == []


async def test_cancelled_ones_are_found_too(house: House) -> None:
    made = await house.book(await house.free())
    await house.pms.cancel_reservation(await house.pms.preview_cancellation(made.reference), "c")
    (one,) = await found(house, external_ref=made.external_ref)
    assert one.status is ReservationStatus.CANCELLED


# ── changing ─────────────────────────────────────────────────────────────────────────────────────


async def test_other_dates_cost_what_was_told(house: House) -> None:
    offer = await house.free(3)
    made = await house.book(offer)
    shorter = replace(offer.stay, departure=offer.stay.departure - timedelta(days=1))
    change = StayChange(stay=shorter, occupancies=made.occupancies)
    preview = await house.pms.preview_amendment(made.reference, change)
    assert await house.pms.reservation(made.reference) == made
    assert preview.before == made.total
    assert preview.total.amount < made.total.amount
    after = await house.pms.amend_reservation(preview, "k")
    assert (after.stay, after.total, after.guest) == (shorter, preview.total, made.guest)
    assert after.version != made.version
    assert await house.pms.amend_reservation(preview, "k") == after


async def test_other_guests_cost_nothing(house: House) -> None:
    made = await house.book(await house.free())
    family = (Occupancy(adults=1, child_ages=(5,)),)
    change = StayChange(stay=made.stay, occupancies=family)
    preview = await house.pms.preview_amendment(made.reference, change)
    assert preview.total == made.total
    after = await house.pms.amend_reservation(preview, "k")
    assert (after.occupancies, after.stay, after.total) == (family, made.stay, made.total)
    assert after.version != made.version


async def test_dates_and_guests_change_together(house: House) -> None:
    offer = await house.free(2)
    made = await house.book(offer)
    longer = replace(offer.stay, departure=offer.stay.departure + timedelta(days=1))
    family = (Occupancy(adults=1, child_ages=(5,)),)
    change = StayChange(stay=longer, occupancies=family)
    preview = await house.pms.preview_amendment(made.reference, change)
    after = await house.pms.amend_reservation(preview, "k")
    assert (after.stay, after.occupancies, after.total) == (longer, family, preview.total)


async def test_a_change_of_an_older_version_is_refused(house: House) -> None:
    made = await house.book(await house.free())
    first = StayChange(stay=made.stay, occupancies=(Occupancy(adults=1),))
    second = StayChange(stay=made.stay, occupancies=(Occupancy(adults=1, child_ages=(3,)),))
    one = await house.pms.preview_amendment(made.reference, first)
    other = await house.pms.preview_amendment(made.reference, second)
    await house.pms.amend_reservation(one, "a")
    with pytest.raises(Rejected):
        await house.pms.amend_reservation(other, "b")


async def test_what_cannot_be_changed_is_refused(house: House) -> None:
    made = await house.book(await house.free())
    past = Stay(arrival=house.today() - timedelta(days=2), departure=house.today())
    for change in (
        StayChange(stay=made.stay, occupancies=(Occupancy(adults=99),)),
        StayChange(stay=made.stay, occupancies=COUPLE * 2),
        StayChange(stay=past, occupancies=COUPLE),
    ):
        with pytest.raises(Rejected):
            await house.pms.preview_amendment(made.reference, change)


async def test_a_full_house_lets_a_stay_be_prolonged_in_its_own_room(house: House) -> None:
    offer = await house.free(1)
    made = await house.book(offer)
    await house.fill((await house.offers(offer.stay, COUPLE, offer.room_type.id))[0])
    longer = replace(offer.stay, departure=offer.stay.departure + timedelta(days=1))
    change = StayChange(stay=longer, occupancies=made.occupancies)
    preview = await house.pms.preview_amendment(made.reference, change)
    after = await house.pms.amend_reservation(preview, "k")
    assert (after.stay, after.total) == (longer, preview.total)
    assert after.occupancies == made.occupancies


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────


async def test_a_cancelled_room_is_free_again(house: House) -> None:
    offer = await house.free()
    made = await house.book(offer)
    preview = await house.pms.preview_cancellation(made.reference)
    assert (await house.pms.reservation(made.reference)).status is ReservationStatus.CONFIRMED
    after = await house.pms.cancel_reservation(preview, "c")
    assert after.status is ReservationStatus.CANCELLED
    assert after.version != made.version
    assert await house.pms.cancel_reservation(preview, "c") == after
    left = (await house.offers(offer.stay, COUPLE, offer.room_type.id))[0].units_left
    assert left == offer.units_left


async def test_a_cancelled_one_can_neither_be_changed_nor_cancelled_anew(house: House) -> None:
    made = await house.book(await house.free())
    await house.pms.cancel_reservation(await house.pms.preview_cancellation(made.reference), "c")
    with pytest.raises(Rejected):
        await house.pms.preview_cancellation(made.reference)
    change = StayChange(stay=made.stay, occupancies=(Occupancy(adults=1),))
    with pytest.raises(Rejected):
        await house.pms.preview_amendment(made.reference, change)


# ── changes, state, operators ────────────────────────────────────────────────────────────────────


async def test_changes_are_told_since_a_cursor(house: House) -> None:
    before = await house.book(await house.free())
    start = await house.pms.poll_changes(house.property_id, None)
    assert start.reservations == ()
    made = await house.book(await house.free())
    seen = await house.pms.poll_changes(house.property_id, start.cursor)
    assert made.reference in [one.reference for one in seen.reservations]
    await house.pms.cancel_reservation(await house.pms.preview_cancellation(before.reference), "c")
    later = await house.pms.poll_changes(house.property_id, seen.cursor)
    states = {one.reference: one.status for one in later.reservations}
    assert states[before.reference] is ReservationStatus.CANCELLED
    assert made.reference not in states
    rest = await house.pms.poll_changes(house.property_id, later.cursor)
    assert before.reference not in [one.reference for one in rest.reservations]


async def test_the_doctor_finds_the_shop_in_order(house: House) -> None:
    findings = await house.pms.diagnose()
    assert all(one.ok for one in findings), [one for one in findings if not one.ok]
    assert (await house.pms.health()).ok


async def test_it_declares_what_it_can_and_asks_nobody(house: House) -> None:
    info = house.pms.info()
    assert info.serialise
    assert Capability.SERVICES not in info.capabilities
    assert Capability.CREATE | Capability.CANCEL | Capability.POLL in info.capabilities


async def test_one_type_can_be_asked_for(house: House) -> None:
    offer = await house.free()
    query = OfferQuery(
        property_id=house.property_id,
        stay=offer.stay,
        occupancies=COUPLE,
        room_type_id=offer.room_type.id,
        locale="it",
    )
    assert {one.room_type.id for one in await house.pms.search_offers(query)} == {
        offer.room_type.id
    }
