"""CPU of processes, databases to throw away, and tables to print."""

from __future__ import annotations

import os
import statistics
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

POSTGRES = os.environ.get("HOTELERO_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
TICK = os.sysconf("SC_CLK_TCK")
KINDS = ("sqlite", "postgresql")


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used since it began, with its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The address of an empty database, removed afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/agent.db"
        return
    name = f"hotelero_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def median_and_range(values: Sequence[float], digits: int = 2) -> str:
    """``0.52 (0.48-0.55)``."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
