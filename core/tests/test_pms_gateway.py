"""What stands between handlers and a PMS: limits, tries, shared questions, terms, one at a time."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from agente_hotelero._db.models import PmsOperation
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime import failpoints
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.pms_cache import SharedStore, StaticCache
from agente_hotelero._runtime.pms_lock import PropertyLock
from agente_hotelero._runtime.pms_writes import PmsWrites
from agente_hotelero.errors import (
    AuthFailed,
    NotFound,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
    Throttled,
    Unavailable,
    Unsupported,
)
from agente_hotelero.pms import Capability, Idempotency, RateLimit, RateLimitPolicy
from agente_hotelero.stays import (
    Money,
    Occupancy,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Stay,
    StayChange,
)

from core.tests.fake_pms import DRAFT, LATE, OFFER, QUERY, FakeHotel
from core.tests.test_guarded_pms import Make, cache, hotel, make, metrics, operation

__all__ = ["cache", "hotel", "make", "metrics"]
pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind of database is enough here: both are used in test_guarded_pms."""
    return f"sqlite:///{tmp_path}/agent.db"


ALL = (
    Capability.CREATE
    | Capability.CANCEL
    | Capability.AMEND_STAY
    | Capability.AMEND_GUESTS
    | Capability.SERVICES
)
LONGER = StayChange(
    stay=Stay(arrival=date(2026, 12, 24), departure=date(2026, 12, 28)),
    occupancies=(Occupancy(adults=2),),
)
Work = Callable[[GuardedPms, Reservation], Awaitable[Reservation]]


def dollars(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


async def amend(pms: GuardedPms, made: Reservation) -> Reservation:
    return await pms.amend(await pms.preview_amendment(made.reference, LONGER), "w")


async def cancel(pms: GuardedPms, made: Reservation) -> Reservation:
    return await pms.cancel(await pms.preview_cancellation(made.reference), "w")


async def add(pms: GuardedPms, made: Reservation) -> Reservation:
    return await pms.book_service(made.reference, LATE, "w")


WRITES: dict[str, Work] = {
    "amend_reservation": amend,
    "cancel_reservation": cancel,
    "book_service": add,
}


def is_done(operation: str, made: Reservation) -> bool:
    return {
        "amend_reservation": made.stay == LONGER.stay,
        "cancel_reservation": made.status is ReservationStatus.CANCELLED,
        "book_service": LATE.id in made.services,
    }[operation]


async def booked(make: Make, hotel: FakeHotel) -> tuple[GuardedPms, Reservation]:
    hotel.capabilities = ALL
    pms = make()
    return pms, await pms.book(DRAFT, "k")


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_read_that_fails_twice_is_tried_a_third_time(make: Make, hotel: FakeHotel) -> None:
    hotel.errors["search_offers"] = [Unavailable(), Unavailable()]
    assert await make().search_offers(QUERY) == [OFFER]


async def test_how_long_the_pms_takes_is_measured_by_operation(
    make: Make, metrics: Metrics
) -> None:
    await make().search_offers(QUERY)
    labels = {"tenant": "sol", "operation": "search_offers"}
    assert metrics.registry.get_sample_value("pms_call_seconds_count", labels) == 1


async def test_a_read_waits_as_long_as_the_pms_asks_if_that_is_short(
    make: Make, hotel: FakeHotel
) -> None:
    hotel.errors["search_offers"] = [Throttled(retry_after=0.3)]
    begun = asyncio.get_running_loop().time()
    await make().search_offers(QUERY)
    assert asyncio.get_running_loop().time() - begun >= 0.3


async def test_a_read_does_not_wait_for_long(make: Make, hotel: FakeHotel) -> None:
    hotel.errors["search_offers"] = [Throttled(retry_after=60)]
    with pytest.raises(Throttled):
        await make().search_offers(QUERY)
    assert hotel.calls == ["search_offers"]


async def test_equal_questions_at_once_are_one_call(make: Make, hotel: FakeHotel) -> None:
    pms = make()
    found = await asyncio.gather(*(pms.search_offers(QUERY) for _ in range(20)))
    assert found == [[OFFER]] * 20
    assert hotel.calls == ["search_offers"]


async def test_who_gives_up_waiting_spoils_it_for_nobody(make: Make, hotel: FakeHotel) -> None:
    pms = make()
    first = asyncio.create_task(pms.search_offers(QUERY))
    second = asyncio.create_task(pms.search_offers(QUERY))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == [OFFER]


async def test_a_reservation_of_another_property_is_not_found(make: Make, hotel: FakeHotel) -> None:
    pms, made = await booked(make, hotel)
    hotel.change(made.reference, property_id="2")
    with pytest.raises(NotFound):
        await pms.reservation(made.reference)
    query = ReservationQuery(property_id="1", external_ref="AH-1")
    assert (await pms.find_reservations(query)).items == []
    with pytest.raises(NotFound):
        await pms.find_reservations(replace(query, property_id="2"))


async def test_the_limits_of_the_pms_are_kept_for_it(make: Make, hotel: FakeHotel) -> None:
    windows = (RateLimit(units=5, seconds=3600),)
    hotel.limits = RateLimitPolicy(windows=windows, costs={"search_offers": 2})
    pms = make(tenant=uuid.uuid4().hex)
    await pms.search_offers(QUERY)
    await pms.search_offers(QUERY)
    with pytest.raises(Throttled):
        await pms.search_offers(QUERY)
    await pms.room_types("es")
    assert hotel.calls == ["search_offers", "search_offers", "room_types"]


async def test_a_short_limit_is_waited_for(make: Make, hotel: FakeHotel) -> None:
    hotel.limits = RateLimitPolicy(windows=(RateLimit(units=1, seconds=1),))
    pms = make()
    begun = asyncio.get_running_loop().time()
    await pms.search_offers(QUERY)
    await pms.search_offers(QUERY)
    assert asyncio.get_running_loop().time() - begun >= 0.9


async def test_machines_share_static_data_through_redis(
    make: Make, hotel: FakeHotel, redis_url: str
) -> None:
    tenant, log = uuid.uuid4().hex, structlog.get_logger()
    stores = [SharedStore(redis_url, log) for _ in range(2)]
    one, other = (replace(make(tenant=tenant), cache=StaticCache(60, store)) for store in stores)
    asked = (await one.room_types("es"), await one.property())
    assert (list(await other.room_types("es")), await other.property()) == asked
    assert hotel.calls == ["room_types", "properties"]
    stranger = replace(make(tenant=uuid.uuid4().hex), cache=StaticCache(60, stores[1]))
    await stranger.room_types("es")
    assert hotel.calls.count("room_types") == 2
    for store in stores:
        await store.close()


async def test_without_redis_the_pms_is_asked(make: Make, hotel: FakeHotel) -> None:
    store = SharedStore("redis://127.0.0.1:9/0", structlog.get_logger())
    pms = replace(make(), cache=StaticCache(60, store))
    await pms.room_types("es")
    await pms.room_types("es")
    assert hotel.calls == ["room_types"]
    await store.close()


# ── the price, and what was booked ───────────────────────────────────────────────────────────────


async def test_a_new_price_is_put_to_the_guest_and_nothing_is_booked(
    make: Make, hotel: FakeHotel
) -> None:
    hotel.offer = replace(OFFER, total=dollars(310))
    with pytest.raises(PriceChanged) as caught:
        await make().book(DRAFT, "k")
    assert caught.value.offer == hotel.offer
    assert "create_reservation" not in hotel.calls


async def test_a_room_that_is_sold_meanwhile_is_sold_out(make: Make, hotel: FakeHotel) -> None:
    other = replace(OFFER.room_type, id="suite")
    hotel.offer = replace(OFFER, room_type=other)
    with pytest.raises(SoldOut):
        await make().book(DRAFT, "k")


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": dollars(1)},
        {"room_type_id": "suite"},
        {"stay": LONGER.stay},
        {"occupancies": (Occupancy(adults=1),)},
    ],
    ids=lambda one: next(iter(one)),
)
async def test_a_wrong_booking_is_taken_back(
    make: Make, hotel: FakeHotel, wrong: dict[str, object], database: Database
) -> None:
    hotel.capabilities = ALL
    hotel.books_wrong = wrong
    with pytest.raises(Rejected):
        await make().book(DRAFT, "k")
    (made,) = hotel.booked.values()
    assert made.status is ReservationStatus.CANCELLED
    assert (await operation(database)).state == "failed"


async def test_a_wrong_booking_that_stays_is_for_staff(
    make: Make, hotel: FakeHotel, database: Database
) -> None:
    hotel.capabilities = ALL
    hotel.books_wrong = {"total": dollars(1)}
    hotel.errors["cancel_reservation"] = [Rejected("no")]
    with pytest.raises(OutcomeUnknown):
        await make().book(DRAFT, "k")
    assert (await operation(database)).state == "unknown"


async def test_a_booking_found_after_silence_is_made_sure_of_where_the_pms_can(
    make: Make, hotel: FakeHotel
) -> None:
    hotel.idempotency, hotel.resumes = Idempotency.EXTERNAL_REF, True
    hotel.after["create_reservation"] = [OutcomeUnknown(), SoldOut()]
    with pytest.raises(SoldOut):
        await make().book(DRAFT, "k")
    assert hotel.calls.count("create_reservation") == 2
    hotel.errors["create_reservation"] = [OutcomeUnknown()]
    hotel.booked.clear()
    with pytest.raises(OutcomeUnknown):
        await make().book(DRAFT, "k2")
    assert hotel.calls.count("create_reservation") == 3


async def test_a_cent_of_rounding_is_no_wrong_booking(make: Make, hotel: FakeHotel) -> None:
    hotel.books_wrong = {"total": Money(amount=Decimal("300.01"), currency="USD")}
    assert (await make().book(DRAFT, "k")).total.amount == Decimal("300.01")


async def test_an_earlier_try_that_was_cancelled_is_not_taken_for_the_booking(
    make: Make, hotel: FakeHotel
) -> None:
    hotel.idempotency = Idempotency.EXTERNAL_REF
    pms, made = await booked(make, hotel)
    hotel.change(made.reference, status=ReservationStatus.CANCELLED)
    hotel.after["create_reservation"] = [OutcomeUnknown()]
    again = await pms.book(DRAFT, "k2")
    assert (again.reference, again.status) == ("R1", ReservationStatus.CONFIRMED)
    hotel.errors["create_reservation"] = [OutcomeUnknown()]
    hotel.change("R1", status=ReservationStatus.CANCELLED)
    with pytest.raises(OutcomeUnknown):
        await pms.book(DRAFT, "k3")


async def test_a_wrong_booking_is_not_taken_back_at_a_price(make: Make, hotel: FakeHotel) -> None:
    hotel.capabilities, hotel.fee = ALL, dollars(300)
    hotel.books_wrong = {"total": dollars(1)}
    with pytest.raises(OutcomeUnknown):
        await make().book(DRAFT, "k")
    assert "cancel_reservation" not in hotel.calls


async def test_a_look_up_that_is_refused_says_nothing_of_the_booking(
    make: Make, hotel: FakeHotel, database: Database
) -> None:
    hotel.idempotency = Idempotency.EXTERNAL_REF
    hotel.after["create_reservation"] = [OutcomeUnknown()]
    hotel.errors["find_reservations"] = [AuthFailed() for _ in range(2)]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await make().book(DRAFT, "k")
    assert (await operation(database)).state == "unknown"
    assert len(hotel.booked) == 1
    assert (await make().book(DRAFT, "k")).reference == "R0"


async def test_one_wish_at_the_same_moment_is_one_booking(make: Make, hotel: FakeHotel) -> None:
    """As when a process is taken for dead and its turn is run by another, too."""
    hotel.idempotency = Idempotency.EXTERNAL_REF
    one, other = make(), make()
    done = await asyncio.gather(one.book(DRAFT, "k"), other.book(DRAFT, "k"))
    assert [made.reference for made in done] == ["R0", "R0"]
    assert len(hotel.booked) == 1


async def test_who_comes_second_does_not_wait_for_himself(make: Make, hotel: FakeHotel) -> None:
    """Where writes take turns and a found booking is made sure of, in its own turn."""
    hotel.idempotency, hotel.resumes, hotel.serialise = Idempotency.EXTERNAL_REF, True, True
    pms = make()
    async with asyncio.timeout(10):
        done = await asyncio.gather(pms.book(DRAFT, "k"), pms.book(DRAFT, "k"))
    assert [made.reference for made in done] == ["R0", "R0"]
    assert len(hotel.booked) == 1


async def test_what_is_done_stays_done_whatever_a_second_run_notes(
    make: Make, database: Database
) -> None:
    pms = make()
    await pms.book(DRAFT, "k")
    await pms.writes._note("k", "unknown")
    row = await operation(database)
    assert (row.state, row.reference) == ("done", "R0")


async def test_a_read_is_bounded_with_its_wait_for_the_limits(make: Make, hotel: FakeHotel) -> None:
    hotel.limits = RateLimitPolicy(windows=(RateLimit(units=1, seconds=2),))
    pms = make(tenant=uuid.uuid4().hex, timeout=0.5)
    await pms.search_offers(QUERY)
    hotel.slow = 5.0
    begun = asyncio.get_running_loop().time()
    with pytest.raises(Unavailable):
        await pms.search_offers(QUERY)
    assert asyncio.get_running_loop().time() - begun < 3


async def test_what_is_made_and_cannot_be_read_is_not_said_to_be_undone(
    make: Make, hotel: FakeHotel
) -> None:
    pms = make()
    await pms.book(DRAFT, "k")
    hotel.errors["reservation"] = [Unavailable() for _ in range(3)]
    with pytest.raises(OutcomeUnknown):
        await pms.book(DRAFT, "k")


async def test_who_gave_up_waiting_for_a_turn_has_begun_nothing(
    make: Make, hotel: FakeHotel, database: Database
) -> None:
    hotel.serialise = True
    pms = make()
    assert pms.writes.lock is not None
    async with pms.writes.lock.held():
        waiting = asyncio.create_task(pms.book(DRAFT, "k"))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert (await operation(database)).state == ""
    assert (await pms.book(DRAFT, "k")).reference == "R0"


async def test_a_booking_that_could_not_be_noted_is_told_all_the_same(
    make: Make, hotel: FakeHotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pms = make()
    note = PmsWrites._note

    async def broken(self: PmsWrites, key: str, state: str, reference: str | None = None) -> None:
        if state == "done":
            raise OSError("the database went away")
        await note(self, key, state, reference)

    monkeypatch.setattr(PmsWrites, "_note", broken)
    assert (await pms.book(DRAFT, "k")).reference == "R0"
    monkeypatch.undo()
    assert (await pms.book(DRAFT, "k")).reference == "R0"
    assert len(hotel.booked) == 1


# ── changing, cancelling, adding ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", WRITES)
async def test_a_write_is_done_once_for_its_key(make: Make, hotel: FakeHotel, kind: str) -> None:
    pms, made = await booked(make, hotel)
    first = await WRITES[kind](pms, made)
    assert is_done(kind, first)
    assert await WRITES[kind](pms, made) == first
    assert hotel.calls.count(kind) == 1


@pytest.mark.parametrize("kind", WRITES)
async def test_what_was_done_in_silence_is_found(make: Make, hotel: FakeHotel, kind: str) -> None:
    pms, made = await booked(make, hotel)
    hotel.after[kind] = [OutcomeUnknown()]
    assert is_done(kind, await WRITES[kind](pms, made))
    assert hotel.calls.count(kind) == 1


@pytest.mark.parametrize(("kind", "calls"), [("amend_reservation", 1), ("book_service", 1)])
async def test_what_was_not_seen_is_not_done_again(
    make: Make, hotel: FakeHotel, database: Database, kind: str, calls: int
) -> None:
    pms, made = await booked(make, hotel)
    hotel.errors[kind] = [OutcomeUnknown()]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await WRITES[kind](pms, made)
    assert hotel.calls.count(kind) == calls
    assert (await operation(database, "w")).state == "unknown"


async def test_cancelling_is_harmless_to_repeat(make: Make, hotel: FakeHotel) -> None:
    pms, made = await booked(make, hotel)
    hotel.errors["cancel_reservation"] = [OutcomeUnknown()]
    assert (await cancel(pms, made)).status is ReservationStatus.CANCELLED
    assert hotel.calls.count("cancel_reservation") == 2


@pytest.mark.parametrize("point", ["pms.before_write", "pms.after_write"])
@pytest.mark.parametrize("kind", WRITES)
async def test_a_crash_leaves_one_write_or_none(
    make: Make, hotel: FakeHotel, kind: str, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(reached: str) -> None:
        if reached == point:
            raise asyncio.CancelledError

    pms, made = await booked(make, hotel)
    monkeypatch.setattr(failpoints, "reached", crash)
    with pytest.raises(asyncio.CancelledError):
        await WRITES[kind](pms, made)
    monkeypatch.undo()
    if point == "pms.before_write" and kind != "cancel_reservation":
        with pytest.raises(OutcomeUnknown):
            await WRITES[kind](pms, made)
        assert kind not in hotel.calls
    else:
        assert is_done(kind, await WRITES[kind](pms, made))
        assert hotel.calls.count(kind) == 1


@pytest.mark.parametrize("kind", ["amend_reservation", "cancel_reservation"])
async def test_a_fee_that_changed_is_put_to_the_guest(
    make: Make, hotel: FakeHotel, kind: str
) -> None:
    pms, made = await booked(make, hotel)
    change = await pms.preview_amendment(made.reference, LONGER)
    end = await pms.preview_cancellation(made.reference)
    hotel.fee = dollars(50)
    with pytest.raises(PriceChanged):
        await (pms.amend(change, "w") if kind == "amend_reservation" else pms.cancel(end, "w"))
    assert kind not in hotel.calls


async def test_a_reservation_that_changed_meanwhile_is_not_amended_unseen(
    make: Make, hotel: FakeHotel
) -> None:
    pms, made = await booked(make, hotel)
    change = await pms.preview_amendment(made.reference, LONGER)
    hotel.change(made.reference)
    with pytest.raises(PriceChanged):
        await pms.amend(change, "w")


async def test_a_service_at_another_price_is_put_to_the_guest(make: Make, hotel: FakeHotel) -> None:
    pms, made = await booked(make, hotel)
    with pytest.raises(PriceChanged):
        await pms.book_service(made.reference, replace(LATE, price=dollars(1)), "w")
    with pytest.raises(SoldOut):
        await pms.book_service(made.reference, replace(LATE, id="gone"), "v")


async def test_what_is_not_declared_is_never_called(make: Make, hotel: FakeHotel) -> None:
    pms = make()
    made = await pms.book(DRAFT, "k")
    for work in WRITES.values():
        with pytest.raises(Unsupported):
            await work(pms, made)
    assert set(hotel.calls) == {"search_offers", "create_reservation"}


# ── one at a time ────────────────────────────────────────────────────────────────────────────────


async def test_writes_take_turns_where_the_pms_needs_it(make: Make, hotel: FakeHotel) -> None:
    hotel.serialise, hotel.idempotency = True, Idempotency.NONE
    pms = make()
    await asyncio.gather(*(pms.book(DRAFT, f"k{n}") for n in range(5)))
    assert (len(hotel.booked), hotel.most_at_work) == (5, 1)


async def test_writes_go_together_where_it_does_not(make: Make, hotel: FakeHotel) -> None:
    hotel.idempotency = Idempotency.NONE
    pms = make()
    await asyncio.gather(*(pms.book(DRAFT, f"k{n}") for n in range(5)))
    assert hotel.most_at_work > 1


async def test_processes_take_turns_through_postgresql(postgres_url: str) -> None:
    """Two locks of one name, on two engines, are as two processes; another name is free."""
    name, inside, most = uuid.uuid4().hex, 0, 0
    databases = [connect(postgres_url) for _ in range(2)]
    locks = [PropertyLock(name, one.sessions) for one in databases]

    async def work(lock: PropertyLock) -> None:
        nonlocal inside, most
        async with lock.held():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.02)
            inside -= 1

    await asyncio.gather(*(work(lock) for lock in locks * 5))
    assert most == 1
    async with locks[0].held(), PropertyLock(f"{name}x", databases[1].sessions).held():
        pass
    for one in databases:
        await one.close()


async def test_who_waits_too_long_for_a_turn_is_told_and_nothing_was_begun(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agente_hotelero._runtime.pms_lock.WAIT_SECONDS", 0.2)
    name = uuid.uuid4().hex
    databases = [connect(postgres_url) for _ in range(2)]
    one, other = (PropertyLock(name, database.sessions) for database in databases)
    async with one.held():
        with pytest.raises(Unavailable):
            async with other.held():
                pass
        with pytest.raises(Unavailable):
            async with one.held():
                pass
    async with other.held():
        pass
    for database in databases:
        await database.close()


async def test_the_row_says_what_kind_of_write_it_was(
    make: Make, hotel: FakeHotel, database: Database
) -> None:
    pms, made = await booked(make, hotel)
    await cancel(pms, made)
    row: PmsOperation = await operation(database, "w")
    assert (row.kind, row.state, row.reference) == ("cancel_reservation", "done", made.reference)
