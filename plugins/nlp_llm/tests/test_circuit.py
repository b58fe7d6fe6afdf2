"""When the endpoint is left alone, and when it is tried."""

from __future__ import annotations

import asyncio

import pytest
from agente_hotelero.errors import AuthFailed, HoteleroError, Rejected, Throttled, Unavailable
from agente_hotelero_nlp_llm.circuit import LONGEST_REST, Circuit

pytestmark = pytest.mark.anyio


def fail(circuit: Circuit, error: BaseException) -> None:
    with pytest.raises(type(error)), circuit.call():
        raise error


def rests(circuit: Circuit) -> bool:
    try:
        with circuit.call():
            return False
    except Unavailable:
        return True


@pytest.mark.parametrize("error", [Unavailable(), AuthFailed()], ids=["away", "key"])
def test_failures_in_a_row_bring_rest(error: HoteleroError) -> None:
    circuit = Circuit(failures=2, seconds=5)
    fail(circuit, error)
    assert circuit.left <= 0
    fail(circuit, error)
    assert 4 < circuit.left <= 5
    assert rests(circuit)


def test_a_success_in_between_begins_the_count_anew() -> None:
    circuit = Circuit(failures=2, seconds=5)
    for _ in range(4):
        fail(circuit, Unavailable())
        assert not rests(circuit)


def test_a_refused_request_and_a_cancelled_call_say_nothing() -> None:
    circuit = Circuit(failures=2, seconds=5)
    for _ in range(3):
        fail(circuit, Rejected())
        fail(circuit, asyncio.CancelledError())
    assert not rests(circuit)


@pytest.mark.parametrize(("told", "seconds"), [(20.0, 20), (None, 5), (1e9, LONGEST_REST)])
def test_who_is_asked_to_slow_down_does(told: float | None, seconds: float) -> None:
    circuit = Circuit(failures=2, seconds=5)
    fail(circuit, Throttled(retry_after=told))
    assert seconds - 1 < circuit.left <= seconds


async def test_after_the_rest_one_call_tries_and_the_others_wait_for_it() -> None:
    circuit = Circuit(failures=1, seconds=0.1)
    fail(circuit, Unavailable())
    await asyncio.sleep(0.12)
    with circuit.call():
        assert rests(circuit)
    assert not rests(circuit)


async def test_a_trial_that_fails_brings_rest_again() -> None:
    circuit = Circuit(failures=3, seconds=0.1)
    for _ in range(3):
        fail(circuit, Unavailable())
    await asyncio.sleep(0.12)
    fail(circuit, Unavailable())
    assert rests(circuit)


async def test_a_trial_that_was_cancelled_makes_room_for_the_next() -> None:
    circuit = Circuit(failures=1, seconds=0.1)
    fail(circuit, Unavailable())
    await asyncio.sleep(0.12)
    fail(circuit, asyncio.CancelledError())
    assert not rests(circuit)
    assert not rests(circuit)


def test_a_late_answer_does_not_end_a_rest() -> None:
    circuit = Circuit(failures=1, seconds=5)
    with circuit.call():
        fail(circuit, Unavailable())
    assert rests(circuit)


async def test_a_late_failure_does_not_lengthen_a_rest() -> None:
    circuit = Circuit(failures=1, seconds=5)

    async def late() -> None:
        with circuit.call():
            await asyncio.sleep(0.05)
            raise Unavailable

    begun = asyncio.create_task(late())
    await asyncio.sleep(0)
    fail(circuit, Unavailable())
    with pytest.raises(Unavailable):
        await begun
    assert circuit.left < 4.97
