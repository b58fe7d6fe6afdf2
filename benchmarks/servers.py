"""The servers that are compared, each a process of its own.

    python -m benchmarks.servers signed|bare|way_in|agent|direct DATABASE_URL

`bare` is as little as a correct webhook can be: it checks the signature over the raw bytes, puts
the body into a table, many bodies a transaction, and answers 200 after the commit. `way_in` is the
application without its workers, so that only the way in is measured. `agent` is the application,
`direct` the same with the engine replaced by a call: nothing is queued, nothing survives a crash.

On SIGUSR1 a server prints how many SQL statements it has run.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import psycopg
import uvicorn
from sqlalchemy import Engine, event

from benchmarks.measure import cpu_seconds

FORWARDED = ("WHATSAPP_API_BASE_URL", "HOTELERO__POLL_SECONDS")
SECRET = "benchmark-secret"
NUMBER = "100000000000001"
TABLE = "CREATE TABLE IF NOT EXISTS raw (id {key}, body {blob} NOT NULL, at TEXT NOT NULL)"
Commit = Callable[[Sequence[bytes]], None]


def environment(database_url: str, **more: str) -> dict[str, str]:
    """One hotel with one WhatsApp number."""
    return {
        "DATABASE_URL": database_url,
        "HOTEL_NAME": "Hotel Sol",
        "WHATSAPP_ACCESS_TOKEN": "t",
        "WHATSAPP_PHONE_NUMBER_ID": NUMBER,
        "WHATSAPP_VERIFY_TOKEN": "v",
        "WHATSAPP_APP_SECRET": SECRET,
        "HOTELERO__GUEST_MESSAGES_PER_MINUTE": "1000000",
        "HOTELERO__PLUGINS__CHANNEL_WHATSAPP__MESSAGES_PER_SECOND": "1000",
        "HOTELERO__LOG_LEVEL": "WARNING",
        "HOTELERO__TENANTS__DEFAULT__HOUSE": '{ wifi = { es = "Red SolGuest." } }',
        **more,
    }


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def sqlite_commit(path: str) -> Commit:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(TABLE.format(key="INTEGER PRIMARY KEY", blob="BLOB"))

    def commit(bodies: Sequence[bytes]) -> None:
        with connection:
            connection.executemany(
                "INSERT INTO raw (body, at) VALUES (?, datetime('now'))", [(b,) for b in bodies]
            )

    return commit


def postgresql_commit(url: str) -> Commit:
    connection = psycopg.connect(url)
    key = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    connection.execute(TABLE.format(key=key, blob="BYTEA"))
    connection.commit()

    def commit(bodies: Sequence[bytes]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO raw (body, at) VALUES (%s, now()::text)", [(b,) for b in bodies]
            )
        connection.commit()

    return commit


class Bare:
    """The baseline as an ASGI application."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        given = dict(scope["headers"]).get(b"x-hub-signature-256", b"")
        good = hmac.compare_digest(given, signature(body).encode())
        if good:
            await self._stored(body)
        await send({"type": "http.response.start", "status": 200 if good else 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _stored(self, body: bytes) -> None:
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((body, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await asyncio.to_thread(self._commit, [body for body, _ in group])
            for _, written in group:
                written.set_result(None)


def bare(database_url: str) -> Any:
    if database_url.startswith("sqlite"):
        return Bare(sqlite_commit(database_url.removeprefix("sqlite:///")))
    return Bare(postgresql_commit(database_url))


async def signed(scope: Any, receive: Any, send: Any) -> None:
    """Checks the signature, and that is all."""
    if scope["type"] == "http":
        message = await receive()
        given = dict(scope["headers"]).get(b"x-hub-signature-256", b"")
        good = hmac.compare_digest(given, signature(message["body"]).encode())
        await send({"type": "http.response.start", "status": 200 if good else 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def application(database_url: str, *, work: bool = True) -> Any:
    from agente_hotelero._runtime import logs
    from agente_hotelero._runtime.plugins import installed
    from agente_hotelero.app import create_app
    from agente_hotelero.config import load

    logs.configure("WARNING")
    more = {name: os.environ[name] for name in FORWARDED if name in os.environ}
    settings = load(None, environment(database_url, **more), installed=set(installed()))
    return create_app(settings, work=work)


def direct(database_url: str) -> Any:
    from agente_hotelero._runtime import agent

    from benchmarks.direct import DirectEngine

    vars(agent)["Engine"] = DirectEngine
    return application(database_url)


VARIANTS: dict[str, Callable[[str], Any]] = {
    "signed": lambda _: signed,
    "bare": bare,
    "way_in": partial(application, work=False),
    "agent": application,
    "direct": direct,
}


class _Server(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


class Process:
    """A server process; `port` is where it listens."""

    def __init__(self, variant: str, database_url: str, **environ: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.servers", variant, database_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environ},
            text=True,
        )
        self.port = self._number()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)

    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self._process.pid)

    def statements(self) -> int:
        """SQL statements so far."""
        self._process.send_signal(signal.SIGUSR1)
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def _count_statements() -> None:
    count = itertools.count()

    @event.listens_for(Engine, "before_cursor_execute")
    def counted(*_: object) -> None:
        next(count)

    def tell(*_: object) -> None:
        print(next(count), flush=True)

    signal.signal(signal.SIGUSR1, tell)


def main(variant: str, database_url: str) -> None:
    _count_statements()
    app = VARIANTS[variant](database_url)
    lifespan: Any = "off" if variant in ("signed", "bare") else "on"
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan=lifespan)
    _Server(config).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
