"""uvicorn around the application."""

from __future__ import annotations

import structlog
import uvicorn

from agente_hotelero._runtime import logs
from agente_hotelero.app import create_app
from agente_hotelero.config import Settings

GRACE_SECONDS = 10


class _Server(uvicorn.Server):
    """Says where to chat once the port is open."""

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets=None)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(
                f"\n  Agente Hotelero is ready. Chat at http://{self.config.host}:{port}/\n",
                flush=True,
            )


def serve(settings: Settings, host: str, port: int) -> bool:
    """Until a signal ends it; False when it could not start."""
    logs.configure("DEBUG" if settings.debug else settings.log_level)
    config = uvicorn.Config(
        create_app(settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    server.run()
    if not server.started:
        structlog.get_logger("serve").error("did_not_start")
    return bool(server.started)
