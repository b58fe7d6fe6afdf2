"""Changing and cancelling: stock, prices, versions and keys, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from agente_hotelero.errors import HoteleroError, NotFound, PriceChanged, Rejected, SoldOut
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Guest,
    Money,
    Occupancy,
    OfferQuery,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    ReservationStatus,
    Stay,
    StayChange,
)
from agente_hotelero.testing import SettableClock
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.demo import DOUBLE, SUITE
from agente_hotelero_pms_mock.faults import SHARED, Fault, Faults

pytestmark = pytest.mark.anyio
Make = Callable[..., MockPms]
TWO = (Occupancy(adults=2),)
ANA = Guest(name="Ana García", email="ana@example.com")
ONE_SUITE = MockConfig(rooms=(SUITE,))
FULL = MockConfig(rooms=(SUITE,), amendment_fee=Decimal(20))


def days(first: int, last: int) -> Stay:
    return Stay(arrival=date(2026, 12, first), departure=date(2026, 12, last))


STAY = days(7, 9)


def query(stay: Stay) -> OfferQuery:
    return OfferQuery(property_id="1", stay=stay, occupancies=TWO)


async def book(
    pms: MockPms, stay: Stay = STAY, key: str = "k", rate: str = "flexible"
) -> Reservation:
    offers = await pms.search_offers(query(stay))
    offer = next(one for one in offers if one.rate_plan.id == rate)
    draft = ReservationDraft(offer=offer, guest=ANA, external_ref=f"AH-{key}")
    return await pms.create_reservation(draft, key)


async def amend(pms: MockPms, made: Reservation, stay: Stay, key: str = "a") -> Reservation:
    change = StayChange(stay=stay, occupancies=made.occupancies)
    return await pms.amend_reservation(await pms.preview_amendment(made.reference, change), key)


async def cancel(pms: MockPms, made: Reservation, key: str = "c") -> Reservation:
    return await pms.cancel_reservation(await pms.preview_cancellation(made.reference), key)


async def is_free(pms: MockPms, stay: Stay) -> bool:
    return bool(await pms.search_offers(query(stay)))


def faults(pms: MockPms) -> Faults:
    found: Faults = pms.services.shared(SHARED, Faults)
    return found


async def test_a_change_moves_the_nights_in_a_full_house(make: Make) -> None:
    pms = make(config=ONE_SUITE)
    changed = await amend(pms, await book(pms), days(8, 11))
    assert (changed.stay, changed.version) == (days(8, 11), "2")
    assert await is_free(pms, days(7, 8))
    assert not await is_free(pms, days(10, 11))
    assert await pms.reservation(changed.reference) == changed


async def test_a_change_says_what_it_costs_before(make: Make) -> None:
    pms = make()
    made = await book(pms)
    change = StayChange(stay=days(7, 10), occupancies=(Occupancy(adults=2, child_ages=(5,)),))
    preview = await pms.preview_amendment(made.reference, change)
    assert (preview.before, preview.fee) == (made.total, None)
    assert preview.total == Money(amount=Decimal("345.00"), currency="USD")
    changed = await pms.amend_reservation(preview, "a")
    assert (changed.total, changed.occupancies) == (preview.total, change.occupancies)
    assert changed.balance == Money(amount=Decimal("357.00"), currency="USD")


async def test_a_change_to_sold_nights_leaves_everything_as_it_was(make: Make) -> None:
    pms = make(config=ONE_SUITE)
    made = await book(pms)
    change = StayChange(stay=days(8, 11), occupancies=TWO)
    preview = await pms.preview_amendment(made.reference, change)
    await book(pms, days(10, 12), "other")
    with pytest.raises(SoldOut):
        await pms.preview_amendment(made.reference, change)
    with pytest.raises(SoldOut):
        await pms.amend_reservation(preview, "a")
    assert await pms.reservation(made.reference) == made
    assert await is_free(pms, days(9, 10))


async def test_a_change_made_again_is_made_once(make: Make) -> None:
    pms = make()
    made = await book(pms)
    change = StayChange(stay=days(8, 11), occupancies=TWO)
    preview = await pms.preview_amendment(made.reference, change)
    changed = await asyncio.gather(*(pms.amend_reservation(preview, "a") for _ in range(5)))
    again = await pms.amend_reservation(preview, "another key, the same wish")
    assert {one.version for one in (*changed, again)} == {"2"}
    with pytest.raises(Rejected, match="key"):
        await amend(pms, made, days(8, 12), "a")


async def test_a_change_of_another_version_is_refused(make: Make) -> None:
    pms = make()
    made = await book(pms)
    change = StayChange(stay=days(8, 11), occupancies=TWO)
    preview = await pms.preview_amendment(made.reference, change)
    leaving = await pms.preview_cancellation(made.reference)
    await amend(pms, made, days(7, 8))
    with pytest.raises(Rejected, match="meanwhile"):
        await pms.amend_reservation(preview, "b")
    with pytest.raises(Rejected, match="meanwhile"):
        await pms.cancel_reservation(leaving, "c")


async def test_a_dearer_change_is_told_with_its_new_price(make: Make) -> None:
    pms = make()
    made = await book(pms)
    faults(pms).inject("amend_reservation", Fault.PRICE_CHANGED)
    with pytest.raises(PriceChanged) as caught:
        await amend(pms, made, days(8, 11))
    fresh = caught.value.offer
    assert isinstance(fresh, Amendment)
    assert fresh.total > fresh.before
    assert (await pms.amend_reservation(fresh, "a")).total == fresh.total


async def test_a_late_change_has_a_fee_that_is_owed(make: Make) -> None:
    pms = make(config=FULL)
    made = await book(pms, rate="saver")
    preview = await pms.preview_amendment(
        made.reference, StayChange(stay=days(7, 10), occupancies=TWO)
    )
    assert preview.fee == Money(amount=Decimal("20.00"), currency="USD")
    changed = await pms.amend_reservation(preview, "a")
    assert changed.balance is not None
    assert changed.balance.amount == preview.total.amount + 20 + 12


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(StayChange(stay=days(1, 1 + 20), occupancies=()), id="nobody"),
        pytest.param(StayChange(stay=days(7, 9), occupancies=(Occupancy(adults=9),)), id="a crowd"),
        pytest.param(
            StayChange(
                stay=Stay(arrival=date(2026, 11, 1), departure=date(2026, 11, 3)), occupancies=TWO
            ),
            id="past",
        ),
    ],
)
async def test_what_is_not_sold_cannot_be_changed_to(make: Make, change: StayChange) -> None:
    pms = make()
    made = await book(pms)
    with pytest.raises(Rejected):
        await pms.preview_amendment(made.reference, change)


async def test_a_second_room_is_taken_and_given_back(make: Make) -> None:
    pms = make(config=MockConfig(rooms=(DOUBLE.model_copy(update={"units": 2}),)))
    made = await book(pms)
    both = StayChange(stay=made.stay, occupancies=(*TWO, *TWO))
    more = await pms.amend_reservation(await pms.preview_amendment(made.reference, both), "a")
    assert not await is_free(pms, made.stay)
    one = StayChange(stay=made.stay, occupancies=TWO)
    await pms.amend_reservation(await pms.preview_amendment(more.reference, one), "b")
    assert await is_free(pms, made.stay)


async def test_cancelling_in_time_is_free_and_gives_the_nights_back(make: Make) -> None:
    pms = make(config=ONE_SUITE)
    made = await book(pms)
    preview = await pms.preview_cancellation(made.reference.lower())
    assert preview.fee == Money(amount=Decimal("0.00"), currency="USD")
    gone = await pms.cancel_reservation(preview, "c")
    assert (gone.status, gone.version, gone.balance) == (
        ReservationStatus.CANCELLED,
        "2",
        preview.fee,
    )
    assert await is_free(pms, made.stay)
    assert await pms.cancel_reservation(preview, "again") == gone
    with pytest.raises(Rejected, match="cancelled"):
        await pms.preview_cancellation(made.reference)
    assert (await book(pms, made.stay, "next")).reference != made.reference


async def test_cancelling_costs_by_terms_and_time(make: Make, clock: SettableClock) -> None:
    pms = make()
    made, saver = await book(pms), await book(pms, key="s", rate="saver")
    assert (await pms.preview_cancellation(saver.reference)).fee == saver.total
    free = await pms.preview_cancellation(made.reference)
    clock.set(datetime(2026, 12, 5, 20, 59, tzinfo=UTC))
    assert (await pms.preview_cancellation(made.reference)).fee == free.fee
    clock.advance(minutes=1)
    with pytest.raises(PriceChanged) as caught:
        await pms.cancel_reservation(free, "c")
    fresh = caught.value.offer
    assert isinstance(fresh, Cancellation)
    assert fresh.fee == Money(amount=Decimal("100.00"), currency="USD")
    assert (await pms.cancel_reservation(fresh, "c")).balance == fresh.fee


async def test_a_stay_that_has_begun_is_left_to_people(make: Make, clock: SettableClock) -> None:
    pms = make()
    made = await book(pms)
    preview = await pms.preview_cancellation(made.reference)
    clock.set(datetime(2026, 12, 7, 17, 59, tzinfo=UTC))
    assert (await pms.preview_cancellation(made.reference)).fee is not None
    clock.advance(minutes=1)
    for work in (
        pms.preview_cancellation(made.reference),
        pms.cancel_reservation(preview, "c"),
        pms.preview_amendment(made.reference, StayChange(stay=days(8, 10), occupancies=TWO)),
    ):
        with pytest.raises(Rejected, match="begun"):
            await work


async def test_of_a_change_and_bookings_at_once_nothing_is_sold_twice(make: Make) -> None:
    pms = make(config=ONE_SUITE)
    made = await book(pms)
    change = StayChange(stay=days(8, 10), occupancies=TWO)
    preview = await pms.preview_amendment(made.reference, change)
    stay = days(9, 10)
    offer = (await pms.search_offers(query(stay)))[0]
    outcomes = await asyncio.gather(
        pms.amend_reservation(preview, "a"),
        *(
            pms.create_reservation(
                ReservationDraft(offer=offer, guest=ANA, external_ref=f"AH-{n}"), f"b{n}"
            )
            for n in range(8)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Reservation) for one in outcomes) == 1
    assert sum(isinstance(one, SoldOut) for one in outcomes) == 8


async def test_two_who_swap_their_nights_do_not_lock_up(make: Make) -> None:
    pms = make(config=MockConfig(rooms=(DOUBLE.model_copy(update={"units": 2}),)))
    one, other = await book(pms, days(7, 9), "one"), await book(pms, days(9, 11), "other")
    for turn in range(3):
        await asyncio.gather(
            amend(pms, one, days(9, 11) if turn % 2 == 0 else days(7, 9), f"one{turn}"),
            amend(pms, other, days(7, 9) if turn % 2 == 0 else days(9, 11), f"other{turn}"),
        )
    assert await is_free(pms, days(7, 9))
    assert await is_free(pms, days(9, 11))


async def test_cancelling_once_gives_back_once(make: Make) -> None:
    pms = make(config=MockConfig(rooms=(DOUBLE.model_copy(update={"units": 2}),)))
    made = await book(pms)
    await book(pms, key="other")
    preview = await pms.preview_cancellation(made.reference)
    await asyncio.gather(*(pms.cancel_reservation(preview, f"c{n}") for n in range(8)))
    assert [one.units_left for one in await pms.search_offers(query(made.stay))] == [1, 1]


async def test_another_hotels_reservation_is_not_found(make: Make) -> None:
    sol, luna = make("sol"), make("luna")
    made = await book(sol)
    agreed = await sol.preview_cancellation(made.reference)
    for work in (luna.preview_cancellation(made.reference), luna.cancel_reservation(agreed, "c")):
        with pytest.raises(NotFound):
            await work


async def test_reservations_are_found_by_their_days(make: Make) -> None:
    pms = make()
    made = await book(pms)
    await book(pms, days(8, 9), "other")
    for asked in (
        ReservationQuery(property_id="1", arrival=days(7, 9).arrival),
        ReservationQuery(property_id="1", arrival=days(7, 9).arrival, departure=date(2026, 12, 9)),
    ):
        assert list((await pms.find_reservations(asked)).items) == [made]
    leaving = ReservationQuery(property_id="1", departure=date(2026, 12, 9))
    assert len((await pms.find_reservations(leaving)).items) == 2


async def test_every_change_is_told_and_none_from_before(make: Make) -> None:
    pms = make(config=MockConfig(page_size=2))
    before = await book(pms)
    start = await pms.poll_changes("1", None)
    assert list(start.reservations) == []
    made = [await book(pms, key=f"k{n}") for n in range(3)]
    gone = await cancel(pms, before)
    first = await pms.poll_changes("1", start.cursor)
    second = await pms.poll_changes("1", first.cursor)
    assert [*first.reservations, *second.reservations] == [*made, gone]
    end = await pms.poll_changes("1", second.cursor)
    assert (list(end.reservations), end.cursor) == ([], second.cursor)


async def test_no_change_is_missed_while_others_are_written(make: Make) -> None:
    pms = make(config=MockConfig(rooms=(DOUBLE.model_copy(update={"units": 40}),)))
    cursor = (await pms.poll_changes("1", None)).cursor
    writing = asyncio.gather(*(book(pms, key=f"k{n}") for n in range(30)))
    seen: set[str] = set()
    finished = False
    while not finished:
        finished = writing.done()
        changes = await pms.poll_changes("1", cursor)
        cursor = changes.cursor
        seen |= {one.reference for one in changes.reservations}
    assert seen == {one.reference for one in await writing}


@pytest.mark.parametrize("cursor", ["", "x", "-1"])
async def test_a_cursor_of_somebody_else_is_refused(make: Make, cursor: str) -> None:
    with pytest.raises(HoteleroError):
        await make().poll_changes("1", cursor)


async def test_what_is_to_be_paid_holds_the_dues(make: Make) -> None:
    made = await book(make())
    assert made.balance == Money(amount=Decimal("208.00"), currency="USD")


async def test_a_preview_stands_no_longer_than_it_is_free(make: Make, clock: SettableClock) -> None:
    pms = make()
    made = await book(pms)
    clock.set(datetime(2026, 12, 5, 20, 50, tzinfo=UTC))
    preview = await pms.preview_cancellation(made.reference)
    assert preview.expires_at == clock.now() + timedelta(minutes=10)
