"""`hotelero chat`: lines in, answers out, over the same durable path as any guest.

Where a server already runs on the same SQLite file, it does the answering and this process only
writes and reads.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Sequence

from sqlalchemy import select

from agente_hotelero._db import repository
from agente_hotelero._db.models import Conversation, InboxRaw, Mode, RawState, raw_
from agente_hotelero._db.session import connect
from agente_hotelero._runtime import console
from agente_hotelero._runtime.agent import Agent, running
from agente_hotelero._runtime.engine import SoleProcess
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError
from agente_hotelero.messages import OfferedOption

POLL = 0.05
PATIENCE = 60.0


async def chat(settings: Settings, tenant: str | None, chat_id: str) -> None:
    """Until the end of input. Raises ConfigError for an unknown tenant."""
    tenant = tenant or next(iter(settings.tenants))
    if tenant not in settings.tenants:
        raise ConfigError.at("--tenant", "is not configured", ", ".join(settings.tenants))
    async with running(settings, work=_must_work(settings)) as agent:
        print(f"{settings.tenants[tenant].name}. Ctrl-D ends.", flush=True)
        shown = await _last_line(agent, tenant, chat_id)
        while (text := await asyncio.to_thread(_read_line)) is not None:
            if text.strip():
                shown = await _exchange(agent, tenant, chat_id, text.strip(), shown)


def _must_work(settings: Settings) -> bool:
    """Whether nobody else answers on this database. On PostgreSQL any number may."""
    path = connect(settings.database_url.get_secret_value()).path
    if path is None:
        return True
    lock = SoleProcess(path)
    free = lock.try_acquire()
    lock.release()
    return free


def _read_line() -> str | None:
    if sys.stdin.isatty():
        print("> ", end="", flush=True)
    line = sys.stdin.readline()
    return line if line else None


async def _exchange(agent: Agent, tenant: str, chat_id: str, text: str, shown: int) -> int:
    """Store a line, wait until it is dealt with, print what came back."""
    body = console.line(tenant, chat_id, uuid.uuid4().hex, text, agent.clock.now())
    await agent.writer.put(console.NAME, [tenant], body)
    async with asyncio.timeout(PATIENCE):
        while not await _is_dealt_with(agent, tenant, chat_id):  # noqa: ASYNC110 - another process
            await asyncio.sleep(POLL)
    return await _print_new(agent, tenant, chat_id, shown)


async def _is_dealt_with(agent: Agent, tenant: str, chat_id: str) -> bool:
    async with agent.database.sessions() as session:
        query = select(InboxRaw).where(raw_.state == RawState.NEW, raw_.channel == console.NAME)
        if (await session.scalars(query.limit(1))).first() is not None:
            return False
        conversation = await _conversation(agent, tenant, chat_id)
        if conversation is None:
            return False
        waiting = await repository.waiting_events(session, tenant, int(conversation.id or 0))
        return not waiting


async def _conversation(agent: Agent, tenant: str, chat_id: str) -> Conversation | None:
    async with agent.database.sessions() as session:
        return await repository.conversation_of(session, tenant, console.NAME, chat_id)


async def _last_line(agent: Agent, tenant: str, chat_id: str) -> int:
    conversation = await _conversation(agent, tenant, chat_id)
    if conversation is None:
        return 0
    async with agent.database.sessions() as session:
        lines = await repository.history(session, tenant, int(conversation.id or 0), limit=100_000)
        return max((int(line.id or 0) for line in lines), default=0)


async def _print_new(agent: Agent, tenant: str, chat_id: str, shown: int) -> int:
    conversation = await _conversation(agent, tenant, chat_id)
    if conversation is None:
        return shown
    async with agent.database.sessions() as session:
        lines = await repository.history(session, tenant, int(conversation.id or 0), after=shown)
    for line in lines:
        if line.direction == "out":
            options = [OfferedOption(**option) for option in line.content.get("options", [])]
            _show(line.text, line.content, options)
        shown = int(line.id or 0)
    if conversation.mode == Mode.HUMAN and all(line.direction == "in" for line in lines):
        print("  (a person has this conversation; `hotelero conversations release` returns it)")
    return shown


def _show(text: str, content: dict[str, object], options: Sequence[OfferedOption]) -> None:
    for line in text.splitlines():
        print(f"  {line}")
    image, location = content.get("image"), content.get("location")
    if isinstance(image, dict):
        print(f"  [{image['url']}]")
    if isinstance(location, dict):
        print(f"  [{location['latitude']}, {location['longitude']}]")
    for option in options:
        print(f"  · {option.title}")
    print(flush=True)
