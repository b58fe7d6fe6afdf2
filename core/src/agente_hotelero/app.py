"""The web application: one FastAPI app around one running agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from agente_hotelero import __version__
from agente_hotelero._runtime import agent as agents
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._runtime.guard import Walls
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.rotation import Source
from agente_hotelero._web import admin, bell, health, webhooks
from agente_hotelero._web.counting import CountRequests
from agente_hotelero._web.hardening import Harden
from agente_hotelero._web.limits import LimitRequests, NameClients
from agente_hotelero._web.webhooks import Webhooks
from agente_hotelero.components import Clock, Mount
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError, PluginBug

LOG = structlog.get_logger("agent")
# Spans are ours, one trace from webhook to receipt; FastAPI's would name guests' addresses.
NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


class _Application(FastAPI):
    """FastAPI, and beside it the webhooks, once the agent runs."""

    way_in: Webhooks | None = None
    client_ip_header: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._routed
        if self.client_ip_header is not None:
            app = NameClients(app, self.client_ip_header)
        await app(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith(webhooks.PREFIX)
        if ours and self.way_in is not None:
            await self.way_in(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """What is wrong and where, without what was given: that may be a password, or no text."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    told = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in found]
    return JSONResponse({"detail": told}, 422)


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    public: bool = True,
    work: bool = True,
    source: Source | None = None,
) -> FastAPI:
    """An application that opens the agent when it starts; `app.state.agent` then holds it.

    Without `public` it takes nothing in, without `work` it answers nobody; with a `source` secrets
    are read again when their files change.

    Raises ConfigError from its lifespan when a plugin's settings are wrong, and keeps it in
    `app.state.refused`: servers swallow what a lifespan raises.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with agents.running(
                settings, clock=clock, metrics=metrics, work=work, source=source
            ) as agent:
                app.state.agent = agent
                app.include_router(health.public_router())
                if not public or settings.operations() is None:
                    app.include_router(health.router(agent))
                if public:
                    app.way_in = Webhooks(
                        agent.ingresses,
                        agent.writer,
                        agent.limiter,
                        metrics.http_requests,
                        refused_per_minute=settings.public_requests_per_minute,
                    )
                    app.include_router(admin.router(agent))
                    app.include_router(bell.router(agent))
                    _mount_plugins(app, agent)
                yield
        except ConfigError as error:
            app.state.refused = error
            raise

    # In production the API is described to nobody who does not run it.
    described = None if settings.environment == "production" else "/openapi.json"
    app = _Application(
        title="Agente Hotelero",
        version=__version__,
        lifespan=lifespan,
        openapi_url=described,
        telemetry=NO_TELEMETRY,
    )
    app.client_ip_header = settings.client_ip_header
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(
        LimitRequests,
        limiter=lambda: app.state.agent.limiter if hasattr(app.state, "agent") else None,
        per_minute=settings.public_requests_per_minute,
    )
    app.add_middleware(Harden, https=settings.environment == "production")
    app.add_middleware(CountRequests, counter=metrics.http_requests)
    return app


def operations_app(agent: Agent) -> FastAPI:
    """The operator's endpoints alone, for a port that guests do not reach."""
    app = FastAPI(title="Agente Hotelero, operations", openapi_url=None, telemetry=NO_TELEMETRY)
    app.include_router(health.public_router())
    app.include_router(health.router(agent))
    app.add_middleware(Harden, https=False)
    return app


def _mount_plugins(app: FastAPI, agent: Agent) -> None:
    claimed: dict[str, str] = {}
    for plugin, mount in agent.plugins.registered("register_router"):
        if not isinstance(mount, Mount):
            continue
        prefix = f"/plugins/{plugin}" if mount.prefix is None else mount.prefix
        if prefix in claimed:
            raise ConfigError.at(
                "plugins", f"{plugin} and {claimed[prefix]} both mount at {prefix!r}"
            )
        claimed[prefix] = plugin
        guard = _patient(agent).guard(plugin, LOG, timeout=0, concurrency=1)
        try:
            router = guard.run("make the router", partial(_made, mount, agent, plugin))
        except PluginBug as bug:
            agent.plugins.fail(plugin, str(bug))
        else:
            app.include_router(router, prefix=prefix)


def _patient(agent: Agent) -> Walls:
    """While nobody waits yet a plugin may take as long as it may for opening."""
    seconds = agent.settings.plugin_open_seconds
    return replace(agent.walls, limits=replace(agent.walls.limits, block_seconds=seconds))


def _made(mount: Mount, agent: Agent, plugin: str) -> APIRouter:
    sections: dict[str, Any] = {
        tenant.id: tenant.sections[plugin]
        for tenant in agent.tenants.values()
        if plugin in tenant.sections
    }
    router = mount.make(sections)
    if not isinstance(router, APIRouter):
        raise TypeError("not an APIRouter")
    return router
