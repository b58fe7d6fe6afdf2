"""What the core's guard, journal and cache cost a call to a PMS, beside the bare adapter's call."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import date, timedelta

from agente_hotelero._runtime import agent as agents
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero.config import load
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    Offer,
    OfferQuery,
    ReservationDraft,
    Stay,
)

from benchmarks.measure import KINDS, database, median_and_range, table

ROUNDS = 9
READS = 60
BOOKINGS = 12
GUESTS = 50
FIRST = date.today() + timedelta(days=30)
days = itertools.count()
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The same thing done twice: by the adapter alone, and through the core."""

    name: str
    times: int
    bare: Work
    guarded: Work


def query(nights: int = 1, start: int = 0) -> OfferQuery:
    arrival = FIRST + timedelta(days=start)
    stay = Stay(arrival=arrival, departure=arrival + timedelta(days=nights))
    return OfferQuery(property_id="1", stay=stay, occupancies=(Occupancy(adults=2),))


async def an_offer(pms: GuardedPms) -> Offer:
    """Of a night that nobody was sold yet."""
    offers = await pms.adapter.search_offers(query(start=next(days) % 300))
    return offers[0]


def order(offer: Offer) -> tuple[ReservationDraft, str]:
    key = uuid.uuid4().hex
    guest = Guest(name="Ana García", email="ana@example.com")
    return ReservationDraft(offer=offer, guest=guest, external_ref=f"B-{key}"), key


def pairs(pms: GuardedPms) -> list[Pair]:
    async def bare_booking() -> object:
        return await pms.adapter.create_reservation(*order(await an_offer(pms)))

    async def guarded_booking() -> object:
        return await pms.book(*order(await an_offer(pms)))

    async def many(search: Callable[[OfferQuery], Awaitable[object]], *, equal: bool) -> object:
        asked = [query(start=0 if equal else guest) for guest in range(GUESTS)]
        return await asyncio.gather(*(search(one) for one in asked))

    def at_once(*, equal: bool) -> tuple[Work, Work]:
        return (
            lambda: many(pms.adapter.search_offers, equal=equal),
            lambda: many(pms.search_offers, equal=equal),
        )

    apart, same = at_once(equal=False), at_once(equal=True)
    return [
        Pair(
            name="search",
            times=READS,
            bare=lambda: pms.adapter.search_offers(query()),
            guarded=lambda: pms.search_offers(query()),
        ),
        Pair(
            name="room types, from the cache",
            times=READS,
            bare=lambda: pms.adapter.room_types("1", "es"),
            guarded=lambda: pms.room_types("es"),
        ),
        Pair(
            name="book: price again, journal, look",
            times=BOOKINGS,
            bare=bare_booking,
            guarded=guarded_booking,
        ),
        Pair(name=f"{GUESTS} different searches at once", times=1, bare=apart[0], guarded=apart[1]),
        Pair(name=f"{GUESTS} equal searches at once", times=1, bare=same[0], guarded=same[1]),
    ]


async def milliseconds(work: Work, times: int) -> float:
    """CPU of this process per time."""
    before = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - before) / times * 1e3


async def measured(url: str) -> list[list[object]]:
    environ = {"DATABASE_URL": url, "PMS_TYPE": "mock"}
    settings = load(None, environ, installed={"pms_mock"})
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(agents.running(settings, work=False))
        pms = agent.tenants["default"].pms
        if pms is None:
            raise RuntimeError("the hotel has no PMS")
        return [await row(pair) for pair in pairs(pms)]


async def row(pair: Pair) -> list[object]:
    bare, guarded = [], []
    for number in range(ROUNDS + 1):
        one = await milliseconds(pair.bare, pair.times)
        other = await milliseconds(pair.guarded, pair.times)
        if number:  # the first warms up
            bare.append(one)
            guarded.append(other)
    ratios = [one / other for one, other in zip(guarded, bare, strict=True)]
    return [
        pair.name,
        f"{statistics.median(bare):.2f}",
        f"{statistics.median(guarded):.2f}",
        median_and_range(ratios),
    ]


def main() -> None:
    rows: list[list[object]] = []
    for kind in KINDS:
        with ExitStack() as stack:
            url = stack.enter_context(database(kind))
            rows += [[kind, *one] for one in asyncio.run(measured(url))]
    header = ["database", "call", "adapter alone, CPU ms", "through the core, CPU ms", "ratio"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
