"""`Services` for tests: everything real but the clock and the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import structlog
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from agente_hotelero.components import Journeys, MediaStore, Question, Services
from agente_hotelero.errors import AuthFailed, NotFound


class SettableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self.set(start)

    def set(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("an instant must be aware")
        self._now = instant.astimezone(UTC)

    def advance(self, **delta: float) -> None:
        self._now += timedelta(**delta)

    def now(self) -> datetime:
        return self._now


class NotLent:
    """Stands where a test has lent nothing: naming what is missing when it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        raise LookupError(f"lend() was given no {self._name}")


class RecordingInbox:
    """Keeps what a channel put in."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []

    async def put(self, account: str, body: bytes) -> None:
        self.bodies.append((account, body))


class MemoryStore:
    """A media store that forgets."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def put(self, name: str, body: bytes) -> None:
        self.files[name] = body

    async def get(self, name: str) -> bytes:
        try:
            return self.files[name]
        except KeyError:
            raise NotFound(name) from None

    async def delete(self, name: str) -> None:
        self.files.pop(name, None)


class OpenSeals:
    """Seals that anybody can make, for tests that look at what is sealed."""

    def seal(self, text: str) -> str:
        return f"{text.encode().hex()}.sealed"

    def open(self, sealed: str) -> str:
        body, _, mark = sealed.partition(".")
        if mark != "sealed":
            raise AuthFailed("not sealed here")
        return bytes.fromhex(body).decode()


class RecordingJourneys:
    """Keeps what was clicked; `known` are the marks that exist, or None for all."""

    def __init__(self, known: Collection[str] | None = None) -> None:
        self.known = known
        self.clicks: list[tuple[str, str]] = []

    async def clicked(self, mark: str, link: str) -> bool:
        if self.known is not None and mark not in self.known:
            return False
        self.clicks.append((mark, link))
        return True


def lend(
    *,
    tenant: str = "sol",
    property_id: str = "1",
    zone: str = "America/Argentina/Buenos_Aires",
    clock: SettableClock | None = None,
    http: httpx.AsyncClient | None = None,
    desk: Any = None,
    door: Any = None,
    database_url: str = "sqlite+aiosqlite://",
    questions: Sequence[Question] = (),
    media: MediaStore | None = None,
    journeys: Journeys | None = None,
) -> Services:
    """Services for one tenant; the default database lives in memory and is empty."""
    held: dict[str, Any] = {}
    client = http or httpx.AsyncClient(timeout=5)

    def shared(key: str, factory: Callable[[], Any]) -> Any:
        if key not in held:
            held[key] = factory()
        return held[key]

    return Services(
        tenant=tenant,
        hotel_name=f"Hotel {tenant.title()}",
        property_id=property_id,
        time_zone=ZoneInfo(zone),
        languages=("es", "pt", "en"),
        http=client,
        public_http=client,
        log=structlog.get_logger(),
        clock=clock or SettableClock(datetime(2026, 11, 18, 12, tzinfo=UTC)),
        sessions=async_sessionmaker(create_async_engine(database_url), expire_on_commit=False),
        inbox=RecordingInbox(),
        media=media or MemoryStore(),
        desk=desk or NotLent("desk"),
        door=door or NotLent("door"),
        run_sync=asyncio.to_thread,
        shared=shared,
        seals=OpenSeals(),
        journeys=journeys or RecordingJourneys(),
        questions=questions,
    )
