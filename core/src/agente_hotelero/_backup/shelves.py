"""Where backups are kept: a folder, or a bucket that speaks S3. Names tell their age."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from agente_hotelero._runtime.media_store import BucketStore
from agente_hotelero.errors import NotFound, Unavailable

NAME = re.compile(r"hotelero-(\d{8}T\d{6})Z\.tar(\.age)?")
STAMP = "%Y%m%dT%H%M%S"
AT_LEAST = 3
LEFT_BEHIND_SECONDS = 24 * 3600


class Shelf(Protocol):
    """A place for files."""

    async def put(self, name: str, file: Path) -> None:
        """All of it or nothing. Raises Unavailable."""

    async def fetch(self, name: str, to: Path) -> None:
        """Raises NotFound, Unavailable."""

    async def names(self) -> Sequence[str]:
        """Of backups, the oldest first. Raises Unavailable."""

    async def remove(self, name: str) -> None:
        """Raises Unavailable."""


def open_shelf(where: str) -> Shelf:
    """At a folder or an ``s3://bucket/prefix``. Raises ConfigError."""
    return BucketShelf(where) if where.startswith("s3://") else FolderShelf(Path(where))


def name_at(instant: datetime, suffix: str = "") -> str:
    return f"hotelero-{instant.astimezone(UTC):{STAMP}}Z.tar{suffix}"


async def forget(shelf: Shelf, days: int, now: datetime, keep: str | None) -> Sequence[str]:
    """Remove what is older, but never the last few - a clock may be wrong, a job may have stood -
    nor the one to keep."""
    names = await shelf.names()
    since = now - timedelta(days=days)
    made = {name: _made_at(name) for name in names[:-AT_LEAST]}
    old = [name for name, at in made.items() if at is not None and at < since and name != keep]
    for name in old:
        await shelf.remove(name)
    return old


def _made_at(name: str) -> datetime | None:
    """None for what is no backup's name, such as one of a thirteenth month."""
    found = NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], STAMP).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


class FolderShelf:
    """Files that only their owner may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, file: Path) -> None:
        await _in_thread(lambda: self._put(name, file))

    async def fetch(self, name: str, to: Path) -> None:
        if not (self._folder / name).is_file():
            raise NotFound(f"there is no backup called {name}")
        await _in_thread(lambda: shutil.copyfile(self._folder / name, to))

    async def names(self) -> Sequence[str]:
        found = self._folder.glob("hotelero-*") if self._folder.is_dir() else ()
        return sorted(one.name for one in found if _made_at(one.name))

    async def remove(self, name: str) -> None:
        await _in_thread(lambda: (self._folder / name).unlink(missing_ok=True))

    def _put(self, name: str, file: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear_left_behind()
        part = self._folder / f"{name}.part"
        try:
            with file.open("rb") as source, open(os.open(part, *PRIVATE), "wb") as target:
                shutil.copyfileobj(source, target)
                target.flush()
                os.fsync(target.fileno())
            part.replace(self._folder / name)
        finally:
            part.unlink(missing_ok=True)

    def _clear_left_behind(self) -> None:
        """Parts of copies that were killed: guests' data that no retention would ever end."""
        for part in self._folder.glob("hotelero-*.part"):
            with contextlib.suppress(FileNotFoundError):  # Another machine's copy just ended.
                if part.stat().st_mtime < time.time() - LEFT_BEHIND_SECONDS:
                    part.unlink()


PRIVATE = (os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


class BucketShelf:
    """Objects of a bucket; see `BucketStore` for its key and region."""

    def __init__(self, url: str) -> None:
        self._bucket = BucketStore(url)

    async def put(self, name: str, file: Path) -> None:
        await self._bucket.upload(name, file)

    async def fetch(self, name: str, to: Path) -> None:
        await self._bucket.download(name, to)

    async def names(self) -> Sequence[str]:
        return sorted([one async for one in self._bucket.names() if _made_at(one)])

    async def remove(self, name: str) -> None:
        await self._bucket.delete(name)


async def _in_thread(work: Callable[[], object]) -> None:
    try:
        await asyncio.to_thread(work)
    except OSError as error:
        raise Unavailable(f"the folder of backups: {type(error).__name__}") from error
