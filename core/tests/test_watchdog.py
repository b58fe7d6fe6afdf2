from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable

import pytest
import structlog
from agente_hotelero._runtime.failures import Failures
from agente_hotelero._runtime.guard import Guard, Walls
from agente_hotelero._runtime.watchdog import Blocked, Limits, TookMemory, Watchdog
from agente_hotelero.errors import PluginBug
from structlog.testing import capture_logs

# Its other method uses the signal that is tested here.
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60, method="thread")]
LIMITS = Limits(block_seconds=0.4, memory_mb=50)
WALLS = Walls(limits=LIMITS)


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
async def watched(failures: Failures, anyio_backend: str) -> AsyncIterator[None]:
    watchdog = Watchdog(LIMITS, structlog.get_logger(), failures)
    assert watchdog.start()
    yield
    watchdog.stop()


def guard() -> Guard:
    return Guard("acme", structlog.get_logger(), timeout=10, concurrency=1, walls=WALLS)


async def interrupted(work: Callable[[], object]) -> BaseException | None:
    async def call() -> None:
        try:
            work()
        except Exception:
            raise AssertionError("an except of the plugin's kept it back") from None

    with pytest.raises(PluginBug) as caught:
        await guard().call("search", call)
    await asyncio.sleep(0.2)
    return caught.value.__cause__


def spin() -> None:
    while True:
        pass


def grow() -> None:
    held = []
    while True:
        held.append(b"x" * 5_000_000)


BLOCKING: dict[str, Callable[[], object]] = {
    "sleep": lambda: time.sleep(60),
    "loop": spin,
    "lock": lambda: threading.Event().wait(),
    "regex": lambda: re.match(r"(a+)+$", "a" * 40 + "b"),
}


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("work", BLOCKING.values(), ids=list(BLOCKING))
async def test_plugin_code_that_blocks_is_interrupted_and_named(
    failures: Failures, work: Callable[[], object]
) -> None:
    with capture_logs() as logs:
        assert isinstance(await interrupted(work), Blocked)
    (line,) = [one for one in logs if one["event"] == "plugin_blocked_the_loop"]
    assert (line["plugin"], line["operation"], line["kind"]) == ("acme", "search", "Blocked")
    assert (failures.last["acme"].kind, failures.last["acme"].count) == ("Blocked", 1)


@pytest.mark.usefixtures("watched")
async def test_plugin_code_that_takes_memory_is_not_given_that_long(failures: Failures) -> None:
    assert isinstance(await interrupted(grow), TookMemory)
    assert failures.last["acme"].kind == "TookMemory"


@pytest.mark.usefixtures("watched")
async def test_a_task_that_a_plugin_started_is_interrupted_too() -> None:
    async def block() -> None:
        time.sleep(60)  # noqa: ASYNC251 - the subject of this test

    async def call() -> None:
        await asyncio.create_task(block())

    with pytest.raises(PluginBug):
        await guard().call("search", call)


@pytest.mark.usefixtures("watched")
async def test_code_that_awaits_nothing_is_interrupted_too() -> None:
    with pytest.raises(PluginBug):
        guard().run("parse", lambda: time.sleep(60))


@pytest.mark.usefixtures("watched")
async def test_a_core_that_blocks_is_only_warned_of(failures: Failures) -> None:
    with capture_logs() as logs:
        time.sleep(0.7)  # noqa: ASYNC251 - the subject of this test
        await asyncio.sleep(0.2)
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("loop_blocked", "warning")
    assert line["place"].startswith(f"{__name__}.test_a_core_that_blocks")
    assert failures.last == {}


@pytest.mark.usefixtures("watched")
async def test_a_loop_that_turns_is_left_alone(failures: Failures) -> None:
    async def patient() -> str:
        await asyncio.sleep(0.8)
        return "ok"

    assert await guard().call("search", patient) == "ok"
    assert failures.last == {}


@pytest.mark.usefixtures("watched")
async def test_nothing_is_watched_where_the_signal_is_somebody_elses() -> None:
    assert not Watchdog(LIMITS, structlog.get_logger(), Failures()).start()


async def test_nothing_is_watched_outside_the_main_thread() -> None:
    watchdog = Watchdog(LIMITS, structlog.get_logger(), Failures())
    assert not await asyncio.to_thread(watchdog.start)
