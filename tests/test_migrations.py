"""Tables as migrations make them are the tables that the code means, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from agente_hotelero._db import consent
from agente_hotelero._db.migrate import Owner, _config, migrate, owners
from agente_hotelero._db.session import connect
from agente_hotelero._db.staff_models import AuditEntry
from agente_hotelero_channel_gmail import register_schema as gmail_schema
from agente_hotelero_channel_web import register_schema as web_schema
from agente_hotelero_channel_whatsapp import register_schema as whatsapp_schema
from agente_hotelero_pms_mock import register_schema as mock_schema
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Connection, MetaData, insert, inspect, select, text

pytestmark = pytest.mark.anyio
AUDIT: Any = AuditEntry.__table__  # type: ignore[attr-defined]
SCHEMAS = {
    "channel_gmail": gmail_schema(),
    "channel_web": web_schema(),
    "channel_whatsapp": whatsapp_schema(),
    "pms_mock": mock_schema(),
}


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


@pytest.mark.parametrize("owner", owners(SCHEMAS), ids=lambda one: one.name or "core")
async def test_tables_of_a_newer_release_are_left_as_they_are(
    database_url: str, owner: Owner
) -> None:
    """So that the release before can be gone back to."""
    database = connect(database_url)
    await migrate(database.engine, owners(SCHEMAS))
    newer = text(f"UPDATE {owner.version_table} SET version_num = 'of_next_year'")
    async with database.engine.begin() as connection:
        await connection.execute(newer)
    with structlog.testing.capture_logs() as log:
        await migrate(database.engine, owners(SCHEMAS))
    (told,) = [one for one in log if one["event"] == "tables_of_a_newer_release"]
    assert (told["owner"], told["revisions"]) == (owner.name or "core", ["of_next_year"])
    async with database.engine.connect() as connection:
        stored = await connection.execute(text(f"SELECT version_num FROM {owner.version_table}"))
        assert stored.scalars().all() == ["of_next_year"]
    await database.close()


async def test_what_unasked_messages_came_to_is_taken_over_and_how_guests_refused_is_not_kept(
    database_url: str,
) -> None:
    """Rows as the release before wrote them."""
    database = connect(database_url)
    (core,) = owners({})
    async with database.engine.begin() as connection:
        await connection.run_sync(upgraded_to, core, "core_11_operations")
        await connection.run_sync(written_before)
    await migrate(database.engine, [core])
    async with database.engine.connect() as connection:
        read = await connection.execute(text("SELECT mark, outcome FROM journey_message"))
        assert dict(map(tuple, read.all())) == {"m1": "delivered", "m2": ""}
        said = await connection.execute(text("SELECT address, source FROM consent"))
        assert dict(map(tuple, said.all())) == {
            "erased:1": consent.BEFORE,
            "eva@example.com": "Eva, by telephone",
        }
        log = select(AUDIT.c.action, AUDIT.c.after)
        assert dict(map(tuple, (await connection.execute(log)).all())) == {
            "consent": {"purpose": "review"},
            "change": {"how": "stays"},
        }
    await database.close()


def upgraded_to(connection: Connection, owner: Owner, revision: str) -> None:
    command.upgrade(_config(connection, owner), revision)


def written_before(connection: Connection) -> None:
    now, tables = datetime.now(UTC), MetaData()
    names = ("journey_message", "outbox", "consent", "conversation", "audit_entry")
    tables.reflect(connection, only=names)

    def add(name: str, **given: Any) -> Any:
        """A row with something in every column that must have it."""
        table = tables.tables[name]
        fillers: dict[type, Any] = {str: "", int: 0, bool: False, datetime: now}
        row = {
            column.name: {} if isinstance(column.type, JSON) else fillers[column.type.python_type]
            for column in table.columns
            if not column.nullable and not column.primary_key and column.name not in given
        }
        made = connection.execute(insert(table).values(**row, **given))
        return made.inserted_primary_key

    (talk,) = add("conversation", tenant="sol", address="a")
    (sent,) = add("outbox", tenant="sol", conversation_id=talk, state="delivered")
    add("journey_message", tenant="sol", reference="R1", mark="m1", outbox_id=sent)
    add("journey_message", tenant="sol", reference="R2", mark="m2")
    for address, source in (
        ("erased:1", "Ana, room 12"),
        ("eva@example.com", "Eva, by telephone"),
    ):
        add("consent", tenant="sol", address=address, source=source)
    how = {"purpose": "review", "how": "Ana, room 12"}
    add("audit_entry", tenant="sol", action="consent", after=how)
    add("audit_entry", tenant="sol", action="change", after={"how": "stays"})


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
