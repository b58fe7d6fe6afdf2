from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
import structlog
from agente_hotelero._db.models import PmsOperation
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import failpoints
from agente_hotelero._runtime.circuit import Circuit
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.pms_cache import StaticCache
from agente_hotelero._runtime.pms_calls import PmsCalls
from agente_hotelero._runtime.pms_lock import PropertyLock
from agente_hotelero._runtime.pms_writes import PmsWrites
from agente_hotelero.components import PluginConfig
from agente_hotelero.errors import (
    NotFound,
    OutcomeUnknown,
    SoldOut,
    Unavailable,
    Unsupported,
)
from agente_hotelero.pms import Capability, Idempotency
from agente_hotelero.testing import SettableClock, lend

from core.tests.fake_pms import DRAFT, QUERY, FakeHotel, FakePms

pytestmark = pytest.mark.anyio
Make = Callable[..., GuardedPms]


@pytest.fixture
def hotel() -> FakeHotel:
    return FakeHotel()


@pytest.fixture
def cache() -> StaticCache:
    return StaticCache(300)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def make(
    database: Database, hotel: FakeHotel, clock: SettableClock, cache: StaticCache, metrics: Metrics
) -> Make:
    def made(tenant: str = "sol", at: FakeHotel | None = None, timeout: float = 5.0) -> GuardedPms:
        services = replace(lend(tenant=tenant, clock=clock), sessions=database.sessions)
        adapter = FakePms(PluginConfig(), services)
        adapter.hotel = at or hotel
        circuit = Circuit(f"fake/{tenant}", failures=3, reset_seconds=60)
        log = structlog.get_logger()
        calls = PmsCalls(
            plugin="fake",
            tenant=tenant,
            guard=Guard("fake", log, timeout=timeout, concurrency=64, circuit=circuit),
            limiter=Limiter(None, log=log, metrics=metrics),
            limits=adapter.hotel.limits,
            metrics=metrics,
            seconds=timeout,
        )
        lock = PropertyLock(f"fake/{tenant}/1", services.sessions)
        return GuardedPms(
            adapter=adapter,
            property_id="1",
            info=adapter.info(),
            calls=calls,
            writes=PmsWrites(
                calls=calls, services=services, lock=lock if adapter.hotel.serialise else None
            ),
            cache=cache,
        )

    return made


async def operation(database: Database, key: str = "k", tenant: str = "sol") -> PmsOperation:
    async with database.sessions() as session:
        row = await session.get(PmsOperation, (tenant, key))
        assert row is not None
        return row


async def test_a_booking_is_recorded_with_its_reference(database: Database, make: Make) -> None:
    made = await make().book(DRAFT, "k")
    row = await operation(database)
    assert (row.state, row.reference, row.external_ref) == ("done", made.reference, "AH-1")


async def test_the_same_key_books_once(make: Make, hotel: FakeHotel) -> None:
    hotel.idempotency = Idempotency.NONE
    first = await make().book(DRAFT, "k")
    second = await make().book(DRAFT, "k")
    assert (first, len(hotel.booked)) == (second, 1)


@pytest.mark.parametrize("strategy", list(Idempotency), ids=lambda one: one.value)
async def test_an_unknown_outcome_that_was_booked_is_found_and_not_repeated(
    database: Database, make: Make, hotel: FakeHotel, strategy: Idempotency
) -> None:
    hotel.idempotency = strategy
    hotel.after["create_reservation"] = [OutcomeUnknown()]
    made = await make().book(DRAFT, "k")
    assert list(hotel.booked.values()) == [made]
    assert (await operation(database)).state == "done"


@pytest.mark.parametrize("strategy", [Idempotency.EXTERNAL_REF, Idempotency.NONE])
async def test_an_outcome_that_stays_unknown_is_never_repeated(
    database: Database, make: Make, hotel: FakeHotel, strategy: Idempotency
) -> None:
    hotel.idempotency = strategy
    hotel.errors["create_reservation"] = [OutcomeUnknown()]
    with pytest.raises(OutcomeUnknown):
        await make().book(DRAFT, "k")
    assert (await operation(database)).state == "unknown"
    with pytest.raises(OutcomeUnknown):
        await make().book(DRAFT, "k")
    assert hotel.calls.count("create_reservation") == 1


@pytest.mark.parametrize("strategy", [Idempotency.EXTERNAL_REF, Idempotency.NONE])
async def test_a_crash_after_the_call_is_reconciled_by_the_next_run(
    make: Make, hotel: FakeHotel, strategy: Idempotency, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(point: str) -> None:
        if point == "pms.after_write":
            raise asyncio.CancelledError

    hotel.idempotency = strategy
    monkeypatch.setattr(failpoints, "reached", crash)
    with pytest.raises(asyncio.CancelledError):
        await make().book(DRAFT, "k")
    monkeypatch.undo()
    made = await make().book(DRAFT, "k")
    assert list(hotel.booked.values()) == [made]


async def test_a_refused_booking_may_be_tried_again_with_its_key(
    make: Make, hotel: FakeHotel
) -> None:
    hotel.idempotency = Idempotency.NONE
    hotel.errors["create_reservation"] = [Unavailable()]
    with pytest.raises(Unavailable):
        await make().book(DRAFT, "k")
    assert hotel.calls.count("create_reservation") == 1
    assert (await make().book(DRAFT, "k")).reference == "R0"


async def test_sold_out_reaches_the_handler(make: Make, hotel: FakeHotel) -> None:
    hotel.errors["create_reservation"] = [SoldOut()]
    with pytest.raises(SoldOut):
        await make().book(DRAFT, "k")


async def test_a_pms_that_takes_no_bookings_is_never_asked(make: Make, hotel: FakeHotel) -> None:
    hotel.capabilities = Capability.NONE
    with pytest.raises(Unsupported):
        await make().book(DRAFT, "k")
    assert hotel.calls == []


async def test_two_hotels_may_use_the_same_key(database: Database, make: Make) -> None:
    other = FakeHotel()
    await make("sol").book(DRAFT, "k")
    await make("luna", other).book(DRAFT, "k")
    assert len(other.booked) == 1
    assert (await operation(database, tenant="luna")).state == "done"


async def test_static_data_is_asked_for_once(
    make: Make, hotel: FakeHotel, metrics: Metrics
) -> None:
    pms = make()
    await pms.room_types("es")
    await pms.room_types("es")
    await pms.room_types("pt")
    assert hotel.calls == ["room_types", "room_types"]
    assert metrics.cache_hits.labels("sol", "room_types")._value.get() == 1


async def test_two_hotels_with_one_property_id_share_no_cache(make: Make, hotel: FakeHotel) -> None:
    other = FakeHotel()
    await make("sol").property()
    await make("luna", other).property()
    assert (hotel.calls, other.calls) == (["properties"], ["properties"])


async def test_stale_static_data_is_better_than_none(make: Make, hotel: FakeHotel) -> None:
    pms = replace(make(), cache=StaticCache(0))
    fresh = await pms.room_types("es")
    hotel.errors["room_types"] = [Unavailable() for _ in range(3)]
    assert await pms.room_types("es") == fresh


async def test_an_offer_is_never_cached(make: Make, hotel: FakeHotel) -> None:
    pms = make()
    await pms.search_offers(QUERY)
    await pms.search_offers(QUERY)
    hotel.errors["search_offers"] = [Unavailable() for _ in range(3)]
    with pytest.raises(Unavailable):
        await pms.search_offers(QUERY)
    assert hotel.calls.count("search_offers") == 5


async def test_another_property_of_the_same_pms_cannot_be_searched(make: Make) -> None:
    with pytest.raises(NotFound):
        await make().search_offers(replace(QUERY, property_id="2"))


async def test_failures_open_the_circuit_and_then_nobody_is_called(
    make: Make, hotel: FakeHotel, metrics: Metrics
) -> None:
    pms = make()
    hotel.errors["search_offers"] = [Unavailable() for _ in range(9)]
    for _ in range(5):
        with pytest.raises(Unavailable):
            await pms.search_offers(QUERY)
    assert len(hotel.calls) == 3
    assert metrics.pms_calls.labels("sol", "search_offers", "Unavailable")._value.get() == 7


@pytest.mark.parametrize("strategy", list(Idempotency))
async def test_an_unknown_outcome_stays_unknown_when_looking_it_up_fails(
    database: Database, make: Make, hotel: FakeHotel, strategy: Idempotency
) -> None:
    hotel.idempotency = strategy
    hotel.after["create_reservation"] = [OutcomeUnknown()]
    hotel.errors["find_reservations"] = [Unavailable() for _ in range(9)]
    pms = make()
    create = hotel.enter

    def then_away(operation: str) -> None:
        create(operation)
        if operation == "create_reservation" and hotel.calls.count(operation) > 1:
            raise Unavailable

    hotel.enter = then_away  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        await pms.book(DRAFT, "k")
    assert (await operation(database)).state == "unknown"
    assert len(hotel.booked) == 1
