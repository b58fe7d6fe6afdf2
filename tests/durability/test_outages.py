"""Meta and Redis in trouble: every guest is answered, once."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import Fault, Simulator

from tests.support.cluster import ACCOUNT, Cluster, Walker, repeated

QUICK = {"HOTELERO__PLUGINS__CHANNEL_WHATSAPP__TIMEOUT_SECONDS": "1.5"}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator([ACCOUNT]) as running:
        yield running


def ask(cluster: Cluster, phone: str = "5491155560001") -> Walker:
    guest = Walker(cluster, phone, random.Random(3))

    async def walk() -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            await guest.walk(client, 1)

    asyncio.run(walk())
    return guest


@pytest.mark.parametrize(
    "fault",
    [
        Fault.HTTP_500,
        Fault.HTTP_503,
        Fault.HTTP_429,
        Fault.HTML,
        Fault.PAIR_LIMIT,
        Fault.THROUGHPUT,
        Fault.ACCEPT_THEN_HANG,
    ],
)
def test_meta_in_trouble_delays_an_answer_and_repeats_none(
    simulator: Simulator, tmp_path: Path, fault: Fault
) -> None:
    cluster = Cluster(simulator, f"sqlite:///{tmp_path}/agent.db", tmp_path, more=QUICK)
    with cluster.running():
        simulator.faults.append(fault)
        guest = ask(cluster)
        assert guest.heard() == guest.asked
        assert not simulator.faults
        time.sleep(1)
    assert repeated(simulator) == 0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of our own, to be stopped."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    try:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    except FileNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("redis-server is not installed")
    yield f"redis://127.0.0.1:{port}/0", server
    server.kill()
    server.wait(10)


def test_redis_going_away_is_told_and_harms_nobody(
    simulator: Simulator, tmp_path: Path, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, server = redis
    cluster = Cluster(
        simulator, f"sqlite:///{tmp_path}/agent.db", tmp_path, more={"REDIS_URL": url}
    )
    with cluster.running():
        ask(cluster)
        metrics = f"{cluster.agents[0].url}/metrics"
        assert "rate_limits_degraded 0.0" in httpx.get(metrics).text
        server.kill()
        server.wait(10)
        guest = ask(cluster, "5491155560002")
        assert guest.heard() == guest.asked
        assert "rate_limits_degraded 1.0" in httpx.get(metrics).text
