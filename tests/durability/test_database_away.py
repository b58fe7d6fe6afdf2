"""PostgreSQL stopped and started under two running agents: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import Simulator

from tests.support.cluster import ACCOUNT, Cluster, Walker, repeated

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))


class Server:
    """A PostgreSQL of our own, run by its user where we are root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", f"{folder}/data", "-U", "root", "-A", "trust", "-N")

    @property
    def url(self) -> str:
        return f"postgresql://root@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder}"
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-o", options, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        command = [*(user if os.geteuid() == 0 else []), str(BINARIES[-1].with_name(program))]
        subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    if not BINARIES:
        if os.environ.get("CI"):
            raise FileNotFoundError("pg_ctl")
        pytest.skip("PostgreSQL's programs are not installed")
    # Not pytest's own folder, which no other user may enter.
    with tempfile.TemporaryDirectory() as folder:
        made = Server(Path(folder))
        made.start()
        yield made
        made.stop()


@pytest.mark.timeout(240)
def test_a_database_that_goes_and_comes_loses_nothing(server: Server, tmp_path: Path) -> None:
    with Simulator([ACCOUNT]) as simulator:
        cluster = Cluster(simulator, server.url, tmp_path, size=2)
        guests = [Walker(cluster, f"54911555{n:05}", random.Random(n)) for n in range(8)]

        async def outage() -> None:
            await asyncio.sleep(3)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(3)
            await asyncio.to_thread(server.start)

        async def run() -> None:
            watch = asyncio.create_task(cluster.watch())
            async with httpx.AsyncClient(timeout=15) as client:
                await asyncio.gather(outage(), *(guest.walk(client, 8) for guest in guests))
            watch.cancel()

        with cluster.running():
            asyncio.run(run())
            for guest in guests:
                assert guest.heard() == guest.asked
            print(f"{cluster.deaths} ended themselves, {repeated(simulator)} repeated")
        assert repeated(simulator) <= 2 * len(guests)
