"""The runner of each hotel that has journeys, and when it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog

from agente_hotelero._db.session import Database
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero._runtime.live import Live
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.proactive import plans
from agente_hotelero._runtime.proactive.due import Calendar
from agente_hotelero._runtime.proactive.facts import Gatherer
from agente_hotelero._runtime.proactive.mirror import Mirror
from agente_hotelero._runtime.proactive.plans import Plan
from agente_hotelero._runtime.proactive.runner import Runner
from agente_hotelero._runtime.proactive.sending import Dispatcher
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock
from agente_hotelero.errors import ConfigError, HoteleroError

LOG = structlog.get_logger("agent")
JOB = "core/journeys"
CRON = "*/5 * * * *"


def plans_of(tenant: Tenant) -> list[Plan]:
    """All journeys of a hotel; a plugin that cannot say its own is left out. Raises ConfigError
    where two have one name."""
    found = plans.of_file(tenant.settings)
    for plugin, sources in tenant.sources.items():
        for source, guard in sources:
            try:
                found += plans.of_plugin(plugin, source, guard)
            except HoteleroError as error:
                tenant.failed[plugin] = f"its journeys cannot be read: {type(error).__name__}"
    plans.refuse_doubles(tenant.id, found)
    return found


def runners(
    tenants: Mapping[str, Tenant],
    live: Live,
    database: Database,
    engine: Engine,
    clock: Clock,
    metrics: Metrics,
) -> dict[str, Runner]:
    """One for each hotel that has a PMS and journeys. Raises ConfigError for words that are not
    there."""
    found: dict[str, Runner] = {}
    for tenant in tenants.values():
        own = plans_of(tenant)
        if own and tenant.pms is not None:
            _check_words(tenant, own, live)
            found[tenant.id] = runner(tenant, own, live, database, engine, clock, metrics)
    return found


def runner(
    tenant: Tenant,
    own: list[Plan],
    live: Live,
    database: Database,
    engine: Engine,
    clock: Clock,
    metrics: Metrics,
) -> Runner:
    """Of one hotel, which has a PMS."""
    if tenant.pms is None:
        raise ValueError("a hotel without a PMS has no stays")
    zone, on = tenant.settings.zone, partial(live.on, tenant.id)
    mirror = Mirror(
        tenant=tenant.id,
        zone=zone,
        pms=tenant.pms,
        database=database,
        clock=clock,
        log=LOG.bind(tenant=tenant.id),
    )
    return Runner(
        tenant=tenant.id,
        settings=tenant.settings.proactive,
        plans=own,
        mirror=mirror,
        calendar=Calendar(tenant=tenant.id, zone=zone, database=database, clock=clock),
        gatherer=Gatherer(tenant=tenant, database=database, clock=clock, on=on),
        dispatcher=Dispatcher(
            tenant=tenant,
            mirror=mirror,
            database=database,
            engine=engine,
            clock=clock,
            renderer=partial(live.renderer_of, tenant.id),
            plain=live.renderer,
        ),
        database=database,
        clock=clock,
        log=LOG.bind(tenant=tenant.id),
        metrics=metrics,
        on=on,
    )


def planned(found: Mapping[str, Runner]) -> dict[str, Planned]:
    """A round every five minutes."""
    return {
        f"{JOB}/{name}": Planned(cron=CRON, zone=one.mirror.zone, run=_round(one))
        for name, one in found.items()
    }


def _round(one: Runner) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await one.tick()

    return run


def _check_words(tenant: Tenant, own: list[Plan], live: Live) -> None:
    for plan in own:
        for reminder in (False, True):
            name = plan.template(reminder)
            renderer = plan.own if name.startswith("journeys/") else live.renderer
            plugin, _, short = name.partition("/")
            missing = [
                language
                for language in tenant.hotel.languages
                if f"{plugin}/{language}/{short}" not in renderer.names()
            ]
            if missing:
                raise ConfigError.at(
                    f"tenants.{tenant.id}.journeys.{plan.journey.name}",
                    f"there is no template {name} in {', '.join(missing)}",
                )
