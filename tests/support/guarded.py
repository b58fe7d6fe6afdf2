"""An adapter as the core holds it."""

from __future__ import annotations

from typing import Any

import structlog
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.pms_cache import StaticCache
from agente_hotelero._runtime.pms_calls import PmsCalls
from agente_hotelero._runtime.pms_writes import PmsWrites
from agente_hotelero.components import Services
from agente_hotelero.pms import PmsAdapter

SECONDS = 30


def guarded_pms(plugin: str, adapter: PmsAdapter[Any], services: Services) -> GuardedPms:
    """Of the tenant of these services; what never changes is asked once."""
    metrics, log = Metrics(), structlog.get_logger()
    calls = PmsCalls(
        plugin=plugin,
        tenant=services.tenant,
        guard=Guard(plugin, log, timeout=SECONDS, concurrency=64),
        limiter=Limiter(None, log=log, metrics=metrics),
        limits=adapter.info().limits,
        metrics=metrics,
        seconds=SECONDS,
    )
    return GuardedPms(
        adapter=adapter,
        property_id="1",
        info=adapter.info(),
        calls=calls,
        writes=PmsWrites(calls=calls, services=services, lock=None),
        cache=StaticCache(3600),
    )
