"""uvicorn around the application, and around the operator's pages on a port of their own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI

from agente_hotelero._runtime import agent, logs, tracing
from agente_hotelero._runtime.rotation import Source
from agente_hotelero._web.protocol import BoundedHead
from agente_hotelero.app import create_app, operations_app
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError

GRACE_SECONDS = 10


OPTIONS: dict[str, Any] = {
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "http": BoundedHead,
    "ws": "none",
    "timeout_graceful_shutdown": GRACE_SECONDS,
}


class _Operations(uvicorn.Server):
    """A second server on the loop of the first, which hears the signals for both."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Server(uvicorn.Server):
    """Says where to chat once the port is open."""

    greeting = "Agente Hotelero is ready. Chat at"

    def __init__(
        self,
        config: uvicorn.Config,
        app: FastAPI,
        door: socket.socket | None,
        own: socket.socket | None,
    ) -> None:
        super().__init__(config)
        self._app, self._door = app, door
        self._own = None if own is None else [own]
        self._operations: tuple[_Operations, asyncio.Task[None]] | None = None

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets=self._own)
        if self.started:
            if self._door is not None:
                self._start_operations(self._door)
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"\n  {self.greeting} {_address(self.config.host, port)}\n", flush=True)

    def _start_operations(self, door: socket.socket) -> None:
        app = operations_app(self._app.state.agent)
        server = _Operations(uvicorn.Config(app, lifespan="off", **OPTIONS))
        task = asyncio.create_task(server.serve(sockets=[door]), name="operations")
        self._operations = server, task
        host, port = door.getsockname()[:2]
        print(f"\n  For operators: {_address(host, port)}", flush=True)

    async def shutdown(self, sockets: Any = None) -> None:
        if self._operations is not None:
            server, task = self._operations
            server.should_exit = True
            await asyncio.gather(task, return_exceptions=True)
        await super().shutdown(self._own)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _door(settings: Settings) -> socket.socket | None:
    """Where the operator's pages are, if not on the public port. Raises ConfigError if taken."""
    port = settings.operations()
    if port is None:
        return None
    return _opened(settings.operations_host, port, "operations_port")


def _own_socket(host: str, port: int) -> socket.socket | None:
    """For `::`, which uvicorn would open to IPv6 alone; it opens all others itself."""
    return _opened(host, port, "--port") if host == "::" else None


def _opened(host: str, port: int, path: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        raise ConfigError.at(path, f"cannot be opened: {error.strerror}") from None


def serve(
    settings: Settings, host: str, port: int, *, public: bool = True, source: Source | None = None
) -> None:
    """Until a signal ends it; secrets change with their files in `source`.

    Raises ConfigError when the configuration does not let it start.
    """
    agent.check(settings)
    logs.configure("DEBUG" if settings.debug else settings.log_level)
    tracing.configure()
    app = create_app(settings, public=public, source=source)
    config = uvicorn.Config(app, host=host, port=port, **OPTIONS)
    door = _door(settings) if public else None
    server = _Server(config, app, door, _own_socket(host, port))
    if not public:
        server.greeting = "Agente Hotelero works. Health and metrics at"
    try:
        server.run()
    except SystemExit:
        # uvicorn has logged why; a configuration that was refused is for the operator to read.
        refused: ConfigError | None = getattr(app.state, "refused", None)
        if refused is not None:
            raise refused from None
        raise
