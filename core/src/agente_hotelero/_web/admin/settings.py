"""What may change while the agent runs: switches and words of a hotel; the state of plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from agente_hotelero._db import desk as rows
from agente_hotelero._runtime import words
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._runtime.live import word_key
from agente_hotelero._web.admin.access import Hotel, Json, Known, in_http, needs
from agente_hotelero.desk import Caller
from agente_hotelero.pages import Plain

Slug = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Language = Annotated[str, Path(pattern=r"^[a-z]{2}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Switch(_Body):
    on: bool


class Words(_Body):
    text: Plain = Field(min_length=1, max_length=words.LONGEST)


class HotelShown(_Body):
    id: str
    name: str
    time_zone: str
    languages: Sequence[str]
    pms: str | None
    channels: Sequence[str]
    flags: dict[str, bool]


class TemplateShown(_Body):
    """A template of the agent; `own` are the hotel's words for it, if it has any."""

    template: str
    language: str
    text: str
    own: str | None = None


def router(agent: Agent) -> APIRouter:
    """Reading needs any role, changing ``owner``."""
    routes = APIRouter(tags=["settings"])
    _hotels(routes, agent)
    _flags(routes, agent)
    _templates(routes, agent)
    return routes


def _hotels(routes: APIRouter, agent: Agent) -> None:
    @routes.get("/tenants")
    async def hotels(caller: Known) -> Sequence[HotelShown]:
        """The caller's hotels."""
        return [
            _shown(agent, name) for name in sorted(caller.tenants) if name in agent.settings.tenants
        ]

    @routes.get("/plugins")
    async def plugins(caller: Known) -> Sequence[Json]:
        """What is installed, its state and why."""
        needs(caller, "owner")
        return [
            {
                "name": one.name,
                "version": one.version,
                "state": one.state,
                "reason": one.reason,
                "load_ms": one.load_ms,
            }
            for one in agent.plugins.records.values()
        ]


def _flags(routes: APIRouter, agent: Agent) -> None:
    path = "/tenants/{tenant}/flags/{name}"

    @routes.put(path, status_code=204)
    async def throw(tenant: Hotel, name: Slug, switch: Switch, caller: Known) -> None:
        """Within two seconds in every process. The file's value comes back with DELETE."""
        await _throw(agent, tenant, name, switch.on, caller)

    @routes.delete(path, status_code=204)
    async def leave(tenant: Hotel, name: Slug, caller: Known) -> None:
        """Leave it to the file again."""
        await _throw(agent, tenant, name, None, caller)


async def _throw(agent: Agent, tenant: str, name: str, on: bool | None, caller: Caller) -> None:
    needs(caller, "owner")
    journeys = agent.journeys[tenant].plans if tenant in agent.journeys else ()
    if name not in {*agent.plugins.records, *(plan.flag for plan in journeys)}:
        raise HTTPException(404, "no such plugin or journey")
    before = {"on": agent.live.on(tenant, name)}
    async with agent.database.sessions() as session, session.begin():
        await rows.set_flag(session, tenant, name, on)
        await _audited(session, agent, tenant, caller, f"flag {name}", before, {"on": on})
    await agent.live.look()


def _templates(routes: APIRouter, agent: Agent) -> None:
    path = "/tenants/{tenant}/templates/{plugin}/{name}/{language}"

    @routes.get("/tenants/{tenant}/templates")
    async def templates(tenant: Hotel) -> Sequence[TemplateShown]:
        """Everything the agent can say, with this hotel's own words."""
        async with agent.database.sessions() as session:
            found = await rows.overrides(session, tenant)
        own = {word_key(one.template, one.language): one.text for one in found}
        return [
            _template(key, text, own.get(key))
            for key, text in sorted(agent.live.renderer.sources.items())
        ]

    @routes.post(f"{path}/preview")
    async def preview(
        tenant: Hotel, plugin: Slug, name: Slug, language: Language, given: Words, caller: Known
    ) -> Words:
        """How these words would look, with a placeholder for each value."""
        needs(caller, "owner")
        key = _known(agent, plugin, name, language)
        with in_http():
            words.check(agent.live.renderer.sources, key, given.text)
            return Words(text=words.preview(agent.live.renderer.sources, given.text))

    @routes.put(path, status_code=204)
    async def write(
        tenant: Hotel, plugin: Slug, name: Slug, language: Language, given: Words, caller: Known
    ) -> None:
        """The hotel's own words, from the next message on."""
        needs(caller, "owner")
        key = _known(agent, plugin, name, language)
        with in_http():
            words.check(agent.live.renderer.sources, key, given.text)
        await _write(agent, tenant, f"{plugin}/{name}", language, given.text, caller)

    @routes.delete(path, status_code=204)
    async def forget(
        tenant: Hotel, plugin: Slug, name: Slug, language: Language, caller: Known
    ) -> None:
        """The agent's words again."""
        _known(agent, plugin, name, language)
        await _write(agent, tenant, f"{plugin}/{name}", language, None, caller)


async def _write(
    agent: Agent, tenant: str, template: str, language: str, text: str | None, caller: Caller
) -> None:
    needs(caller, "owner")
    async with agent.database.sessions() as session, session.begin():
        own = {
            (one.template, one.language): one.text for one in await rows.overrides(session, tenant)
        }
        before = {"text": own.get((template, language))}
        await rows.set_override(session, tenant, template, language, text)
        target = f"template {template} {language}"
        await _audited(session, agent, tenant, caller, target, before, {"text": text})
    await agent.live.look()


def _known(agent: Agent, plugin: str, name: str, language: str) -> str:
    key = f"{plugin}/{language}/{name}"
    if key not in agent.live.renderer.sources:
        raise HTTPException(404, "no such template")
    return key


def _template(key: str, text: str, own: str | None) -> TemplateShown:
    plugin, language, name = key.split("/")
    return TemplateShown(template=f"{plugin}/{name}", language=language, text=text, own=own)


def _shown(agent: Agent, tenant: str) -> HotelShown:
    found = agent.settings.tenants[tenant]
    return HotelShown(
        id=tenant,
        name=found.name,
        time_zone=found.time_zone,
        languages=found.languages,
        pms=found.pms,
        channels=found.channels,
        flags={
            name: agent.live.on(tenant, name)
            for name, record in agent.plugins.records.items()
            if record.state == "active"
        },
    )


async def _audited(
    session: Any,
    agent: Agent,
    tenant: str,
    caller: Caller,
    target: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    now = agent.clock.now()
    await rows.audit(session, tenant, caller.name, "set", target, now, before=before, after=after)
