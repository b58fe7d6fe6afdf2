"""Where in a whole database something can be found: every column of every table."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, MetaData, select
from sqlalchemy.ext.asyncio import AsyncEngine


async def residue(engine: AsyncEngine, marks: Sequence[str]) -> list[str]:
    """``table.column: mark`` for each that holds one of these texts, whatever its case."""
    async with engine.connect() as connection:
        return await connection.run_sync(_found, [one.casefold() for one in marks])


def _found(connection: Connection, marks: Sequence[str]) -> list[str]:
    found: set[str] = set()
    for schema in (None, "dbos"):
        tables = MetaData()
        tables.reflect(connection, schema=schema)
        for table in tables.tables.values():
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    text = _text(value)
                    found |= {f"{table.name}.{column}: {one}" for one in marks if one in text}
        if connection.dialect.name == "sqlite":
            break
    return sorted(found)


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace").casefold()
    if isinstance(value, str):
        return value.casefold()
    return json.dumps(value, default=str, ensure_ascii=False).casefold()
