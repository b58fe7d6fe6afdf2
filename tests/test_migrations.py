"""Tables as migrations make them are the tables that the code means, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from agente_hotelero._db.migrate import Owner, migrate, owners
from agente_hotelero._db.session import connect
from agente_hotelero_channel_web import register_schema as web_schema
from agente_hotelero_pms_mock import register_schema as mock_schema
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

pytestmark = pytest.mark.anyio
SCHEMAS = {"channel_web": web_schema(), "pms_mock": mock_schema()}


def differences(connection: Connection, owner: Owner) -> list[Any]:
    ours = set(owner.metadata.tables)
    options = {
        "version_table": owner.version_table,
        "include_name": lambda name, kind, _: kind != "table" or name in ours,
    }
    context = MigrationContext.configure(connection, opts=options)
    found: list[Any] = compare_metadata(context, owner.metadata)
    return found


async def test_migrations_make_what_the_models_say(database_url: str) -> None:
    database = connect(database_url)
    await migrate(database.engine, owners(SCHEMAS))
    async with database.engine.connect() as connection:
        for owner in owners(SCHEMAS):
            assert await connection.run_sync(differences, owner) == []
    await database.close()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = connect(database_url)
    for _ in range(2):
        await migrate(database.engine, owners(SCHEMAS))
    await database.close()


async def test_a_plugin_that_is_gone_leaves_the_core_alone(database_url: str) -> None:
    database = connect(database_url)
    await migrate(database.engine, owners(SCHEMAS))
    await migrate(database.engine, owners({}))
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda inner: inspect(inner).get_table_names())
    assert {"pms_mock_night", "alembic_version_pms_mock", "alembic_version"} <= set(names)
    await database.close()


@pytest.mark.parametrize("plugin", SCHEMAS)
def test_a_plugins_tables_begin_with_its_name(plugin: str) -> None:
    tables = list(SCHEMAS[plugin].metadata.tables)
    assert tables
    assert all(name.startswith(f"{plugin}_") for name in tables)
