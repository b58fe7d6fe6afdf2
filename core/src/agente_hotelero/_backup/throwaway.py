"""Databases of a PostgreSQL server that are made to be thrown away; their names tell their age."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from agente_hotelero.errors import Unavailable

LEFT = timedelta(days=1)
STAMP = "%Y%m%dt%H%M%S"
DATED = re.compile(r"hotelero_verify_([0-9]{8}t[0-9]{6})_[0-9a-f]{12}")
# As earlier versions named them.
UNDATED = re.compile(r"hotelero_verify_[0-9a-f]{12}")
# Of those that this user may drop.
NAMES = text("SELECT datname FROM pg_database WHERE pg_has_role(datdba, 'USAGE')")


@contextmanager
def database(server: URL) -> Iterator[URL]:
    """An empty one on a server, dropped afterwards. Those that processes left which were killed
    more than a day ago go first. Raises Unavailable where making one is forbidden."""
    now = datetime.now(UTC)
    name = name_at(now)
    admin = create_engine(
        server.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
    )
    _make(admin, name, now)
    try:
        yield server.set(database=name)
    finally:
        with admin.connect() as connection:
            _drop(connection, name, "WITH (FORCE)")


def name_at(instant: datetime) -> str:
    """A new name for one that is made at this instant."""
    return f"hotelero_verify_{instant.astimezone(UTC):{STAMP}}_{uuid.uuid4().hex[:12]}"


def made_at(name: str) -> datetime | None:
    """When one of ours was made; None for any other database, and where the name does not tell."""
    found = DATED.fullmatch(name)
    if found is None:
        return None
    with suppress(ValueError):
        return datetime.strptime(found[1], STAMP).replace(tzinfo=UTC)
    return None


def _make(admin: Engine, name: str, now: datetime) -> None:
    try:
        with admin.connect() as connection:
            _clear(connection, now - LEFT)
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
    except DBAPIError as error:
        raise Unavailable(
            f"no throw-away database could be made: {type(error.orig).__name__}; "
            "backup_verify_url may name another server"
        ) from error


def _clear(connection: Connection, before: datetime) -> None:
    """What was left goes; a name that is not exactly one of ours is never touched."""
    for name in connection.execute(NAMES).scalars().all():
        at = made_at(name)
        # Another process may drop it at this moment: then there is nothing left to do.
        with suppress(DBAPIError):
            if at is not None and at < before:
                _drop(connection, name, "WITH (FORCE)")
            elif UNDATED.fullmatch(name):
                # Its age is not known: the server refuses where an older version is at work in it.
                _drop(connection, name)


def _drop(connection: Connection, name: str, how: str = "") -> None:
    connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" {how}'))
