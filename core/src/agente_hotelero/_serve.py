"""uvicorn around the application."""

from __future__ import annotations

import uvicorn

from agente_hotelero._runtime import agent, logs, tracing
from agente_hotelero.app import create_app
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError

GRACE_SECONDS = 10


class _Server(uvicorn.Server):
    """Says where to chat once the port is open."""

    greeting = "Agente Hotelero is ready. Chat at"

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets=None)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"\n  {self.greeting} http://{self.config.host}:{port}/\n", flush=True)


def serve(settings: Settings, host: str, port: int, *, public: bool = True) -> None:
    """Until a signal ends it. Raises ConfigError when the configuration does not let it start."""
    agent.check(settings)
    logs.configure("DEBUG" if settings.debug else settings.log_level)
    tracing.configure()
    app = create_app(settings, public=public)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    try:
        server = _Server(config)
        if not public:
            server.greeting = "Agente Hotelero works. Health and metrics at"
        server.run()
    except SystemExit:
        # uvicorn has logged why; a configuration that was refused is for the operator to read.
        refused: ConfigError | None = getattr(app.state, "refused", None)
        if refused is not None:
            raise refused from None
        raise
