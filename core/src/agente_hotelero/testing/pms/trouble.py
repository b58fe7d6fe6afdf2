"""Faults: each at every operation, at every request that the operation makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    Throttled,
    Unavailable,
)
from agente_hotelero.testing.pms.facts import NOT_HERE
from agente_hotelero.testing.pms.faults import RETRY_AFTER, Fault, FaultTransport
from agente_hotelero.testing.pms.operations import OPERATIONS, Operation
from agente_hotelero.testing.pms.visit import Bench, Visit

MOST_REQUESTS = 25
READING: Mapping[Fault, type[HoteleroError]] = {
    Fault.UNAUTHORISED: AuthFailed,
    Fault.THROTTLED: Throttled,
    Fault.DOWN: Unavailable,
    Fault.HTML: Unavailable,
    Fault.EMPTY: Unavailable,
    Fault.REFUSED: Unavailable,
    Fault.TIMEOUT: Unavailable,
    Fault.LOST: Unavailable,
}
WRITING = {
    **READING,
    Fault.DOWN: OutcomeUnknown,
    Fault.HTML: OutcomeUnknown,
    Fault.EMPTY: OutcomeUnknown,
    Fault.TIMEOUT: OutcomeUnknown,
    Fault.LOST: OutcomeUnknown,
}
# At which request a kit's operation takes effect: learnt once, by trying.
_LEARNT: dict[tuple[str, str], int] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Struck:
    """What came of a call; `reached` says whether the fault struck anything at all."""

    error: Exception | None
    reached: bool
    done: bool


class Troubled:
    """The right class says what the caller should do; a wrong one books twice, or not at all."""

    @pytest.mark.parametrize("fault", Fault, ids=str)
    @pytest.mark.parametrize("operation", OPERATIONS, ids=str)
    def test_a_failure_says_what_to_do(
        self, bench: Bench, operation: Operation, fault: Fault
    ) -> None:
        async def work(visit: Visit) -> None:
            visit.need(operation.needs)
            if visit.transport is None:
                await _in_process(bench, visit, operation, fault)
            elif operation.writes:
                await _each_request_of_a_write(bench, visit, operation, fault)
            else:
                await _each_request_of_a_read(visit, operation, fault)

        bench.run(work)


async def _each_request_of_a_read(visit: Visit, operation: Operation, fault: Fault) -> None:
    for place in range(MOST_REQUESTS):
        struck = await strike(visit, operation, fault, place)
        if not struck.reached:
            return
        where = f"request {place + 1} of {operation} met {fault}"
        assert struck.error is not None, f"{where}, and it said nothing"
        _check(struck.error, (READING[fault],), where)


async def _each_request_of_a_write(
    bench: Bench, visit: Visit, operation: Operation, fault: Fault
) -> None:
    effect = await effect_at(bench, visit, operation)
    for place in range(MOST_REQUESTS):
        struck = await strike(visit, operation, fault, place)
        if not struck.reached:
            return
        where = f"request {place + 1} of {operation} (it takes effect at {effect + 1}) met {fault}"
        if struck.error is None:
            assert struck.done, f"{where}, and it said that all was well"
        elif struck.done:
            _check(struck.error, (OutcomeUnknown,), f"{where}, and it was done")
        else:
            before = (READING[fault], WRITING[fault])
            _check(struck.error, before if place < effect else (WRITING[fault],), where)


async def _in_process(bench: Bench, visit: Visit, operation: Operation, fault: Fault) -> None:
    if fault not in bench.faults:
        pytest.skip(f"{NOT_HERE}it cannot meet the fault {fault}")
    attempt = await operation.prepare(visit)
    error: Exception | None = None
    async with visit.make(visit.services, fault=fault) as adapter:
        try:
            await attempt.call(adapter)
        except Exception as caught:
            error = caught
    done = await attempt.done() if attempt.done else False
    where = f"{operation} met {fault}"
    if error is not None:
        allowed = WRITING[fault] if operation.writes else READING[fault]
        _check(error, (OutcomeUnknown if done else allowed,), where)
    elif operation.writes:
        assert done, f"{where}, and it said that all was well"


def _check(error: Exception, allowed: tuple[type[HoteleroError], ...], where: str) -> None:
    names = " or ".join(dict.fromkeys(one.__name__ for one in allowed))
    assert isinstance(error, allowed), f"{where}: {type(error).__name__} instead of {names}"
    if isinstance(error, Throttled):
        assert error.retry_after == RETRY_AFTER, f"{where}: Retry-After was not kept"


async def strike(visit: Visit, operation: Operation, fault: Fault, after: int) -> Struck:
    """Make the call, with every request after so many struck; and look at what came of it."""
    transport = _of(visit)
    attempt = await operation.prepare(visit)
    transport.strike(fault, after=after)
    error: Exception | None = None
    try:
        await attempt.call(visit.adapter)
    except Exception as caught:
        error = caught
    reached = transport.asked > after
    transport.calm()
    done = await attempt.done() if attempt.done else False
    await visit.tidy()
    return Struck(error=error, reached=reached, done=done)


async def effect_at(bench: Bench, visit: Visit, operation: Operation) -> int:
    """The request at which a write takes effect: the first whose followers may all be refused.

    Needs no knowledge of the API: signing in, carts and look-ups come before it.
    """
    known = (bench.kit, operation.name)
    if known not in _LEARNT:
        for place in range(MOST_REQUESTS):
            if (await strike(visit, operation, Fault.REFUSED, place + 1)).done:
                _LEARNT[known] = place
                break
        else:
            raise AssertionError(f"{operation} has no effect that can be looked up")
    return _LEARNT[known]


def _of(visit: Visit) -> FaultTransport:
    assert visit.transport is not None
    return visit.transport
