"""A backup made, and one put back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agente_hotelero import __version__
from agente_hotelero._backup import archives, dumps, shelves
from agente_hotelero._backup.archives import Manifest
from agente_hotelero._backup.shelves import Shelf
from agente_hotelero._db import backups, media
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime import agent as agents
from agente_hotelero._runtime.media_store import ListedStore, open_store
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError, NotFound, Rejected

WORKSHOP = "hotelero-backup-"
# As earlier versions named the folder in which a backup was proved.
FORMERLY = "hotelero-verify-"
LEFT_SECONDS = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Made:
    """A backup on its shelf."""

    name: str
    size: int
    rows: int
    files: int


def shelf_of(settings: Settings, where: str | None = None) -> Shelf:
    """Where this installation keeps its backups. Raises ConfigError when nothing says where."""
    place = where or settings.backup_folder
    if place is None:
        raise ConfigError.at("backup_folder", "is not set", "a folder, or s3://bucket/prefix")
    return shelves.open_shelf(place)


async def make(settings: Settings, shelf: Shelf) -> Made:
    """Back up the database and guests' files as they are now.

    Raises ConfigError, Unavailable.
    """
    now = datetime.now(UTC)
    sealed = bool(settings.backup_recipients)
    name = shelves.name_at(now, archives.SEALED if sealed else "")
    with workshop() as folder:
        database, tar = connect(settings.database_url.get_secret_value()), folder / "tar"
        try:
            manifest = await _packed(settings, database, folder, tar, now)
            if sealed:
                await asyncio.to_thread(
                    archives.seal, tar, folder / "sealed", settings.backup_recipients
                )
                tar = folder / "sealed"
            size = tar.stat().st_size
            await shelf.put(name, tar)
            await _note(database, name, now, size)
        finally:
            await database.close()
    rows = sum(count for count, _ in manifest.tables.values())
    return Made(name=name, size=size, rows=rows, files=len(manifest.files) - 1)


async def _packed(
    settings: Settings, database: Database, folder: Path, tar: Path, now: datetime
) -> Manifest:
    """The database first: whatever file it names was there before it was read."""
    dump = folder / "dump"
    tables = await asyncio.to_thread(dumps.dump, database, dump)
    kind = "sqlite" if database.is_sqlite else "postgresql"
    manifest = Manifest(made_at=now.isoformat(), version=__version__, kind=kind, tables=tables)
    files = _files_of(open_store(settings.media_store))
    return await archives.pack(tar, manifest, dump, files, lambda: stored_files(database))


async def stored_files(database: Database) -> list[str]:
    """The names of guests' files that should be in the media store."""
    async with database.sessions() as session:
        return list(await media.stored_names(session))


async def _files_of(store: ListedStore) -> AsyncIterator[tuple[str, bytes]]:
    async for name in store.names():
        # What is forgotten meanwhile belongs to nobody any more.
        with contextlib.suppress(NotFound):
            yield name, await store.get(name)


async def _note(database: Database, name: str, now: datetime, size: int) -> None:
    async with database.sessions() as session, session.begin():
        await backups.made(session, name, now, size)


async def tidy(settings: Settings, shelf: Shelf) -> None:
    """What is too old goes, but never the newest one proved. Raises Unavailable."""
    now, days = datetime.now(UTC), settings.backup_days
    database = connect(settings.database_url.get_secret_value())
    try:
        async with database.sessions() as session, session.begin():
            await backups.forget(session, now - timedelta(days=2 * days))
            proved = await backups.last_verified(session)
    finally:
        await database.close()
    await shelves.forget(shelf, days, now, proved.name if proved else None)


@asynccontextmanager
async def opened(
    settings: Settings, shelf: Shelf, name: str
) -> AsyncIterator[tuple[Manifest, Path]]:
    """A backup unpacked, every file against its hash, in a folder that goes afterwards.

    Raises NotFound, Rejected, ConfigError, Unavailable.
    """
    with workshop() as folder:
        file = folder / "file"
        await shelf.fetch(name, file)
        if name.endswith(archives.SEALED):
            identity = settings.backup_identity
            if identity is None:
                raise ConfigError.at("backup_identity", "is needed to open a sealed backup")
            secret = identity.get_secret_value()
            await asyncio.to_thread(archives.unseal, file, folder / "plain", secret)
            file.unlink()
            file = folder / "plain"
        content = folder / "content"
        content.mkdir()
        manifest = await asyncio.to_thread(archives.unpack, file, content)
        file.unlink()
        yield manifest, content


async def restore(settings: Settings, shelf: Shelf, name: str, *, replace: bool) -> Manifest:
    """Put a backup into this installation's database and media store, and bring its tables to this
    version. Nothing may run on it; after a failure the database is what it was.

    Raises Rejected, NotFound, ConfigError, Unavailable.
    """
    database = connect(settings.database_url.get_secret_value())
    store = open_store(settings.media_store)
    plugins, _ = agents.load_plugins(settings)
    try:
        async with opened(settings, shelf, name) as (manifest, content):
            check_kind(manifest, database)
            await _try(store)
            dump = content / archives.DATABASE
            aside = await asyncio.to_thread(dumps.load, dump, database, replace=replace)
            try:
                await _put_files(content, store)
                await agents.migrate_all(plugins, database)
            except BaseException:
                await database.close()
                await asyncio.to_thread(aside.back)
                raise
            await asyncio.to_thread(aside.drop)
            return manifest
    finally:
        await database.close()


async def _try(store: ListedStore) -> None:
    """Raises Unavailable where no file can be kept."""
    name = f"trial-{secrets.token_hex(8)}"
    await store.put(name, b"")
    await store.delete(name)


def check_kind(manifest: Manifest, database: Database) -> None:
    """Raises Rejected for a backup of the other kind of database."""
    if manifest.kind != ("sqlite" if database.is_sqlite else "postgresql"):
        raise Rejected(f"it is of a {manifest.kind} database")


async def _put_files(content: Path, store: ListedStore) -> None:
    media = content / archives.MEDIA
    for path in sorted(media.rglob("*")):
        if path.is_file():
            await store.put(path.relative_to(media).as_posix(), path.read_bytes())


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """A private folder, below TMPDIR, which is made if need be; what is in it is not sealed.

    It goes afterwards, as does what processes left that were killed more than a day ago.
    """
    # Python would take another place for one that is not there: in a container, memory.
    place = Path(os.environ.get("TMPDIR") or tempfile.gettempdir())
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(place)
    folder = Path(tempfile.mkdtemp(prefix=WORKSHOP, dir=place))
    try:
        yield folder
    finally:
        _take_away(folder)


def _take_away(folder: Path) -> None:
    """Under another name first: a thread that is still at work there, since whoever waited for it
    was told to end, finds it no more, and puts nothing into it while it goes."""
    gone = folder.with_name(f"{folder.name}.gone")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(gone)
        shutil.rmtree(gone)


def _clear(place: Path) -> None:
    """Of what a process left that was killed; nothing that may be in use."""
    before = time.time() - LEFT_SECONDS
    for folder in (one for prefix in (WORKSHOP, FORMERLY) for one in place.glob(f"{prefix}*")):
        # Another process may end meanwhile, and take its own away.
        with contextlib.suppress(FileNotFoundError):
            about = folder.lstat()
            ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid()
            if ours and about.st_mtime < before:
                shutil.rmtree(folder)
