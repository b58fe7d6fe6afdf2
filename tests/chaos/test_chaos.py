"""Faults between the agent and each of its neighbours, while guests ask and book.

Whatever goes wrong on the way: every question is answered, in order; nobody is booked twice; who
was told that it is booked has a booking; the circuit opens and closes; afterwards all is well.
A few pairs run always, all of them with HOTELERO_FULL (`make chaos`).
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from tests.chaos.arena import (
    AWAY,
    BOOKED,
    CLOSED,
    OFFERED,
    OPEN,
    QUOTE,
    UNKNOWN,
    Arena,
    Buyer,
    arena,
)
from tests.support.cluster import Walker, repeated
from tests.support.fault_proxy import Fault

FAULT_SECONDS = 4.0
FAULTS = [one for one in Fault if one is not Fault.NONE]
ALWAYS = {
    ("postgres", Fault.RESET),
    ("redis", Fault.RESET),
    ("pms", Fault.BLACK_HOLE),
    ("meta", Fault.RESET),
}
PAIRS = [
    pytest.param(
        target,
        fault,
        marks=()
        if (target, fault) in ALWAYS or os.environ.get("HOTELERO_FULL")
        else pytest.mark.skip("make chaos"),
    )
    for target in ("postgres", "redis", "pms", "meta")
    for fault in FAULTS
]
SILENT = (Fault.BLACK_HOLE, Fault.REFUSE, Fault.RESET)


async def until(done: Callable[[], object], seconds: float = 60.0) -> float:
    """How long it took."""
    begun = time.monotonic()
    while not await asyncio.to_thread(done):
        assert time.monotonic() < begun + seconds
        await asyncio.sleep(0.2)
    return time.monotonic() - begun


async def in_trouble(place: Arena, target: str, fault: Fault) -> None:
    await asyncio.sleep(0.5)
    await asyncio.to_thread(place.proxies[target].be, fault)
    await asyncio.sleep(FAULT_SECONDS)
    await asyncio.to_thread(place.proxies[target].be, Fault.NONE)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("target", "fault"), PAIRS)
def test_nothing_is_lost_and_nothing_is_booked_twice(
    tmp_path: Path, postgres_url: str, redis_url: str, target: str, fault: Fault
) -> None:
    async def story(place: Arena) -> None:
        walkers = [Walker(place.cluster, f"54911555{n:05}", random.Random(n)) for n in range(3)]
        buyers = [Buyer(place, n) for n in range(2)]
        await asyncio.gather(*(buyer.come_to_the_summary() for buyer in buyers))
        async with httpx.AsyncClient(timeout=15) as client:
            trouble = asyncio.create_task(in_trouble(place, target, fault))
            guests: list[Awaitable[object]] = [walker.walk(client, 4) for walker in walkers]
            await asyncio.gather(trouble, *guests, *(buyer.insist() for buyer in buyers))
            await until(lambda: place.circuit() != OPEN)
            await Buyer(place, 99).say("¿hay wifi?")
        check(place, walkers, buyers)

    with arena(tmp_path, postgres_url, redis_url) as place:
        asyncio.run(story(place))


def check(place: Arena, walkers: list[Walker], buyers: list[Buyer]) -> None:
    for walker in walkers:
        assert walker.in_order(), walker.confusion()
    for buyer in buyers:
        made = place.bookings_of(buyer.email)
        assert made <= 1, buyer.told
        assert made == 1 or BOOKED not in buyer.verdicts(), buyer.told
        assert UNKNOWN in buyer.verdicts() or made == 1, buyer.told
    assert repeated(place.simulator) <= len(walkers) + len(buyers)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "fault",
    [
        one
        if one is Fault.BLACK_HOLE or os.environ.get("HOTELERO_FULL")
        else pytest.param(one, marks=pytest.mark.skip("make chaos"))
        for one in SILENT
    ],
)
def test_a_pms_that_cannot_be_reached_opens_its_circuit_and_guests_hear_the_truth(
    tmp_path: Path, postgres_url: str, redis_url: str, fault: Fault
) -> None:
    async def story(place: Arena) -> None:
        assert OFFERED in await Buyer(place, 1).say(QUOTE)
        assert place.circuit() == CLOSED
        place.proxies["pms"].be(fault)
        for number in (2, 3, 4):
            told = await Buyer(place, number).say(QUOTE)
            assert AWAY in told
            assert "EUR" not in told
        await until(lambda: place.circuit() == OPEN)
        assert "RED-WIFI" in await Buyer(place, 5).say("¿hay wifi?")
        place.proxies["pms"].be(Fault.NONE)
        await asyncio.sleep(2.5)
        assert OFFERED in await Buyer(place, 6).say(QUOTE)
        assert place.circuit() == CLOSED

    with arena(tmp_path, postgres_url, redis_url) as place:
        asyncio.run(story(place))
