from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog
from agente_hotelero._runtime import guard as guards
from agente_hotelero._runtime import outputs
from agente_hotelero._runtime.circuit import Circuit
from agente_hotelero._runtime.guard import Guard, Walls
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    PluginBug,
    Rejected,
    Throttled,
    Unavailable,
)

pytestmark = pytest.mark.anyio
RESET = 0.05


def guard(circuit: Circuit | None = None, *, timeout: float = 1.0, concurrency: int = 100) -> Guard:
    log = structlog.get_logger()
    return Guard("pms_acme", log, timeout=timeout, concurrency=concurrency, circuit=circuit)


def circuit(failures: int = 3) -> Circuit:
    return Circuit("pms_acme/sol", failures=failures, reset_seconds=RESET)


async def fail(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


async def succeed() -> str:
    await asyncio.sleep(0)
    return "ok"


async def attempt(walls: Guard, error: BaseException) -> None:
    with pytest.raises(type(error)):
        await walls.call("search", lambda: fail(error))


async def test_failures_of_the_dependency_open_the_circuit() -> None:
    breaker = circuit()
    for _ in range(3):
        await attempt(guard(breaker), Unavailable())
    assert breaker.state == 2


async def test_an_open_circuit_answers_at_once_without_calling() -> None:
    walls = guard(circuit(failures=1))
    await attempt(walls, Unavailable())
    called = False

    async def work() -> None:
        nonlocal called
        called = True

    with pytest.raises(Unavailable) as caught:
        await walls.call("search", work)
    assert not called
    assert caught.value.retry_after == pytest.approx(RESET, abs=RESET)


@pytest.mark.parametrize(
    "error",
    [NotFound(), Rejected("no"), Throttled(retry_after=1)],
    ids=["not found", "rejected", "throttled"],
)
async def test_errors_that_are_no_fault_of_the_dependency_leave_it_closed(
    error: HoteleroError,
) -> None:
    breaker = circuit(failures=1)
    await attempt(guard(breaker), error)
    assert breaker.state == 0


@pytest.mark.parametrize("error", [OutcomeUnknown(), AuthFailed()], ids=["unknown", "auth"])
async def test_errors_that_speak_against_the_dependency_open_it(error: HoteleroError) -> None:
    breaker = circuit(failures=1)
    await attempt(guard(breaker), error)
    assert breaker.state == 2


async def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = circuit(failures=2)
    walls = guard(breaker)
    await attempt(walls, Unavailable())
    await walls.call("search", succeed)
    await attempt(walls, Unavailable())
    assert breaker.state == 0


async def test_cancellations_cast_no_vote() -> None:
    breaker = circuit(failures=1)
    walls = guard(breaker)
    for _ in range(10):
        task = asyncio.create_task(walls.call("search", lambda: asyncio.sleep(5)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert breaker.state == 0


async def test_one_caller_tries_when_the_time_has_come() -> None:
    breaker = circuit(failures=1)
    walls = guard(breaker)
    await attempt(walls, Unavailable())
    await asyncio.sleep(RESET * 1.5)
    calls = 0

    async def slow() -> None:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.02)

    outcomes = await asyncio.gather(
        *(walls.call("search", slow) for _ in range(50)), return_exceptions=True
    )
    assert calls == 1
    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 49
    assert breaker.state == 0


async def test_a_failed_trial_opens_it_again() -> None:
    breaker = circuit(failures=1)
    walls = guard(breaker)
    await attempt(walls, Unavailable())
    await asyncio.sleep(RESET * 1.5)
    await attempt(walls, Unavailable("still down"))
    assert breaker.state == 2


async def test_a_cancelled_trial_leaves_the_place_to_the_next() -> None:
    breaker = circuit(failures=1)
    walls = guard(breaker)
    await attempt(walls, Unavailable())
    await asyncio.sleep(RESET * 1.5)
    task = asyncio.create_task(walls.call("search", lambda: asyncio.sleep(5)))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await walls.call("search", succeed) == "ok"
    assert breaker.state == 0


async def test_votes_about_a_past_period_are_ignored() -> None:
    breaker = circuit(failures=1)
    late = breaker.admit()
    breaker.settle(breaker.admit(), failed=True)
    opened = breaker.state
    breaker.settle(late, failed=False)
    assert (opened, breaker.state) == (2, 2)


async def test_state_changes_are_told() -> None:
    told: list[int] = []
    breaker = Circuit("x", failures=1, reset_seconds=RESET, on_change=told.append)
    walls = guard(breaker)
    await attempt(walls, Unavailable())
    await asyncio.sleep(RESET * 1.5)
    await walls.call("search", succeed)
    assert (told[0], told[1], told[-1]) == (0, 2, 0)


async def test_a_read_that_takes_too_long_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="too long"):
        await guard(timeout=0.01).call("search", lambda: asyncio.sleep(5))


async def test_a_write_that_takes_too_long_has_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown):
        await guard(timeout=0.01).call("book", lambda: asyncio.sleep(5), writes=True)


async def test_an_error_outside_the_tree_is_a_bug_of_the_plugin() -> None:
    with pytest.raises(PluginBug) as caught:
        await guard().call("search", lambda: fail(KeyError("x")))
    assert (caught.value.plugin, caught.value.operation) == ("pms_acme", "search")
    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_plugin_that_hangs_holds_only_its_own_places() -> None:
    walls = guard(timeout=0.05, concurrency=1)
    first = asyncio.create_task(walls.call("search", lambda: asyncio.sleep(5)))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await walls.call("search", succeed)
    with pytest.raises(Unavailable):
        await first
    assert await walls.call("search", succeed) == "ok"


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
async def test_what_would_end_the_process_is_a_bug_of_the_plugin(error: BaseException) -> None:
    with pytest.raises(PluginBug):
        await guard().call("search", lambda: fail(error))
    with pytest.raises(PluginBug):
        guard().run("parse", lambda: next(raising(error)))


def raising(error: BaseException) -> Iterator[None]:
    yield from ()
    raise error


async def test_a_plugin_that_cancels_itself_does_not_cancel_its_caller() -> None:
    with pytest.raises(PluginBug):
        await guard().call("search", lambda: fail(asyncio.CancelledError()))


async def test_a_result_that_the_core_does_not_take_is_a_bug_of_the_plugin() -> None:
    with pytest.raises(PluginBug) as caught:
        await guard().call("search", succeed, check=outputs.rows(int))
    assert isinstance(caught.value.__cause__, TypeError)


async def test_code_that_awaits_nothing_may_raise_what_its_contract_says() -> None:
    def parse() -> None:
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        guard().run("parse", parse, lets=(ValueError,))
    with pytest.raises(PluginBug):
        guard().run("parse", parse)


async def test_what_will_not_be_cancelled_is_left_behind_and_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guards, "CLEANUP_SECONDS", 0.02)
    done = asyncio.Event()

    async def stubborn() -> None:
        while not done.is_set():
            with suppress(asyncio.CancelledError):
                await done.wait()

    walls = guard(timeout=0.02, concurrency=1)
    with pytest.raises(Unavailable, match="too long"):
        await walls.call("search", stubborn)
    with pytest.raises(Unavailable, match="busy"):
        await walls.call("search", succeed)
    done.set()
    assert await walls.call("search", succeed) == "ok"


async def test_the_last_failure_of_a_plugin_is_kept_without_its_words() -> None:
    shared = Walls()
    walls = shared.guard("acme", structlog.get_logger(), timeout=0.01, concurrency=1)
    for _ in range(2):
        await attempt_bug(walls, KeyError("ana@example.com"))
    last = shared.failures.last["acme"]
    assert (last.operation, last.kind, last.count) == ("search", "KeyError", 2)
    with pytest.raises(Unavailable):
        await walls.call("book", lambda: asyncio.sleep(5))
    assert (shared.failures.last["acme"].kind, shared.failures.last["acme"].count) == (
        "TimeoutError",
        3,
    )


async def attempt_bug(walls: Guard, error: BaseException) -> None:
    with pytest.raises(PluginBug):
        await walls.call("search", lambda: fail(error))
