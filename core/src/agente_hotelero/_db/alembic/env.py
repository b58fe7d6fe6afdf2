"""Run by Alembic for each owner in turn; `migrate.py` puts what it needs in the attributes."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
metadata = attributes["metadata"]


def _is_ours(name: str | None, kind: str, parents: object) -> bool:
    return kind != "table" or name in metadata.tables


context.configure(
    connection=attributes["connection"],
    target_metadata=metadata,
    version_table=attributes["version_table"],
    include_name=_is_ours,
    render_as_batch=attributes["connection"].dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
