from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agente_hotelero.errors import BadMedia, Throttled, Unavailable, Unsupported
from agente_hotelero.workers import Worker

pytestmark = pytest.mark.anyio
PARTS = "core.tests.worker_parts"
LONG = 30.0


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path(__file__).parents[2])])


@pytest.fixture
async def worker(anyio_backend: str) -> AsyncIterator[Worker]:
    made = Worker(factory=f"{PARTS}:work", settings={"greeting": "hola"}, memory_mb=256, waiting=1)
    yield made
    await made.aclose()


async def test_head_and_body_go_there_and_back(worker: Worker) -> None:
    answer, body = await worker.call({"do": "greet"}, b"abc", within=LONG)
    assert (answer["said"], body) == ("hola", b"cba")
    assert answer["pid"] == worker.pid != os.getpid()


async def test_what_a_library_prints_is_no_answer(worker: Worker) -> None:
    assert (await worker.call({"do": "print"}, within=LONG))[0] == {"said": "printed"}


async def test_the_process_has_none_of_our_secrets(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", "s3cr3t")
    assert (await worker.call({"do": "secret"}, within=LONG))[0] == {"seen": ""}


async def test_the_loop_goes_before_the_work(worker: Worker) -> None:
    await worker.start()
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, worker.pid or 0) > ours


async def test_work_that_takes_too_long_is_killed_and_the_next_is_done(worker: Worker) -> None:
    await worker.start()
    before = worker.pid
    with pytest.raises(Unavailable, match="too long"):
        await worker.call({"do": "sleep", "seconds": 60}, within=0.1)
    assert worker.pid is None
    answer, _ = await worker.call({"do": "greet"}, within=LONG)
    assert answer["pid"] != before


async def test_a_native_crash_ends_the_worker_alone(worker: Worker) -> None:
    with pytest.raises(Unavailable, match="died"):
        await worker.call({"do": "crash"}, within=LONG)
    assert (await worker.call({"do": "greet"}, within=LONG))[0]["said"] == "hola"


async def test_a_worker_killed_from_outside_is_started_anew(worker: Worker) -> None:
    await worker.start()
    assert worker.pid is not None
    working = asyncio.create_task(worker.call({"do": "sleep", "seconds": 60}, within=LONG))
    await asyncio.sleep(0)
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(Unavailable):
        await working
    assert (await worker.call({"do": "greet"}, within=LONG))[0]["said"] == "hola"


async def test_memory_beyond_the_limit_is_refused(worker: Worker) -> None:
    answer, _ = await worker.call({"do": "grow", "megabytes": 32}, within=LONG)
    assert answer["size"] == 32 * 1024 * 1024
    with pytest.raises(Unavailable):
        await worker.call({"do": "grow", "megabytes": 1024}, within=LONG)


async def test_our_own_errors_arrive_and_others_are_a_bug_without_words(worker: Worker) -> None:
    with pytest.raises(BadMedia, match="broken") as caught:
        await worker.call({"do": "refuse"}, within=LONG)
    assert caught.value.too_long
    with pytest.raises(RuntimeError, match=r"^a worker raised KeyError$"):
        await worker.call({"do": "?"}, within=LONG)


async def test_one_waits_while_another_works_and_a_third_is_told_when_to_come_back(
    worker: Worker,
) -> None:
    await worker.start()
    first, second = (
        asyncio.create_task(worker.call({"do": "sleep", "seconds": 0.2}, within=LONG))
        for _ in range(2)
    )
    await asyncio.sleep(0)
    with pytest.raises(Throttled) as caught:
        await worker.call({"do": "greet"}, within=LONG)
    assert caught.value.retry_after
    answers = await asyncio.gather(first, second)
    assert [answer["said"] for answer, _ in answers] == ["slept", "slept"]
    assert (await worker.call({"do": "greet"}, within=LONG))[0]["said"] == "hola"


async def test_a_caller_who_gives_up_takes_the_process_with_him(worker: Worker) -> None:
    await worker.start()
    task = asyncio.create_task(worker.call({"do": "sleep", "seconds": 60}, within=LONG))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker.pid is None
    assert (await worker.call({"do": "greet"}, within=LONG))[0]["said"] == "hola"


async def test_a_factory_that_cannot_work_says_why(anyio_backend: str) -> None:
    worker = Worker(factory=f"{PARTS}:refusing")
    with pytest.raises(Unsupported, match="not on this machine"):
        await worker.call({}, within=LONG)
    dying = Worker(factory=f"{PARTS}:hanging")
    with pytest.raises(Unavailable, match="did not start"):
        await dying.call({}, within=LONG)
