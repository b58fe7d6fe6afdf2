"""A word with an agent on a restored database: nothing is queued, nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from agente_hotelero._db import repository
from agente_hotelero._runtime import rendering, state
from agente_hotelero._runtime.agent import Agent, running
from agente_hotelero._runtime.conversation import Talk, converse
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.config import Settings
from agente_hotelero.errors import HoteleroError, Rejected
from agente_hotelero.messages import Content, InboundMessage

HELLO = {"es": "hola", "pt": "olá", "en": "hello"}
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Said:
    """How many old conversations could be read, and what a new guest of the first hotel heard."""

    conversations: int
    answer: str


async def talk(settings: Settings) -> Said:
    """Read old conversations of every hotel, and greet each as a guest would. Raises Rejected."""
    try:
        async with running(settings, work=False) as agent:
            read = [await _read(agent, name) for name in settings.tenants]
            heard = [await _greet(agent, agent.tenants[name]) for name in settings.tenants]
    except HoteleroError as error:
        raise Rejected(f"the smoke conversation failed: {error}") from error
    return Said(conversations=sum(read), answer=next(iter(heard), ""))


async def _read(agent: Agent, tenant: str) -> int:
    """Their states and what was said in them, as this version reads it."""
    async with agent.database.sessions() as session:
        found = list(await repository.conversations(session, tenant))[:MOST]
        for one in found:
            try:
                state.parse(one.state)
            except ValidationError as error:
                raise Rejected(f"conversation {one.id} cannot be read") from error
            await repository.history(session, tenant, int(one.id or 0))
    return len(found)


async def _greet(agent: Agent, tenant: Tenant) -> str:
    """The first words of the answer. Raises Rejected where there is none, or an apology."""
    now, language = agent.clock.now().astimezone(tenant.settings.zone), tenant.settings.languages[0]
    message = InboundMessage(
        id="verify", address="verify", sent_at=now, content=Content(text=HELLO[language])
    )
    outcome = await converse(
        Talk(
            tenant=tenant.present(partial(agent.live.on, tenant.id)),
            renderer=agent.live.renderer_of(tenant.id),
            now=now,
            state=state.State(),
            language=None,
            messages=[message],
        )
    )
    if outcome.failed:
        raise Rejected(f"{tenant.id} answers a greeting with an apology")
    said = rendering.render(
        outcome.replies,
        agent.live.renderer_of(tenant.id),
        language=outcome.language,
        zone=tenant.settings.zone,
        can=rendering.Abilities(),
    )
    if not said:
        raise Rejected(f"{tenant.id} says nothing to a greeting")
    return said[0].text.splitlines()[0][:60]
