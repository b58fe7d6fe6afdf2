"""Where guests' files are kept: a folder, or a bucket that speaks S3."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from agente_hotelero.components import MediaStore
from agente_hotelero.errors import ConfigError, NotFound, Unavailable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
SECONDS = 30
# A request with its answer has SECONDS, however large the object is: it is fetched in pieces.
PIECE = 4 * 1024 * 1024


class ListedStore(MediaStore, Protocol):
    """A store whose content can be named, for backups."""

    def names(self) -> AsyncIterator[str]:
        """Of every file, in any order. Raises Unavailable."""


def open_store(where: str) -> ListedStore:
    """The store at a folder or an ``s3://bucket/prefix``. Raises ConfigError."""
    if where.startswith("s3://"):
        return BucketStore(where)
    return FolderStore(Path(where))


def new_name(tenant: str, suffix: str = "") -> str:
    """A name that nobody can guess, in the hotel's own folder."""
    return f"{tenant}/{secrets.token_hex(16)}{suffix}"


class FolderStore:
    """Files below a folder, each written beside its place and then moved there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, body: bytes) -> None:
        await _in_thread(self._put, name, body)

    async def get(self, name: str) -> bytes:
        body: bytes = await _in_thread(self._path(name).read_bytes)
        return body

    async def delete(self, name: str) -> None:
        with contextlib.suppress(NotFound):
            await _in_thread(self._path(name).unlink)

    async def names(self) -> AsyncIterator[str]:
        for path in await _in_thread(lambda: sorted(self._folder.rglob("*"))):
            name = path.relative_to(self._folder).as_posix()
            if path.is_file() and not name.endswith(".part") and NAME.fullmatch(name):
                yield name

    def _put(self, name: str, body: bytes) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / _proper(name)


class BucketStore:
    """Objects of a bucket. Key, region and endpoint come from the usual AWS_… variables."""

    def __init__(self, url: str) -> None:
        try:
            from obstore.store import S3Store
        except ImportError:
            raise ConfigError.at(
                "media_store", "needs the extra s3", 'pip install "agente-hotelero-core[s3]"'
            ) from None
        seconds = timedelta(seconds=SECONDS)
        self._store = S3Store.from_url(
            url,
            client_options={"timeout": seconds, "connect_timeout": seconds, "allow_http": True},
            retry_config={"max_retries": 2, "retry_timeout": seconds},
        )

    async def put(self, name: str, body: bytes) -> None:
        import obstore

        await _of_bucket(obstore.put_async(self._store, _proper(name), body))

    async def get(self, name: str) -> bytes:
        import obstore

        found = await _of_bucket(obstore.get_async(self._store, _proper(name)))
        return bytes(await _of_bucket(found.bytes_async()))

    async def delete(self, name: str) -> None:
        import obstore

        with contextlib.suppress(NotFound):
            await _of_bucket(obstore.delete_async(self._store, _proper(name)))

    async def names(self) -> AsyncIterator[str]:
        import obstore

        pages = obstore.list(self._store).__aiter__()
        while (page := await _of_bucket(anext(pages, None))) is not None:
            for one in page:
                yield str(one["path"])

    async def upload(self, name: str, file: Path) -> None:
        """A file of any size. Raises Unavailable."""
        import obstore

        await _of_bucket(obstore.put_async(self._store, _proper(name), file))

    async def download(self, name: str, to: Path) -> None:
        """Raises NotFound, Unavailable."""
        import obstore

        size = (await _of_bucket(obstore.head_async(self._store, _proper(name))))["size"]
        with to.open("wb") as out:
            for start in range(0, size, PIECE):
                end = min(start + PIECE, size)
                piece = obstore.get_range_async(self._store, name, start=start, end=end)
                out.write(await _of_bucket(piece))


def _proper(name: str) -> str:
    """A name that stays below its store. Raises NotFound: no other can be there."""
    if not NAME.fullmatch(name) or any(part in ("", ".", "..") for part in name.split("/")):
        raise NotFound("not a name of the media store")
    return name


async def _in_thread(work: Any, *arguments: Any) -> Any:
    try:
        return await asyncio.to_thread(work, *arguments)
    except FileNotFoundError:
        raise NotFound("no such file") from None
    except OSError as error:
        raise Unavailable(f"media store: {type(error).__name__}") from error


async def _of_bucket(work: Any) -> Any:
    from obstore.exceptions import BaseError, NotFoundError

    try:
        return await work
    except (FileNotFoundError, NotFoundError):
        raise NotFound("no such object") from None
    except (BaseError, OSError) as error:
        raise Unavailable(f"media store: {type(error).__name__}") from error
