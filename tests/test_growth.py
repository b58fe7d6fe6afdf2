"""What must not become slower as tables grow: asserted on steps and plans, never on time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import connect

from benchmarks import history

SEED = """
INSERT INTO message (tenant, conversation_id, direction, text, content, at)
SELECT 't' || (n / 20 % 500), n / 20 + 1, 'in', '', '{}', now() FROM generate_series(0, 99999) n
"""
PAGE = """
EXPLAIN SELECT * FROM message WHERE tenant = 't41' AND conversation_id = 42 AND id > 0
ORDER BY id LIMIT 20
"""


def test_a_page_of_history_takes_as_many_steps_at_a_million_messages(tmp_path: Path) -> None:
    found = asyncio.run(history.measure(f"sqlite:///{tmp_path}/agent.db"))
    assert found[1_000_000] == found[100_000] == found[10_000]


def test_postgresql_reads_a_page_of_history_by_its_index(postgres_url: str) -> None:
    held = connect(postgres_url)

    async def prepare() -> None:
        await migrate(held.engine, owners({}))
        await held.close()

    asyncio.run(prepare())
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SEED)
        connection.execute("ANALYZE message")
        plan = "\n".join(str(row[0]) for row in connection.execute(PAGE))
    assert "Index Scan using ix_message_conversation" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("size", [1, 7])
def test_the_measure_itself_counts(tmp_path: Path, size: int) -> None:
    held = connect(f"sqlite:///{tmp_path}/agent.db")

    async def count() -> int:
        await migrate(held.engine, owners({}))
        assert held.path is not None
        history.grow(held.path, 0, 1000 * size)
        found = await history.steps(held)
        await held.close()
        return found

    assert asyncio.run(count()) > history.LINES
