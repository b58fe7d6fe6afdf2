"""A whole database as one file and back: SQLite's own copy, PostgreSQL's custom format.

The digests are of the very state that the file holds. Nothing waits while it is made.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from agente_hotelero._backup import digests
from agente_hotelero._backup.digests import Digest
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.engine import SoleProcess
from agente_hotelero.errors import ConfigError, Rejected, Unavailable

TOOL_SECONDS = 3600
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
OURS = text(
    "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' "
    "AND nspname <> 'information_schema' AND nspname NOT LIKE '%\\_before\\_restore\\_%'"
)


def _nothing() -> None:
    """Nothing was put aside."""


def dump(database: Database, to: Path) -> dict[str, Digest]:
    """Write the database to a file. Raises Unavailable, and ConfigError without PostgreSQL's
    programs."""
    try:
        return _dump_sqlite(database.path, to) if database.path else _dump_postgres(database, to)
    except (DBAPIError, sqlite3.Error, OSError) as error:
        raise Unavailable(f"the database was not read: {type(error).__name__}") from error


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What a load put aside: it comes back, or goes for good once all else went well.

    SQLite's file stays where it was put; the operator removes it.
    """

    back: Callable[[], None] = _nothing
    drop: Callable[[], None] = _nothing


def load(file: Path, database: Database, *, replace: bool) -> Aside:
    """Put a file's content into a database, empty unless it is to be replaced.

    Raises Rejected when it is not empty, or is in use; then and after any other failure its content
    is what it was.
    """
    try:
        if database.path:
            return _load_sqlite(file, database.path, replace=replace)
        return _load_postgres(file, database.sync_engine.url, replace=replace)
    except (DBAPIError, OSError) as error:
        raise Unavailable(f"the database was not written: {type(error).__name__}") from error


def digest(database: Database) -> dict[str, Digest]:
    """As `dump` counts. Raises Rejected where SQLite finds its file broken."""
    with database.sync_engine.connect() as connection:
        if database.is_sqlite:
            verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            if verdict != "ok":
                raise Rejected("the database file is broken")
        return digests.of_database(connection)


def _dump_sqlite(path: Path, to: Path) -> dict[str, Digest]:
    """One read transaction for both: the copy is of what was counted."""
    if not path.exists():
        raise Unavailable("there is no database yet")
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - the dialect's own
        raw.isolation_level = None
        raw.execute("BEGIN")
        found = digests.of_database(connection)
        with closing(sqlite3.connect(to)) as copy:
            raw.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    return found


def _load_sqlite(file: Path, path: Path, *, replace: bool) -> Aside:
    lock = SoleProcess(path)
    lock.acquire()
    # Copied first: what may fail for want of room touches nothing yet.
    part = path.with_name(f"{path.name}.part")
    aside = Aside()
    try:
        shutil.copyfile(file, part)
        if path.exists() and _has_tables(path):
            if not replace:
                raise Rejected("there is a database already; --replace puts it aside")
            aside = Aside(back=partial(_back_sqlite, _put_aside(path), path))
        for name in _beside(path):
            name.unlink(missing_ok=True)
        part.replace(path)
    except OSError:
        aside.back()
        raise
    finally:
        part.unlink(missing_ok=True)
        lock.release()
    return aside


def _has_tables(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _put_aside(path: Path) -> Path:
    """What is there is kept beside, whole: its log is written back first. Where it is."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = path.with_name(f"{path.name}.before-restore-{_stamp()}")
    path.replace(aside)
    return aside


def _back_sqlite(aside: Path, path: Path) -> None:
    for name in _beside(path):
        name.unlink(missing_ok=True)
    aside.replace(path)


def _stamp() -> str:
    """To the microsecond: nothing that was put aside is ever written over."""
    return f"{datetime.now(UTC):%Y%m%dt%H%M%S%f}"


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _dump_postgres(database: Database, to: Path) -> dict[str, Digest]:
    url = database.sync_engine.url
    with database.sync_engine.connect() as connection:
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        found = digests.of_database(connection)
        _tool(
            "pg_dump", url, "--format=custom", f"--snapshot={snapshot}", NO_ASIDES, f"--file={to}"
        )
    return found


def _load_postgres(file: Path, url: URL, *, replace: bool) -> Aside:
    """The old schemas are renamed, and named as before if the file cannot be restored."""
    # That the program is there and reads this file is known before anything is touched.
    _tool("pg_restore", url, "--list", str(file))
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    names: dict[str, str] = {}
    with engine.begin() as connection:
        if connection.execute(OTHERS).scalar_one():
            raise Rejected("the database is in use; stop every agent first")
        if digests.of_database(connection):
            if not replace:
                raise Rejected("the database is not empty; --replace puts it aside")
            names = _rename_all(connection)
    aside = Aside(back=partial(_back_postgres, url, names), drop=partial(_drop, url, names))
    try:
        _tool("pg_restore", url, *RESTORE, str(file))
    except BaseException:
        aside.back()
        raise
    return aside


NO_ASIDES = f"--exclude-schema=*{digests.ASIDE}*"
RESTORE = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")


def _rename_all(connection: Connection) -> dict[str, str]:
    """Every schema of ours gets another name, and the usual one is there, empty."""
    quote, stamp = connection.dialect.identifier_preparer.quote, _stamp()
    old = connection.execute(OURS).scalars().all()
    names = {name: f"{name}{digests.ASIDE}{stamp}" for name in old}
    for name, other in names.items():
        connection.exec_driver_sql(f"ALTER SCHEMA {quote(name)} RENAME TO {quote(other)}")
    connection.exec_driver_sql("CREATE SCHEMA public")
    return names


def _back_postgres(url: URL, names: dict[str, str]) -> None:
    """All at once: whatever was restored goes, and what was there is there again."""
    if not names:
        return
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    quote = engine.dialect.identifier_preparer.quote
    with engine.begin() as connection:
        for name in connection.execute(OURS).scalars().all():
            connection.exec_driver_sql(f"DROP SCHEMA {quote(name)} CASCADE")
        for name, other in names.items():
            connection.exec_driver_sql(f"ALTER SCHEMA {quote(other)} RENAME TO {quote(name)}")


def _drop(url: URL, names: dict[str, str]) -> None:
    if not names:
        return
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    quote = engine.dialect.identifier_preparer.quote
    with engine.begin() as connection:
        for other in names.values():
            connection.exec_driver_sql(f"DROP SCHEMA {quote(other)} CASCADE")


def _tool(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; the password travels in the environment."""
    target = url.set(drivername="postgresql", password=None).render_as_string()
    environ = {**os.environ, "PGCONNECT_TIMEOUT": "5"}
    if url.password:
        environ["PGPASSWORD"] = str(url.password)
    command = [program, f"--dbname={target}", "--no-password", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            command, env=environ, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
        )
    except FileNotFoundError:
        raise ConfigError.at(
            "database_url", f"{program} is not installed", "PostgreSQL's client programs"
        ) from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{program} did not end in {TOOL_SECONDS} s") from None
    if done.returncode:
        raise Unavailable(f"{program}: {_first(done.stderr)}")


def _first(text: str) -> str:
    """The first line that names an error; rows are never quoted before it."""
    lines = [line for line in text.splitlines() if "error" in line.lower()]
    return lines[0][:200] if lines else "it failed"
