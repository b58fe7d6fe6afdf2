"""Real webhook bodies of other projects' tests, through the relay into a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero import Ingress
from agente_hotelero._db.backups import CORE_METADATA
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.models import Conversation, EventState, InboundEventRow, InboxRaw, Message
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero.messages import Ignored, InboundEvent, InboundMessage
from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_whatsapp import payload

from core.tests.relays import Queue, hand_relay, rows

pytestmark = pytest.mark.anyio
CHANNEL, NOON = "channel_whatsapp", datetime(2026, 11, 18, 12, tzinfo=UTC)
FOLDER = Path(__file__).parents[1] / "plugins/channel_whatsapp/tests/payloads"
BODIES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}
BUSINESSES = {"102290129340398": "10001", "57438975935": "10001"}
EVENTS = {name: payload.parse(body, BUSINESSES) for name, body in BODIES.items()}
ACCOUNTS = sorted({event.account for events in EVENTS.values() for event in events} - {""})


class Reader(Ingress[Any]):
    """The plugin's reader, for whatever numbers these bodies are for."""

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        return payload.parse(body, BUSINESSES)


@pytest.fixture
async def database(database_url: str, anyio_backend: str) -> AsyncIterator[Database]:
    opened = connect(database_url)
    await migrate(opened.engine, owners({}))
    yield opened
    await opened.close()


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[RawWriter]:
    made = RawWriter(database.sync_engine, SettableClock(NOON))
    made.start()
    yield made
    await made.stop()


@pytest.fixture
def relay(database: Database) -> Relay:
    tenants = {(CHANNEL, account): "sol" for account in ACCOUNTS}
    directory = Directory(ingresses={CHANNEL: Reader([])}, tenants=tenants)
    return hand_relay(database, Queue(), SettableClock(NOON), directory)


async def empty(database: Database) -> None:
    async with database.engine.begin() as connection:
        for table in reversed(CORE_METADATA.sorted_tables):
            await connection.execute(table.delete())


async def relayed(relay: Relay, writer: RawWriter, database: Database, body: bytes) -> Any:
    """All there is after a body: events, conversations, lines, and what nobody could read."""
    await writer.put(CHANNEL, ACCOUNTS, body)
    await relay.run_once()
    events = await rows(database, InboundEventRow)
    raws = await rows(database, InboxRaw)
    return (
        [(one.event_key, one.kind, one.state, one.reason, one.content) for one in events],
        [(one.address, one.phone, one.mode) for one in await rows(database, Conversation)],
        [(one.direction, one.text) for one in await rows(database, Message)],
        [one.error for one in raws if one.state != "done"],
    )


async def test_every_body_is_its_events_once_however_often_it_comes(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    for name, body in BODIES.items():
        await empty(database)
        first = await relayed(relay, writer, database, body)
        again = await relayed(relay, writer, database, body)
        assert first == again, name
        events, conversations, lines, dead = first
        assert len(events) == len(EVENTS[name]), name
        assert dead == [], name
        check(name, events, lines)
        asked = {one.event.address for one in EVENTS[name] if isinstance(one.event, InboundMessage)}
        assert asked <= {address for address, _, _ in conversations}, name


def check(name: str, events: Sequence[Any], lines: Sequence[Any]) -> None:
    """A message waits for its answer and has its line; what is ignored says why."""
    kinds = Counter(type(one.event).__name__ for one in EVENTS[name])
    assert Counter(kind for _, kind, *_ in events) == kinds, name
    messages = kinds[InboundMessage.__name__]
    assert sum(direction == "in" for direction, _ in lines) == messages, name
    for _, kind, state, reason, _ in events:
        assert bool(reason) == (kind == Ignored.__name__), name
        expected = {Ignored.__name__: EventState.IGNORED, InboundMessage.__name__: "waiting"}
        assert state == expected.get(kind, EventState.DONE), name


async def test_all_bodies_together_lose_nothing(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    for body in BODIES.values():
        await writer.put(CHANNEL, ACCOUNTS, body)
    while await relay.run_once():
        pass
    stored = {(one.account, one.event_key) for one in await rows(database, InboundEventRow)}
    keys = {
        (one.account, one.key if one.account else f"refused:{one.key}")
        for events in EVENTS.values()
        for one in events
    }
    assert stored == keys
