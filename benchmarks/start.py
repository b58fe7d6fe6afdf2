"""CPU to say what it can do, to list its plugins, and to open its port, beside bare Python."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import database, median_and_range, table
from benchmarks.servers import Process

ROUNDS = 7
HOTELERO = str(Path(sys.executable).with_name("hotelero"))


def cpu_of(command: Sequence[str], database_url: str) -> float:
    """CPU seconds of a command from its beginning to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def opened(database_url: str) -> float:
    """CPU seconds until an agent answers requests."""
    with Process("agent", database_url) as server:
        time.sleep(1)
        return server.cpu()


def main() -> None:
    with database("sqlite") as url:
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "hotelero --help": [HOTELERO, "--help"],
            "hotelero plugins": [HOTELERO, "plugins"],
        }
        costs = {
            name: [cpu_of(command, url) for _ in range(ROUNDS)][1:]
            for name, command in commands.items()
        }
        costs["port open, database ready"] = [opened(url) for _ in range(4)][1:]
    bare = statistics.median(costs["python -c pass"])
    rows = []
    for name, values in costs.items():
        told = median_and_range([one * 1e3 for one in values], 0)
        rows.append([name, told, f"{statistics.median(values) / bare:.0f}"])
    print(table(["what", "CPU ms", "times bare Python"], rows))


if __name__ == "__main__":
    main()
