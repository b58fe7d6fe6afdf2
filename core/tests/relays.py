"""A relay that is driven by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agente_hotelero._db.session import Database
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero.testing import SettableClock
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.tests.fakes import FakeIngress, guarded
from core.tests.parts import relay_of


class Queue:
    """Stands for the engine: keeps what would be run."""

    def __init__(self) -> None:
        self.turns: list[tuple[int, int]] = []
        self.sends: list[tuple[int, str]] = []
        self.later: list[tuple[str, str]] = []

    async def schedule(
        self, session: AsyncSession, kind: str, key: str, at: datetime, now: datetime
    ) -> None:
        self.later.append((kind, key))

    async def enqueue_send(
        self,
        session: AsyncSession,
        outbox_id: int,
        recipient: str,
        again: str = "",
        delay: float = 0.0,
    ) -> None:
        self.sends.append((outbox_id, again))

    async def enqueue_turn(
        self, session: AsyncSession, conversation_id: int, event_id: int, delay: float
    ) -> None:
        self.turns.append((conversation_id, event_id))


async def rows(database: Database, table: type[Any]) -> Sequence[Any]:
    async with database.sessions() as session:
        return (await session.scalars(select(table).order_by(table.id))).all()


async def put(writer: RawWriter, *bodies: bytes, accounts: tuple[str, ...] = ("sol",)) -> None:
    for one in bodies:
        await writer.put("fake", accounts, one)


def hand_relay(
    database: Database, queue: Queue, clock: SettableClock, directory: Directory | None = None
) -> Relay:
    """Of two hotels on one fake channel, or of a directory."""
    tenants = {("fake", "sol"): "sol", ("fake", "luna"): "luna"}
    directory = directory or Directory(ingresses={"fake": guarded(FakeIngress)}, tenants=tenants)
    return relay_of(database, queue, directory, clock)
