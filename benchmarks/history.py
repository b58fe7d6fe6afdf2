"""What a page of history costs as the table grows: steps of SQLite's machine, which are the same on
every machine and in every run. `tests/test_growth.py` fails if they rise."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from agente_hotelero._db import repository
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import Database, connect

from benchmarks.measure import database, table

SIZES = (10_000, 100_000, 1_000_000)
LINES = 20
HOTELS = 500
INSERT = """
WITH RECURSIVE line(n) AS (SELECT :old UNION ALL SELECT n + 1 FROM line WHERE n + 1 < :new)
INSERT INTO message (tenant, conversation_id, direction, text, content, at)
SELECT 't' || (n / :lines % :hotels), n / :lines + 1, 'in', '¿hay wifi?', '{}',
       '2026-01-01 00:00:00.000000' FROM line
"""


def grow(path: Path, old: int, new: int) -> None:
    """Add lines up to a number: many hotels, each conversation of 20."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(INSERT, {"old": old, "new": new, "lines": LINES, "hotels": HOTELS})
    connection.close()


async def steps(held: Database) -> int:
    """Steps of the repository's own query for a page of the 42nd conversation."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    async with held.sessions() as session:
        raw = await (await session.connection()).get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        await driver.set_progress_handler(step, 1)
        found = await repository.history(session, "t41", 42, limit=LINES)
        await driver.set_progress_handler(None, 1)
    assert len(found) == LINES
    return count


async def measure(url: str) -> dict[int, int]:
    """Steps by size of the table."""
    held, found, old = connect(url), {}, 0
    await migrate(held.engine, owners({}))
    assert held.path is not None
    for size in SIZES:
        await asyncio.to_thread(grow, held.path, old, size)
        found[size], old = await steps(held), size
    await held.close()
    return found


def main() -> None:
    with database("sqlite") as url:
        found = asyncio.run(measure(url))
    print(table(["messages", "steps of a page of history"], list(found.items())))


if __name__ == "__main__":
    main()
