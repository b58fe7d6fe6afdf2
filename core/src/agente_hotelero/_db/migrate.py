"""Migrations: one Alembic history per owner, so that removing a plugin breaks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from agente_hotelero._db.backups import CORE_METADATA
from agente_hotelero.components import PluginSchema

LOG = structlog.get_logger("agent")
LOCK = text("SELECT pg_advisory_xact_lock(748201)")


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose tables: the core (empty name) or a plugin."""

    name: str
    metadata: MetaData
    package: str

    @property
    def version_table(self) -> str:
        return f"alembic_version_{self.name}" if self.name else "alembic_version"


def owners(plugins: dict[str, PluginSchema]) -> list[Owner]:
    """The core first, then each plugin with tables."""
    core = Owner(name="", metadata=CORE_METADATA, package="agente_hotelero._db")
    return [core] + [
        Owner(name=name, metadata=schema.metadata, package=schema.migrations)
        for name, schema in sorted(plugins.items())
    ]


async def migrate(engine: AsyncEngine, all_owners: list[Owner]) -> None:
    """Bring every owner's tables to its newest revision; safe to run from many processes. Those of
    a newer release are left as they are: they are good for this one, too."""
    for owner in all_owners:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, owner)


def _upgrade(connection: Connection, owner: Owner) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(LOCK)
    config = _config(connection, owner)
    newer = _unknown(connection, config, owner)
    if newer:
        LOG.warning("tables_of_a_newer_release", owner=owner.name or "core", revisions=newer)
        return
    command.upgrade(config, "head")


def _unknown(connection: Connection, config: Config, owner: Owner) -> list[str]:
    """The revisions of the tables that this release has never heard of."""
    options = {"version_table": owner.version_table}
    stored = MigrationContext.configure(connection, opts=options).get_current_heads()
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    return sorted(set(stored) - known)


def _config(connection: Connection, owner: Owner) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("agente_hotelero._db") / "alembic"))
    config.set_main_option("version_locations", str(files(owner.package) / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = owner.metadata
    config.attributes["version_table"] = owner.version_table
    return config
