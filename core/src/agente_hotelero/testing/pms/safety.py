"""Idempotency, concurrency and cancellation: one wish is done once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from agente_hotelero.errors import OutcomeUnknown, SoldOut, Unavailable
from agente_hotelero.pms import Capability, Idempotency
from agente_hotelero.stays import Money, Offer, Reservation, ReservationDraft
from agente_hotelero.testing.pms.facts import NOT_HERE, UNDECLARED
from agente_hotelero.testing.pms.faults import Fault
from agente_hotelero.testing.pms.operations import OPERATIONS, WRITES, Operation
from agente_hotelero.testing.pms.trouble import effect_at
from agente_hotelero.testing.pms.visit import Bench, Visit

AT_ONCE = 10
PATIENCE = 5


class Idempotent:
    """Idempotency, by the declared strategy."""

    def test_the_same_key_books_once(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            need_strategy(visit, Idempotency.NATIVE_KEY)
            draft = visit.draft(await visit.offer())
            made, again = await visit.create(draft), await visit.create(draft)
            assert again.reference == made.reference
            assert len(await visit.look_up(draft)) == 1

        bench.run(work)

    def test_the_same_key_at_once_books_once(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            need_strategy(visit, Idempotency.NATIVE_KEY)
            draft = visit.draft(await visit.offer())
            made = await at_once(visit, [lambda: visit.create(draft)] * 5)
            assert len({one.reference for one in made if isinstance(one, Reservation)}) == 1
            assert len(await visit.look_up(draft)) == 1

        bench.run(work)

    def test_our_reference_finds_what_it_booked(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            need_strategy(visit, Idempotency.EXTERNAL_REF)
            draft = visit.draft(await visit.offer())
            assert await visit.look_up(draft) == []
            made = await visit.create(draft)
            assert made.external_ref == draft.external_ref
            assert await visit.look_up(draft) == [made]

        bench.run(work)

    def test_a_lost_answer_is_resolved_and_has_booked_once(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            if visit.info.idempotency is Idempotency.NONE:
                pytest.skip(f"{UNDECLARED}no strategy: staff look")
            visit.need(Capability.CREATE)
            draft = visit.draft(await visit.offer())
            await lose_the_answer(bench, visit, draft)
            if visit.info.idempotency is Idempotency.NATIVE_KEY:
                await visit.create(draft)
            assert len(await visit.look_up(draft)) == 1

        bench.run(work)

    def test_what_was_never_sent_can_be_tried_again(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.CREATE)
            draft = visit.draft(await visit.offer())
            with pytest.raises(Unavailable):
                await meet(bench, visit, Fault.REFUSED, draft)
            assert await visit.look_up(draft) == []
            await visit.create(draft)
            assert len(await visit.look_up(draft)) == 1

        bench.run(work)

    @pytest.mark.parametrize("operation", WRITES[1:], ids=str)
    def test_done_twice_is_done_once(self, bench: Bench, operation: Operation) -> None:
        async def work(visit: Visit) -> None:
            visit.need(operation.needs)
            attempt = await operation.prepare(visit)
            once, twice = await attempt.call(visit.adapter), await attempt.call(visit.adapter)
            assert twice == once

        bench.run(work)


class Concurrent:
    """Concurrency: many at once, or one after another where the adapter says `serialise`."""

    def test_of_many_one_gets_the_last_room(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.CREATE)
            offer = await visit.offer(visit.hotel.need("last"))
            drafts = [visit.draft(offer) for _ in range(AT_ONCE)]
            outcomes = await at_once(visit, [_ordering(visit, draft) for draft in drafts])
            made = [one for one in outcomes if isinstance(one, Reservation)]
            assert len(made) == 1, f"{len(made)} guests have the last room"
            others = {type(one).__name__ for one in outcomes if not isinstance(one, Reservation)}
            assert others == {SoldOut.__name__}
            found = [one for draft in drafts for one in await visit.look_up(draft)]
            assert [one.reference for one in found] == [made[0].reference]

        bench.run(work)

    def test_questions_at_once_do_not_mix(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            property_id = visit.hotel.property_id
            offers = [_priced(await visit.adapter.search_offers(visit.hotel.free))]
            rooms = [list(await visit.adapter.room_types(property_id, "es"))]
            asked, seen = await asyncio.gather(
                asyncio.gather(
                    *(visit.adapter.search_offers(visit.hotel.free) for _ in range(AT_ONCE))
                ),
                asyncio.gather(
                    *(visit.adapter.room_types(property_id, "es") for _ in range(AT_ONCE))
                ),
            )
            assert [_priced(one) for one in asked] == offers * AT_ONCE
            assert [list(one) for one in seen] == rooms * AT_ONCE

        bench.run(work)


class Cancelled:
    """Cancellation: a call that is given up ends, and leaves the adapter as good as before."""

    @pytest.mark.parametrize("operation", OPERATIONS, ids=str)
    def test_a_call_can_be_given_up(self, bench: Bench, operation: Operation) -> None:
        async def work(visit: Visit) -> None:
            visit.need(operation.needs)
            attempt = await operation.prepare(visit)
            task = asyncio.ensure_future(attempt.call(visit.adapter))
            await _under_way(visit, task)
            cancelled = task.cancel()
            await asyncio.wait({task}, timeout=PATIENCE)
            assert task.done(), "it did not end when it was cancelled"
            assert task.cancelled() or not cancelled, "it swallowed its cancellation"
            if visit.transport is not None:
                visit.transport.calm()
            await (await operation.prepare(visit)).call(visit.adapter)

        bench.run(work)


async def _under_way(visit: Visit, task: asyncio.Future[Any]) -> None:
    """Return when the call waits for an answer, or has asked nobody."""
    if visit.transport is None:
        await asyncio.sleep(0)
        return
    asked = asyncio.ensure_future(visit.transport.stall().wait())
    await asyncio.wait({task, asked}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()


def _priced(offers: Sequence[Offer]) -> list[tuple[str, Money]]:
    return [(one.id, one.total) for one in offers]


def need_strategy(visit: Visit, strategy: Idempotency) -> None:
    visit.need(Capability.CREATE)
    if visit.info.idempotency is not strategy:
        pytest.skip(f"{UNDECLARED}idempotency is {visit.info.idempotency.value}")


def _ordering(visit: Visit, draft: ReservationDraft) -> Callable[[], Awaitable[Reservation]]:
    return lambda: visit.create(draft)


async def at_once(
    visit: Visit, calls: list[Callable[[], Awaitable[Reservation]]]
) -> list[Reservation | BaseException]:
    """What came of each; as the core calls them: in turn, where the adapter asks for it."""
    if not visit.info.serialise:
        return await asyncio.gather(*(call() for call in calls), return_exceptions=True)
    outcomes: list[Reservation | BaseException] = []
    for call in calls:
        outcomes += await asyncio.gather(call(), return_exceptions=True)
    return outcomes


async def lose_the_answer(bench: Bench, visit: Visit, draft: ReservationDraft) -> None:
    """The order arrives, its answer does not; an adapter may find that out by itself."""
    try:
        await meet(bench, visit, Fault.LOST, draft)
    except OutcomeUnknown:
        return


async def meet(bench: Bench, visit: Visit, fault: Fault, draft: ReservationDraft) -> Reservation:
    """Order while the fault strikes the request that books."""
    transport = visit.transport
    if transport is None:
        if fault not in bench.faults:
            pytest.skip(f"{NOT_HERE}it cannot meet the fault {fault}")
        async with visit.make(visit.services, fault=fault) as adapter:
            return await adapter.create_reservation(draft, draft.external_ref)
    create = next(one for one in OPERATIONS if one.name == "create_reservation")
    transport.strike(fault, after=await effect_at(bench, visit, create))
    try:
        return await visit.create(draft)
    finally:
        transport.calm()
