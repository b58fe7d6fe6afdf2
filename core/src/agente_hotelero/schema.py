"""What a plugin with tables of its own uses.

Rules: table names start with the plugin's name, no foreign key crosses owners, every row carries
its tenant, instants are `UtcDateTime`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlmodel import SQLModel

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: refuses naive values, stores UTC, comes back aware (SQLite drops the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_metadata() -> MetaData:
    """Metadata for one owner's tables, with stable constraint names for migrations."""
    return MetaData(naming_convention=NAMING)


def utcnow_column(**options: Any) -> Any:
    """A SQLModel field that holds an instant."""
    from sqlmodel import Field

    return Field(sa_type=UtcDateTime, **options)


__all__ = ["NAMING", "SQLModel", "UtcDateTime", "new_metadata", "utcnow_column"]
