"""Late check-out and early check-in: time, stock, price and keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from agente_hotelero.errors import PriceChanged, Rejected, SoldOut
from agente_hotelero.stays import (
    Guest,
    Money,
    Occupancy,
    OfferQuery,
    Reservation,
    ReservationDraft,
    Service,
    ServiceKind,
    Stay,
    StayChange,
)
from agente_hotelero.testing import SettableClock
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.demo import LATE_CHECK_OUT
from agente_hotelero_pms_mock.faults import SHARED, Fault, Faults
from pydantic import ValidationError

pytestmark = pytest.mark.anyio
Make = Callable[..., MockPms]
TWO = (Occupancy(adults=2),)
STAY = Stay(arrival=date(2026, 12, 7), departure=date(2026, 12, 9))
ONE_A_DAY = MockConfig(services=(LATE_CHECK_OUT.model_copy(update={"per_day": 1}),))


async def book(pms: MockPms, key: str = "k", stay: Stay = STAY) -> Reservation:
    query = OfferQuery(property_id="1", stay=stay, occupancies=TWO, room_type_id="double")
    offer = (await pms.search_offers(query))[0]
    draft = ReservationDraft(offer=offer, guest=Guest(name="Ana"), external_ref=f"AH-{key}")
    return await pms.create_reservation(draft, key)


async def late(pms: MockPms, made: Reservation, locale: str = "en") -> Service:
    services = await pms.list_services(made.reference, locale)
    return next(one for one in services if one.kind is ServiceKind.LATE_CHECK_OUT)


async def kinds(pms: MockPms, made: Reservation) -> set[ServiceKind]:
    return {one.kind for one in await pms.list_services(made.reference, "en")}


async def test_services_are_listed_in_the_guests_language(make: Make) -> None:
    pms = make()
    service = await late(pms, await book(pms), "pt")
    assert (service.name, service.at) == ("Saída tardia", time(14, 0))
    assert service.price == Money(amount=Decimal("30.00"), currency="USD")


async def test_a_service_is_added_once_and_owed(make: Make) -> None:
    pms = make()
    made = await book(pms)
    service = await late(pms, made)
    added = await asyncio.gather(
        *(pms.book_service(made.reference, service, key) for key in ("s", "s", "t"))
    )
    assert {(one.services, one.version) for one in added} == {(("late_checkout",), "2")}
    assert added[0].balance == Money(amount=Decimal("208.00"), currency="USD")
    assert await kinds(pms, made) == {ServiceKind.EARLY_CHECK_IN}


async def test_a_day_has_only_so_many(make: Make) -> None:
    pms = make(config=ONE_A_DAY)
    one, other = await book(pms, "one"), await book(pms, "other")
    service = await late(pms, other)
    await pms.book_service(one.reference, await late(pms, one), "s")
    assert await kinds(pms, other) == set()
    with pytest.raises(SoldOut):
        await pms.book_service(other.reference, service, "t")
    await pms.cancel_reservation(await pms.preview_cancellation(one.reference), "c")
    assert (await pms.book_service(other.reference, service, "t")).services == (service.id,)


async def test_a_service_moves_with_its_stay(make: Make) -> None:
    pms = make(config=ONE_A_DAY)
    one = await book(pms, "one")
    await pms.book_service(one.reference, await late(pms, one), "s")
    later = StayChange(
        stay=Stay(arrival=STAY.arrival, departure=date(2026, 12, 10)), occupancies=TWO
    )
    await pms.amend_reservation(await pms.preview_amendment(one.reference, later), "a")
    assert await kinds(pms, await book(pms, "other")) == {ServiceKind.LATE_CHECK_OUT}
    assert await kinds(pms, await book(pms, "third", later.stay)) == set()


async def test_each_service_has_its_time(make: Make, clock: SettableClock) -> None:
    pms = make()
    made = await book(pms)
    clock.set(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    assert await kinds(pms, made) == {ServiceKind.LATE_CHECK_OUT}
    service = await late(pms, made)
    clock.set(datetime(2026, 12, 9, 14, 0, tzinfo=UTC))
    assert await kinds(pms, made) == set()
    with pytest.raises(Rejected, match="late"):
        await pms.book_service(made.reference, service, "s")


async def test_a_dearer_service_is_told_with_its_new_price(make: Make) -> None:
    pms = make()
    made = await book(pms)
    service = await late(pms, made, "es")
    faults: Faults = pms.services.shared(SHARED, Faults)
    faults.inject("book_service", Fault.PRICE_CHANGED)
    with pytest.raises(PriceChanged) as caught:
        await pms.book_service(made.reference, service, "s")
    fresh = caught.value.offer
    assert isinstance(fresh, Service)
    assert (fresh.name, fresh.price.amount) == (service.name, Decimal("33.00"))
    assert (await pms.book_service(made.reference, fresh, "s")).services == (fresh.id,)


async def test_a_service_that_nobody_sells_is_refused(make: Make) -> None:
    pms = make()
    made = await book(pms)
    service = await late(pms, made)
    with pytest.raises(Rejected):
        await make(config=MockConfig(services=())).book_service(made.reference, service, "s")


def test_two_services_cannot_have_one_id() -> None:
    with pytest.raises(ValidationError, match="same id"):
        MockConfig(services=(LATE_CHECK_OUT, LATE_CHECK_OUT))
