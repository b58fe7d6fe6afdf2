"""What tables hold, in two figures each: how many rows, and a hash of them in any order."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, inspect, text

FOREIGN_SCHEMAS = ("information_schema", "pg_catalog", "pg_toast")
ASIDE = "_before_restore_"  # in the names of schemas that a restore left, being killed
STREAMED = {"stream_results": True, "yield_per": 1000}
Digest = tuple[int, str]


def of_database(connection: Connection) -> dict[str, Digest]:
    """Every table of every schema of ours, by its name. One transaction sees one state."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
    quote = connection.dialect.identifier_preparer.quote
    inspector = inspect(connection)
    found = {}
    for schema in sorted(inspector.get_schema_names()):
        if schema not in FOREIGN_SCHEMAS and ASIDE not in schema:
            for table in sorted(inspector.get_table_names(schema)):
                found[f"{schema}.{table}"] = _of_table(
                    connection, f"{quote(schema)}.{quote(table)}"
                )
    return found


def _of_table(connection: Connection, name: str) -> Digest:
    """A sum of the rows' hashes: two databases need not agree on an order."""
    rows, total = 0, 0
    query = f"SELECT * FROM {name}"  # noqa: S608 - quoted by the dialect
    for row in connection.exec_driver_sql(query, execution_options=STREAMED):
        rows += 1
        total += int.from_bytes(hashlib.sha256(_bytes(tuple(row))).digest())
    return rows, f"{total % 2**256:064x}"


def _bytes(row: tuple[Any, ...]) -> bytes:
    plain = tuple(bytes(one) if isinstance(one, memoryview) else one for one in row)
    return repr(plain).encode()
