"""What `hotelero doctor` looks at: every part, asked how it is, in words for an operator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from agente_hotelero._runtime import outputs, redis_link
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.pms_cache import StaticCache
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Component, Finding
from agente_hotelero.errors import HoteleroError, NotFound

SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One finding, and of which part it is: ``database``, ``plugin x``, ``hotel/plugin``."""

    part: str
    ok: bool
    what: str
    advice: str = ""


async def examine(agent: Agent) -> AsyncIterator[Row]:
    """Everything in turn; nothing is changed anywhere."""
    yield await _database(agent)
    if agent.settings.redis_url is not None:
        yield await _redis(agent.settings.redis_url.get_secret_value())
    for record in agent.plugins.records.values():
        if record.state not in ("active", "disabled"):
            yield Row(part=f"plugin {record.name}", ok=False, what=record.reason)
    for tenant in agent.tenants.values():
        async for row in _of_tenant(tenant):
            yield row
        for row in _lacking(tenant):
            yield row


def _lacking(tenant: Tenant) -> Iterator[Row]:
    """Without these no guest gets a good answer, although nothing is wrong by itself."""
    if not tenant.handlers:
        advice = "plugins.front_desk.enabled = true"
        yield Row(part=tenant.id, ok=False, what="no plugin answers guests", advice=advice)
    if not tenant.nlp:
        advice = f'tenants.{tenant.id}.nlp = ["nlp_local"]'
        yield Row(part=tenant.id, ok=False, what="nothing reads guests' words", advice=advice)
    if not tenant.settings.channels:
        advice = f"name some in tenants.{tenant.id}.channels"
        yield Row(part=tenant.id, ok=False, what="it has no channels", advice=advice)


async def _database(agent: Agent) -> Row:
    wrong = await agent.database.trouble()
    what = wrong or "answers, and has this version's tables"
    return Row(part="database", ok=not wrong, what=what)


async def _redis(url: str) -> Row:
    wrong = await redis_link.trouble(url)
    advice = "until it answers, limits and caches are each process's own" if wrong else ""
    return Row(part="redis", ok=not wrong, what=wrong or "answers", advice=advice)


async def _of_tenant(tenant: Tenant) -> AsyncIterator[Row]:
    for plugin, why in tenant.failed.items():
        yield Row(part=f"{tenant.id}/{plugin}", ok=False, what=why)
    parts: list[tuple[str, Component[Any], Guard]] = []
    if tenant.pms is not None:
        parts.append((tenant.pms.plugin, tenant.pms.adapter, tenant.pms.guard))
    parts += [(guard.plugin, engine, guard) for engine, guard in tenant.nlp]
    voices = (tenant.transcriber, tenant.synthesizer)
    parts += [(one[1].plugin, *one) for one in voices if one is not None]
    parts += [
        (f"{plugin}:{account}", channel, guard)
        for (plugin, account), (channel, guard) in tenant.channels.items()
    ]
    for name, component, guard in parts:
        for finding in await _asked(component, guard):
            yield _row(f"{tenant.id}/{name}", finding)
    if tenant.pms is not None:
        yield _row(f"{tenant.id}/{tenant.pms.plugin}", await _property(tenant.pms, tenant))


async def _asked(component: Component[Any], guard: Guard) -> list[Finding]:
    try:
        return list(
            await guard.call(
                "diagnose", component.diagnose, within=SECONDS, check=outputs.rows(Finding)
            )
        )
    except HoteleroError as error:
        return [Finding(ok=False, what=f"{type(error).__name__}: {error}".rstrip(": "))]


async def _property(pms: GuardedPms, tenant: Tenant) -> Finding:
    """Whether the PMS knows the property, and keeps the same time as we do: as it says now, not as
    it is remembered."""
    try:
        found = await replace(pms, cache=StaticCache(0)).property()
    except NotFound:
        return Finding(
            ok=False,
            what=f"the PMS knows no property {pms.property_id}",
            advice=f"set tenants.{tenant.id}.property_id to one that it knows",
        )
    except HoteleroError as error:
        return Finding(
            ok=False, what=f"property {pms.property_id} cannot be read: {type(error).__name__}"
        )
    if found.time_zone != tenant.settings.time_zone:
        return Finding(
            ok=False,
            what=f"the PMS keeps the time of {found.time_zone}",
            advice=f"tenants.{tenant.id}.time_zone says {tenant.settings.time_zone}",
        )
    return Finding(ok=True, what=f"property {found.id}: {found.name}, {found.currency}")


def _row(part: str, finding: Finding) -> Row:
    return Row(part=part, ok=finding.ok, what=finding.what, advice=finding.advice)
