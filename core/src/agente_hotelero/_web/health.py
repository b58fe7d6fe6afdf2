"""``/health/live``, ``/health/ready`` and ``/metrics``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._db import held
from agente_hotelero._runtime import redis_link
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._runtime.tenants import Tenant

Check = dict[str, Any]


def public_router() -> APIRouter:
    """What anybody may see."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        """The process runs and its loop answers."""
        return {"status": "ok"}

    return routes


def router(agent: Agent) -> APIRouter:
    """The operator's endpoints: they name hotels and tell how much goes on in them."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/health/ready")
    async def ready(response: Response) -> dict[str, Any]:
        """What must work before guests may come; a PMS in trouble is shown, not fatal."""
        report = await readiness(agent)
        response.status_code = 200 if report["status"] == "ok" else 503
        return report

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(agent.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes


async def readiness(agent: Agent) -> dict[str, Any]:
    """Each check with its result; `status` is ok when every fatal one passed."""
    settings = agent.settings
    checks: dict[str, Check] = {name: {"ok": ok} for name, ok in agent.working().items()}
    if settings.check_db_in_readiness:
        checks["database"] = _check(await agent.database.trouble())
    if settings.check_redis_in_readiness:
        checks["redis"] = _check(await _redis(agent))
    fatal_ok = all(check["ok"] for check in checks.values())
    stopped = await _stopped(agent)
    tenants = {name: await _tenant(tenant, stopped) for name, tenant in agent.tenants.items()}
    if settings.check_pms_in_readiness:
        fatal_ok = fatal_ok and all(one["pms"]["ok"] for one in tenants.values())
    return {
        "status": "ok" if fatal_ok else "unavailable",
        "checks": checks,
        "tenants": tenants,
        "plugins": _plugins(agent),
    }


def _plugins(agent: Agent) -> dict[str, Any]:
    """Those with which something is, or was, wrong."""
    last = agent.walls.failures.last
    return {
        record.name: {
            "state": record.state,
            "reason": record.reason,
            "load_ms": record.load_ms,
            "last_failure": asdict(last[record.name]) if record.name in last else None,
        }
        for record in agent.plugins.records.values()
        if record.state not in ("active", "disabled") or record.slow or record.name in last
    }


async def _redis(agent: Agent) -> str:
    url = agent.settings.redis_url
    return await redis_link.trouble(url.get_secret_value()) if url else "redis_url is not set"


def _check(trouble: str) -> Check:
    return {"ok": False, "detail": trouble} if trouble else {"ok": True}


async def _tenant(tenant: Tenant, stopped: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    channels = {
        f"{plugin}:{account}": _check(stopped.get((plugin, account), ""))
        for plugin, account in tenant.channels
    }
    return {"pms": await _pms(tenant), "channels": channels, "failed": tenant.failed}


async def _stopped(agent: Agent) -> dict[tuple[str, str], str]:
    """Why accounts may send nothing, by channel and account; nothing while the tables are away.
    Their providers are not asked: who looks at an agent's health must not wait for theirs."""
    try:
        async with agent.database.sessions() as session:
            found = await held.stopped(session)
    except (SQLAlchemyError, OSError):
        return {}
    return {(one.channel, one.account): f"stopped: {one.reason}" for one in found}


async def _pms(tenant: Tenant) -> Check:
    if tenant.pms is None:
        return {"ok": False, "plugin": tenant.settings.pms, "detail": "not in service"}
    circuit = tenant.pms.guard.circuit
    state = circuit.state if circuit else 0
    return {"ok": state == 0, "plugin": tenant.pms.plugin, "circuit": state}
