"""What only a shop from inside can show: races, lost answers, other taxes, people at the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
    Unavailable,
)
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Money,
    Occupancy,
    Offer,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Stay,
    StayChange,
)
from agente_hotelero_pms_qloapps.images import make_router
from agente_hotelero_pms_qloapps.testing import (
    FULL_KEY,
    INACTIVE_KEY,
    READ_ONLY_KEY,
    Shop,
    plain_shop,
)
from agente_hotelero_pms_qloapps.testing.state import Service
from fastapi import FastAPI

from .conftest import COUPLE, Connect, House, reference, somebody
from .meddling import Meddler

pytestmark = pytest.mark.anyio
LUXURY = 4


@pytest.fixture
def meddler(shop: Shop) -> Meddler:
    return Meddler(shop)


@pytest.fixture
def inside(connect: Connect, shop: Shop, meddler: Meddler) -> House:
    """The simulated hotel, with a way in."""
    return House(pms=connect(shop, meddler), old=shop.old)


async def outcome(work: Awaitable[Reservation]) -> Reservation | HoteleroError:
    try:
        return await work
    except HoteleroError as error:
        return error


def good(results: list[Reservation | HoteleroError]) -> list[Reservation]:
    return [one for one in results if isinstance(one, Reservation)]


async def luxury(house: House, nights: int = 2) -> Offer:
    return (await house.offers(house.stay(nights), COUPLE, str(LUXURY)))[0]


def free(shop: Shop, stay: Stay) -> int:
    return len(shop.free(LUXURY, stay.arrival, stay.departure))


def fill(shop: Shop, stay: Stay, leave: int = 0) -> None:
    shop.fill(LUXURY, stay.arrival, stay.departure, leave=leave)


# ── races ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("blind", [0, 1, 2, 9])
@pytest.mark.parametrize("action", [1, 2])
async def test_of_two_at_once_one_gets_the_last_room(
    shop: Shop, inside: House, blind: int, action: int
) -> None:
    offer = await luxury(inside)
    fill(shop, offer.stay, leave=1)
    shop.race_seconds, shop.late_check_blind, shop.overbooking_action = 0.01, blind, action
    results = await asyncio.gather(*(outcome(inside.book(offer)) for _ in range(2)))
    assert len(good(results)) == 1
    assert [type(one) for one in results if isinstance(one, HoteleroError)] == [SoldOut]
    assert shop.overlaps() == []
    assert free(shop, offer.stay) == 0


async def test_of_two_at_once_both_get_a_room_while_there_are_two(
    shop: Shop, inside: House
) -> None:
    offer = await luxury(inside)
    fill(shop, offer.stay, leave=2)
    shop.race_seconds, shop.late_check_blind = 0.01, 9
    results = await asyncio.gather(*(outcome(inside.book(offer)) for _ in range(2)))
    assert len(good(results)) == 2
    assert shop.overlaps() == []


@pytest.mark.parametrize("blind", [0, 1, 2, 9])
async def test_many_at_once_never_share_a_room(shop: Shop, inside: House, blind: int) -> None:
    offer = await luxury(inside)
    fill(shop, offer.stay, leave=2)
    shop.race_seconds, shop.late_check_blind = 0.01, blind
    results = await asyncio.gather(*(outcome(inside.book(offer)) for _ in range(8)))
    assert shop.overlaps() == []
    assert len(good(results)) <= 2
    assert len(good(results)) == 2 - free(shop, offer.stay)


async def test_a_room_that_the_desk_gave_away_meanwhile_is_left_to_it(
    shop: Shop, inside: House, meddler: Meddler
) -> None:
    offer = await luxury(inside)
    walk_in = lambda: shop.book(16, offer.stay.arrival, offer.stay.departure)  # noqa: E731
    meddler.after["POST bookings"] = [walk_in]
    made = await inside.book(offer)
    assert shop.overlaps() == []
    (line,) = shop.lines_of(order_of(shop, made))
    assert line.room != 16
    assert line.live


async def test_the_last_room_that_the_desk_gave_away_meanwhile_is_sold_out(
    shop: Shop, inside: House, meddler: Meddler
) -> None:
    offer, ref = await luxury(inside), reference()
    fill(shop, offer.stay, leave=1)
    meddler.after["POST bookings"] = [
        lambda: shop.book(20, offer.stay.arrival, offer.stay.departure)
    ]
    with pytest.raises(SoldOut):
        await inside.book(offer, ref=ref)
    assert shop.overlaps() == []
    assert all(not line.live for line in shop.lines_of(by_source(shop, ref)))


def order_of(shop: Shop, made: Reservation) -> int:
    return next(one.id for one in shop.orders.values() if one.reference == made.reference)


def by_source(shop: Shop, source: str) -> int:
    return next(one.id for one in shop.orders.values() if one.source == source)


@pytest.mark.parametrize("action", [1, 2])
async def test_a_booking_whose_room_was_lost_at_once_is_sold_out(
    shop: Shop, inside: House, meddler: Meddler, action: int
) -> None:
    offer, ref = await luxury(inside), reference()

    def lose() -> None:
        line = shop.lines_of(by_source(shop, ref))[0]
        line.back_order, line.refunded, line.cancelled = True, action == 1, action == 1

    meddler.after["POST bookings"] = [lose]
    with pytest.raises(SoldOut):
        await inside.book(offer, ref=ref)
    assert shop.orders[by_source(shop, ref)].state == 4


# ── answers that are lost, and what cannot be undone ─────────────────────────────────────────────


async def test_a_booking_whose_answer_is_lost_is_found_and_not_made_again(
    shop: Shop, inside: House
) -> None:
    offer, guest, ref = await luxury(inside), somebody(), reference()
    shop.lose_answer("POST", "bookings")
    with pytest.raises(OutcomeUnknown):
        await inside.book(offer, guest, ref)
    query = ReservationQuery(property_id="1", external_ref=ref)
    (found,) = (await inside.pms.find_reservations(query)).items
    assert await inside.book(offer, guest, ref) == found
    assert shop.called("POST", "bookings") == 1


async def test_a_booking_that_never_arrived_is_made_by_the_next_call(
    shop: Shop, inside: House
) -> None:
    offer, ref = await luxury(inside), reference()
    shop.lose_answer("POST", "bookings", after_work=False)
    with pytest.raises(OutcomeUnknown):
        await inside.book(offer, ref=ref)
    made = await inside.book(offer, ref=ref)
    assert made.status is ReservationStatus.CONFIRMED
    assert len([one for one in shop.orders.values() if one.source == ref]) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_error_after_booking_is_an_unknown_outcome(
    shop: Shop, inside: House, status: int
) -> None:
    offer = await luxury(inside)
    shop.fail("POST", "bookings", status, after_work=True)
    with pytest.raises(OutcomeUnknown):
        await inside.book(offer)


@pytest.mark.parametrize("resource", ["orders", "room_bookings", "customers", "bookings"])
async def test_a_booking_that_cannot_be_looked_at_is_an_unknown_outcome(
    shop: Shop, inside: House, meddler: Meddler, resource: str
) -> None:
    offer, ref = await luxury(inside), reference()
    meddler.after["POST bookings"] = [lambda: shop.lose_answer("GET", resource)]
    with pytest.raises(OutcomeUnknown):
        await inside.book(offer, ref=ref)
    assert (await inside.book(offer, ref=ref)).status is ReservationStatus.CONFIRMED
    assert shop.called("POST", "bookings") == 1


async def test_a_shop_that_does_not_answer_before_booking_is_unavailable(
    shop: Shop, inside: House
) -> None:
    offer = await luxury(inside)
    shop.lose_answer("GET", "services")
    with pytest.raises(Unavailable):
        await inside.book(offer)
    assert shop.called("POST", "bookings") == 0


async def test_another_total_is_cancelled_and_told(
    shop: Shop, inside: House, meddler: Meddler
) -> None:
    offer, ref = await luxury(inside), reference()

    def dearer() -> None:
        shop.room_types[LUXURY] = replace(shop.room_types[LUXURY], price=Decimal(2600))

    meddler.before["POST bookings"] = [dearer]
    with pytest.raises(PriceChanged) as told:
        await inside.book(offer, ref=ref)
    assert shop.orders[by_source(shop, ref)].state == 4
    now = told.value.offer
    assert isinstance(now, Offer)
    assert now.total.amount == offer.total.amount + Decimal("246")
    assert (await inside.book(now, ref=ref)).total == now.total


async def test_a_bad_booking_that_cannot_be_cancelled_is_an_unknown_outcome(
    shop: Shop, inside: House, meddler: Meddler
) -> None:
    offer = await luxury(inside)

    def dearer() -> None:
        shop.room_types[LUXURY] = replace(shop.room_types[LUXURY], price=Decimal(2600))
        shop.lose_answer("POST", "order_histories")

    meddler.before["POST bookings"] = [dearer]
    with pytest.raises(OutcomeUnknown):
        await inside.book(offer)


async def test_a_booking_that_staff_changed_is_not_undone_by_a_late_repetition(
    shop: Shop, inside: House
) -> None:
    offer, ref = await luxury(inside), reference()
    made = await inside.book(offer, ref=ref)
    line = shop.lines_of(order_of(shop, made))[0]
    line.last += timedelta(days=1)
    with pytest.raises(OutcomeUnknown):
        await inside.book(offer, ref=ref)
    assert line.live


async def test_a_shop_that_stores_its_own_party_is_told_who_sleeps_there(
    shop: Shop, inside: House, meddler: Meddler
) -> None:
    ref = reference()
    family = (Occupancy(adults=1, child_ages=(7, 9)),)
    offer = (await inside.offers(inside.stay(), family, str(LUXURY)))[0]

    def forget() -> None:
        line = shop.lines_of(by_source(shop, ref))[0]
        line.adults, line.children, line.child_ages = 2, 2, "[]"

    meddler.after["POST bookings"] = [forget]
    assert (await inside.book(offer, ref=ref)).occupancies == family


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────


async def test_rooms_guests_and_all_automatic_services_are_named(
    inside: House, meddler: Meddler
) -> None:
    parties = (Occupancy(adults=2), Occupancy(adults=1, child_ages=(7,)))
    offer = (await inside.offers(inside.stay(), parties, "1"))[0]
    ref = reference()
    await inside.book(offer, ref=ref)
    body = meddler.body("POST bookings")["booking"]
    (kind,) = body["associations"]["room_types"]
    fees = [{"id_service": 5}, {"id_service": 6}]
    assert kind["rooms"] == [
        {"id_room": 1, "adults": 2, "child": 0, "child_ages": [], "services": fees},
        {"id_room": 2, "adults": 1, "child": 1, "child_ages": [7], "services": fees},
    ]
    assert (body["source"], kind["number_of_rooms"]) == (ref, 2)


async def test_a_changed_booking_is_neither_unpaid_nor_robbed_of_its_telephone(
    shop: Shop, inside: House, meddler: Meddler
) -> None:
    guest = somebody()
    made = await inside.book(await luxury(inside), guest)
    order = shop.orders[order_of(shop, made)]
    shop.settle(order)
    shop.enter_state(order, 2)
    paid = await inside.pms.reservation(made.reference)
    assert paid.balance == Money(amount=Decimal(0), currency="EUR")
    longer = replace(made.stay, departure=made.stay.departure + timedelta(days=1))
    change = StayChange(stay=longer, occupancies=made.occupancies)
    preview = await inside.pms.preview_amendment(made.reference, change)
    after = await inside.pms.amend_reservation(preview, "k")
    assert order.state == 2
    assert after.balance == Money(
        amount=after.total.amount - made.total.amount, currency=made.total.currency
    )
    assert after.guest == guest
    body = meddler.body("PUT bookings")["booking"]
    assert not {"booking_status", "payment_status"} & set(body)
    assert set(body["associations"]["customer_detail"]) == {"email", "phone"}


# ── prices ───────────────────────────────────────────────────────────────────────────────────────


def days(first: str, last: str) -> Stay:
    return Stay(arrival=date.fromisoformat(first), departure=date.fromisoformat(last))


async def test_the_quote_is_the_websites_of_traces_311_and_600(
    inside: House, connect: Connect, shop: Shop
) -> None:
    one = (await inside.offers(days("2027-06-10", "2027-06-12"), COUPLE, "1"))[0]
    assert one.total == Money(amount=Decimal("3382.50"), currency="EUR")
    assert one.taxes[0].amount.amount == Decimal("632.50")
    far = House(pms=connect(shop, booking_window_days=3000))
    two = (await far.offers(days("2030-06-10", "2030-06-12"), COUPLE * 2, "1"))[0]
    assert two.total == Money(amount=Decimal("6765.00"), currency="EUR")


async def test_the_quote_follows_the_season_of_trace_363(shop: Shop, inside: House) -> None:
    """4612.50 there without services; with service 5 folded in and the fee 6, as the website."""
    shop.add_season(2, date(2027, 8, 1), date(2027, 8, 31), Decimal(50))
    one = (await inside.offers(days("2027-07-31", "2027-08-02"), COUPLE, "2"))[0]
    assert one.total.amount == Decimal("4612.50") + Decimal("615.00") + Decimal("307.50")
    assert (await inside.book(one)).total == one.total


@pytest.mark.parametrize("percent", [Decimal(0), Decimal(9), Decimal("13.5")])
@pytest.mark.parametrize("price", [Decimal("99.99"), Decimal("133.33")])
async def test_a_small_hotel_charges_what_its_availability_says(
    connect: Connect, percent: Decimal, price: Decimal
) -> None:
    shop = plain_shop(percent=percent, price=price)
    house = House(pms=connect(shop))
    offer = await house.free(3)
    assert bool(offer.taxes) is bool(percent)
    assert (await house.book(offer)).total == offer.total


def fee(**fields: Any) -> Service:
    return Service(id=30, name="City fee", price=Decimal("7.77"), auto=True, addition=2, **fields)


@pytest.mark.parametrize("per_night", [True, False])
@pytest.mark.parametrize("group", [0, 1])
async def test_a_fee_beside_the_price_is_charged_by_night_or_once(
    connect: Connect, shop: Shop, per_night: bool, group: int
) -> None:
    add(shop, fee(per_night=per_night, tax_group=group))
    house = House(pms=connect(shop))
    offer = (await house.offers(house.stay(3), COUPLE * 2, "1"))[0]
    assert (await house.book(offer)).total == offer.total


async def test_a_fee_with_a_tax_of_its_own_needs_two_rights_more(
    connect: Connect, shop: Shop
) -> None:
    add(shop, fee(tax_group=2))
    house = House(pms=connect(shop, api_key=FULL_KEY))
    offer = (await house.offers(house.stay(), COUPLE, "1"))[0]
    assert (await house.book(offer)).total == offer.total
    poor = House(pms=connect(shop))
    with pytest.raises(AuthFailed, match="tax_rules"):
        await poor.offers(poor.stay(), COUPLE, "1")


def add(shop: Shop, service: Service) -> None:
    shop.services[service.id] = service
    kind = shop.room_types[1]
    shop.room_types[1] = replace(kind, services=(*kind.services, service.id))


async def test_a_service_that_was_switched_off_is_not_charged(shop: Shop, inside: House) -> None:
    shop.services[6] = replace(shop.services[6], active=False)
    offer = (await inside.offers(inside.stay(), COUPLE, "1"))[0]
    assert offer.total.amount == Decimal("3075.00")
    assert (await inside.book(offer)).total == offer.total


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


async def test_minimum_and_maximum_stays_are_refused_and_say_so(shop: Shop, inside: House) -> None:
    shop.limit(LUXURY, min_los=3, max_los=5)
    for nights, why in ((2, "minimum stay 3"), (6, "maximum stay 5")):
        with pytest.raises(Rejected, match=why):
            await inside.offers(inside.stay(nights), COUPLE, str(LUXURY))
    assert len(await inside.offers(inside.stay(2))) == 3


async def test_rooms_out_of_service_are_not_sold(shop: Shop, inside: House) -> None:
    shop.close_room(20)
    assert (await luxury(inside)).units_left == 4


async def test_the_hotels_own_window_holds(shop: Shop, inside: House, meddler: Meddler) -> None:
    def own(body: Any) -> None:
        (hotel,) = body["hotels"]
        if shop.old:
            hotel |= {"use_global_max_order_date": "0", "max_order_date": f"{last}"}
            hotel |= {"use_global_preparation_time": "0", "preparation_time": "10"}
        else:
            hotel |= {"use_global_max_checkout_offset": 0, "max_checkout_offset": "20"}
            hotel |= {"use_global_min_booking_offset": 0, "min_booking_offset": "10"}

    today = inside.today()
    last = today + timedelta(days=20)
    meddler.rewrites["hotels"] = own
    for arrival, nights, why in ((9, 2, "sooner"), (19, 2, "last day")):
        first = today + timedelta(days=arrival)
        with pytest.raises(Rejected, match=why):
            await inside.offers(Stay(arrival=first, departure=first + timedelta(days=nights)))
    first = today + timedelta(days=18)
    assert await inside.offers(Stay(arrival=first, departure=last))


# ── stays that go on, are over, or were paid ─────────────────────────────────────────────────────


async def test_a_stay_that_has_begun_is_neither_changed_nor_cancelled(
    shop: Shop, inside: House
) -> None:
    made = await inside.book(await luxury(inside))
    preview = await inside.pms.preview_cancellation(made.reference)
    change = StayChange(stay=made.stay, occupancies=(Occupancy(adults=1),))
    for act, status in (
        (shop.check_in, ReservationStatus.IN_HOUSE),
        (shop.check_out, ReservationStatus.DEPARTED),
    ):
        act(order_of(shop, made))
        assert (await inside.pms.reservation(made.reference)).status is status
        with pytest.raises(Rejected):
            await inside.pms.preview_cancellation(made.reference)
        with pytest.raises(Rejected):
            await inside.pms.cancel_reservation(preview, "c")
        with pytest.raises(Rejected):
            await inside.pms.preview_amendment(made.reference, change)
    assert shop.called("POST", "order_histories") == 0


@pytest.mark.parametrize("state", [4, 5, 6])
async def test_states_in_which_nobody_comes_are_cancelled(
    shop: Shop, inside: House, state: int
) -> None:
    made = await inside.book(await luxury(inside))
    shop.enter_state(shop.orders[order_of(shop, made)], state)
    shown = await inside.pms.reservation(made.reference)
    assert (shown.status, shown.balance) == (ReservationStatus.CANCELLED, None)


async def test_a_lost_room_is_cancelled_whatever_the_order_says(shop: Shop, inside: House) -> None:
    made = await inside.book(await luxury(inside))
    shop.lines_of(order_of(shop, made))[0].back_order = True
    assert (await inside.pms.reservation(made.reference)).status is ReservationStatus.CANCELLED


async def test_the_version_changes_with_whatever_is_shown(shop: Shop, inside: House) -> None:
    made = await inside.book(await luxury(inside))
    number = order_of(shop, made)
    seen = {made.version}
    shop.check_in(number)
    seen.add((await inside.pms.reservation(made.reference)).version)
    shop.customers[shop.orders[number].customer].lastname = "Other"
    seen.add((await inside.pms.reservation(made.reference)).version)
    shop.lines_of(number)[0].adults = 1
    seen.add((await inside.pms.reservation(made.reference)).version)
    assert len(seen) == 4


async def test_a_check_in_is_told_as_a_change(shop: Shop, inside: House) -> None:
    made = await inside.book(await luxury(inside))
    start = await inside.pms.poll_changes("1", None)
    first = await inside.pms.poll_changes("1", start.cursor)
    quiet = await inside.pms.poll_changes("1", first.cursor)
    assert quiet.reservations == []
    number = order_of(shop, made)
    shop.check_in(number)
    shop.lines_of(number)[0].changed = shop.now()
    (seen,) = (await inside.pms.poll_changes("1", quiet.cursor)).reservations
    assert seen.status is ReservationStatus.IN_HOUSE


async def test_no_change_is_missed_however_many_there_are(shop: Shop, inside: House) -> None:
    cursor = (await inside.pms.poll_changes("1", None)).cursor
    first = inside.today() + timedelta(days=30)
    for n in range(70):
        shop.book(1 + n % 20, first + timedelta(days=n), first + timedelta(days=n + 1))
    told: set[str] = set()
    for _ in range(4):
        changes = await inside.pms.poll_changes("1", cursor)
        told |= {one.reference for one in changes.reservations}
        cursor = changes.cursor
    assert len(told) == 70
    assert (await inside.pms.poll_changes("1", cursor)).reservations == []


async def test_a_cursor_that_is_none_is_refused(inside: House) -> None:
    with pytest.raises(Rejected):
        await inside.pms.poll_changes("1", "yesterday")
    with pytest.raises(Rejected):
        await inside.pms.find_reservations(ReservationQuery(property_id="1"), "first")


async def test_pages_hold_all_and_each_once(connect: Connect, shop: Shop) -> None:
    house = House(pms=connect(shop, page_size=2))
    first = house.today() + timedelta(days=30)
    for n in range(5):
        shop.book(1 + n, first, first + timedelta(days=1 + n))
    query = ReservationQuery(property_id="1", arrival=first)
    pages: list[list[str]] = []
    cursor: str | None = None
    while not pages or cursor:
        page = await house.pms.find_reservations(query, cursor)
        pages.append([one.reference for one in page.items])
        cursor = page.next_cursor
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({one for page in pages for one in page}) == 5


async def test_an_order_without_sound_dates_hides_no_other(shop: Shop, inside: House) -> None:
    """It is in no list and among no changes; who asks for it alone hears that it cannot be read."""
    first = inside.today() + timedelta(days=30)
    cursor = (await inside.pms.poll_changes("1", None)).cursor
    good, bad = (shop.book(1 + n, first, first + timedelta(days=2)) for n in range(2))
    line = shop.lines_of(bad.id)[0]
    line.last, bad.source = line.first, "conversation-1"
    page = await inside.pms.find_reservations(ReservationQuery(property_id="1", arrival=first))
    wanted = [good.reference]
    assert [one.reference for one in page.items] == wanted
    changes = await inside.pms.poll_changes("1", cursor)
    assert [one.reference for one in changes.reservations] == wanted
    with pytest.raises(Unavailable):
        await inside.pms.reservation(bad.reference)
    query = ReservationQuery(property_id="1", external_ref=bad.source)
    with pytest.raises(Unavailable):
        await inside.pms.find_reservations(query)


@pytest.mark.parametrize("stored", ["+353 87 765 43 21", "00353877654321", "087 7654321"])
async def test_a_telephone_number_is_the_same_however_it_is_written(
    shop: Shop, connect: Connect, stored: str
) -> None:
    pms = connect(shop, phone_prefix="353")
    order = shop.book(1, *window(House(pms=pms, old=shop.old)), email="spaces@example.com")
    shop.customers[order.customer].phone = stored
    shop.add_customer("none@example.com").phone = None
    for phone in ("+353877654321", "087 7654321"):
        page = await pms.find_reservations(ReservationQuery(property_id="1", phone=phone))
        assert [one.reference for one in page.items] == [order.reference], phone


@pytest.mark.parametrize(
    ("stored", "asked", "prefix"),
    [
        ("00000000", "+34612345678", ""),
        ("000", "+34612345678", "34"),
        ("612345678", "+33612345678", ""),
        ("612345678", "+33612345678", "34"),
        ("+10000000000", "+34612345678", "34"),
    ],
)
async def test_nobody_is_somebody_else_by_the_end_of_a_number(
    shop: Shop, connect: Connect, stored: str, asked: str, prefix: str
) -> None:
    pms = connect(shop, phone_prefix=prefix)
    order = shop.book(1, *window(House(pms=pms, old=shop.old)), email="walk@example.com")
    shop.customers[order.customer].phone = stored
    page = await pms.find_reservations(ReservationQuery(property_id="1", phone=asked))
    assert page.items == []


def window(house: House) -> tuple[date, date]:
    stay = house.stay()
    return stay.arrival, stay.departure


# ── a full house ─────────────────────────────────────────────────────────────────────────────────


async def test_a_full_house_leaves_shortening_to_staff(shop: Shop, inside: House) -> None:
    made = await inside.book(await luxury(inside, 3))
    fill(shop, made.stay)
    shorter = replace(made.stay, departure=made.stay.departure - timedelta(days=1))
    change = StayChange(stay=shorter, occupancies=made.occupancies)
    with pytest.raises(Rejected, match="staff"):
        await inside.pms.preview_amendment(made.reference, change)


async def test_a_stay_is_not_prolonged_into_nights_of_others(shop: Shop, inside: House) -> None:
    made = await inside.book(await luxury(inside))
    longer = replace(made.stay, departure=made.stay.departure + timedelta(days=1))
    fill(shop, longer)
    shop.book(shop.lines_of(order_of(shop, made))[0].room, made.stay.departure, longer.departure)
    with pytest.raises(SoldOut):
        await inside.pms.preview_amendment(
            made.reference, StayChange(stay=longer, occupancies=made.occupancies)
        )


async def test_a_prolonged_stay_keeps_its_room_and_pays_no_fee_twice(
    shop: Shop, inside: House
) -> None:
    made = await inside.book(await luxury(inside))
    fill(shop, made.stay)
    wider = Stay(
        arrival=made.stay.arrival - timedelta(days=1),
        departure=made.stay.departure + timedelta(days=1),
    )
    change = StayChange(stay=wider, occupancies=(Occupancy(adults=1),))
    preview = await inside.pms.preview_amendment(made.reference, change)
    night = Decimal("3382.50")
    assert preview.total.amount == made.total.amount + 2 * night
    after = await inside.pms.amend_reservation(preview, "k")
    assert (after.stay, after.total, after.occupancies) == (
        wider,
        preview.total,
        change.occupancies,
    )
    lines = shop.lines_of(order_of(shop, made))
    assert len({line.room for line in lines}) == 1
    assert len(lines) == 3
    assert shop.overlaps() == []


async def test_a_price_that_changed_since_the_preview_changes_nothing(
    shop: Shop, inside: House
) -> None:
    made = await inside.book(await luxury(inside))
    longer = replace(made.stay, departure=made.stay.departure + timedelta(days=1))
    change = StayChange(stay=longer, occupancies=made.occupancies)
    preview = await inside.pms.preview_amendment(made.reference, change)
    shop.room_types[LUXURY] = replace(shop.room_types[LUXURY], price=Decimal(2600))
    with pytest.raises(PriceChanged) as told:
        await inside.pms.amend_reservation(preview, "k")
    assert isinstance(told.value.offer, Amendment)
    assert await inside.pms.reservation(made.reference) == made


async def test_breakfast_is_kept_and_counted_when_the_dates_change(
    shop: Shop, inside: House, meddler: Meddler
) -> None:
    if shop.old:
        pytest.skip("1.6.1 lists services only where it likes")
    made = await inside.book(await luxury(inside))
    body = meddler.body("POST bookings")["booking"]
    body |= {"id": order_of(shop, made)}
    body["associations"]["room_types"][0]["rooms"][0]["services"].append({"id_service": 9})
    await inside.pms._shop.client.put_booking(body)
    with_breakfast = await inside.pms.reservation(made.reference)
    assert with_breakfast.services == ("9",)
    longer = replace(made.stay, departure=made.stay.departure + timedelta(days=1))
    change = StayChange(stay=longer, occupancies=made.occupancies)
    preview = await inside.pms.preview_amendment(made.reference, change)
    after = await inside.pms.amend_reservation(preview, "k")
    assert after.services == ("9",)
    assert after.total == preview.total


async def test_a_change_whose_answer_is_lost_is_found_done(shop: Shop, inside: House) -> None:
    made = await inside.book(await luxury(inside))
    longer = replace(made.stay, departure=made.stay.departure + timedelta(days=1))
    change = StayChange(stay=longer, occupancies=made.occupancies)
    preview = await inside.pms.preview_amendment(made.reference, change)
    shop.lose_answer("PUT", "bookings")
    with pytest.raises(OutcomeUnknown):
        await inside.pms.amend_reservation(preview, "k")
    after = await inside.pms.amend_reservation(preview, "k")
    assert (after.stay, after.total) == (longer, preview.total)
    assert shop.called("PUT", "bookings") == 1


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────


async def test_without_rules_it_is_free_until_something_was_paid(shop: Shop, inside: House) -> None:
    made = await inside.book(await luxury(inside))
    preview = await inside.pms.preview_cancellation(made.reference)
    nothing = Money(amount=Decimal(0), currency="EUR")
    assert (preview.fee, preview.refund) == (nothing, nothing)
    shop.pay(shop.orders[order_of(shop, made)], Decimal(100))
    preview = await inside.pms.preview_cancellation(made.reference)
    assert (preview.fee, preview.refund) == (None, None)


async def test_the_hotels_refund_rules_are_the_fee_and_the_terms(
    inside: House, meddler: Meddler
) -> None:
    def refunding(body: Any) -> None:
        (hotel,) = body["hotels"]
        hotel["active_refund"] = 1
        hotel["associations"]["hotel_refund_rules"] = [{"id": 1}]

    rule = {"id": 1, "payment_type": 2, "days": "14", "deduction_value_full_pay": "0"}
    meddler.rewrites["hotels"] = refunding
    inside.pms._shop.client.rows = with_rules(inside.pms._shop.client.rows, [rule])  # type: ignore
    offer = await luxury(inside)
    made = await inside.book(offer)
    assert made.cancellation == offer.cancellation
    assert offer.cancellation.fee == offer.total
    assert offer.cancellation.free_until is not None
    assert offer.cancellation.free_until.date() == offer.stay.arrival - timedelta(days=13)
    preview = await inside.pms.preview_cancellation(made.reference)
    assert preview.fee == Money(amount=Decimal(0), currency="EUR")
    late = made.stay.arrival - inside.today() - timedelta(days=3)
    inside.pms.services.clock.advance(days=late.days)  # type: ignore[attr-defined]
    with pytest.raises(PriceChanged) as told:
        await inside.pms.cancel_reservation(preview, "c")
    assert isinstance(told.value.offer, Cancellation)
    assert told.value.offer.fee == made.total


def with_rules(rows: Any, rules: list[dict[str, Any]]) -> Any:
    async def answered(resource: str, query: Any = None) -> Any:
        return rules if resource == "hotel_refund_rules" else await rows(resource, query)

    return answered


async def test_a_cancellation_whose_answer_is_lost_is_an_unknown_outcome(
    shop: Shop, inside: House
) -> None:
    made = await inside.book(await luxury(inside))
    preview = await inside.pms.preview_cancellation(made.reference)
    shop.lose_answer("POST", "order_histories")
    with pytest.raises(OutcomeUnknown):
        await inside.pms.cancel_reservation(preview, "c")
    again = await inside.pms.cancel_reservation(preview, "c")
    assert again.status is ReservationStatus.CANCELLED


# ── the key, the address, pictures ───────────────────────────────────────────────────────────────


async def test_the_doctor_names_each_right_that_is_missing(connect: Connect, shop: Shop) -> None:
    findings = await connect(shop, api_key=READ_ONLY_KEY).diagnose()
    told = {one.what for one in findings if not one.ok}
    assert {"GET on customers is missing", "POST on bookings is missing"} <= told
    assert "POST on hotel_ari is missing" in told
    assert all("Webservice" in one.advice for one in findings if "missing" in one.what)


async def test_the_doctor_says_that_a_key_may_do_too_much(connect: Connect, shop: Shop) -> None:
    findings = await connect(shop, api_key=FULL_KEY).diagnose()
    assert any("more than is needed" in one.what for one in findings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"api_key": INACTIVE_KEY}, "refused the key"),
        ({"base_url": "http://other.example"}, "base_url"),
    ],
)
async def test_a_wrong_key_or_address_is_told_as_such(
    connect: Connect, shop: Shop, settings: dict[str, str], told: str
) -> None:
    pms = connect(shop, **settings)
    with pytest.raises(AuthFailed, match=told):
        await pms.properties()
    (finding,) = await pms.diagnose()
    assert told in finding.advice
    assert not (await pms.health()).ok


async def test_a_webservice_that_is_switched_off_is_unavailable(
    connect: Connect, shop: Shop
) -> None:
    shop.enabled = False
    with pytest.raises(Unavailable, match="switched off"):
        await connect(shop).properties()


@pytest.fixture
def pictures(inside: House) -> httpx.AsyncClient:
    app = FastAPI()
    pms = inside.pms
    app.include_router(
        make_router({"sol": (pms.config, pms.services)}), prefix="/plugins/pms_qloapps"
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://agent")


async def test_pictures_of_rooms_are_served_without_the_key(
    shop: Shop, inside: House, pictures: httpx.AsyncClient
) -> None:
    (room, *_) = await inside.pms.room_types("1", "en")
    before = len(shop.calls)
    for _ in range(3):
        answer = await pictures.get(room.images[0].url)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/")
        assert "max-age" in answer.headers["cache-control"]
        assert answer.content
    assert len(shop.calls) - before == 2


@pytest.mark.parametrize(
    "path",
    ["sol/1/999", "sol/1/5", "sol/99/1", "luna/1/1", "sol/1/..%2F..", "sol/x/1", "sol/5/18"],
)
async def test_nothing_else_is_served(shop: Shop, pictures: httpx.AsyncClient, path: str) -> None:
    answer = await pictures.get(f"/plugins/pms_qloapps/images/{path}")
    assert answer.status_code == 404


async def test_pictures_of_another_hotel_in_the_shop_are_not_served(connect: Connect) -> None:
    shop = plain_shop(hotels=2)
    shop.room_types = {
        number: replace(kind, images=(number,)) for number, kind in shop.room_types.items()
    }
    pms = connect(shop)
    await pms.room_types("1", "en")
    app = FastAPI()
    app.include_router(make_router({"sol": (pms.config, pms.services)}))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://agent")
    assert (await client.get("/images/sol/1/1")).status_code == 200
    assert (await client.get("/images/sol/2/2")).status_code == 404


async def test_a_picture_that_is_too_large_is_not_served(
    connect: Connect, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pms = connect(shop)
    app = FastAPI()
    small = pms.config.model_copy(update={"max_image_bytes": 1})
    app.include_router(make_router({"sol": (small, pms.services)}))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://agent")
    assert (await client.get("/images/sol/1/1")).status_code == 404
