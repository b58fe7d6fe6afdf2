"""A server whose network can be put in trouble: it answers, hangs, refuses, says HTML, or does what
it is told and is never heard of again."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HANG_SECONDS = 60


class Trouble(StrEnum):
    """What is wrong with the way to the server."""

    NONE = "none"
    HANG = "hang"
    REFUSE = "refuse"
    HTML = "html"
    LOST = "lost"


class TroubledServer:
    """Serves an application on one port for its whole life; REFUSE closes the port."""

    def __init__(self, app: ASGIApp) -> None:
        self.trouble, self._only = Trouble.NONE, ""
        self._app = app
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def be(self, trouble: Trouble, *, only: str = "") -> None:
        """From now on, for requests of one method or of all."""
        self.trouble, self._only = trouble, only
        if trouble is Trouble.REFUSE:
            self.close()
        elif self._server is None:
            self.open()

    def open(self) -> None:
        config = uvicorn.Config(
            self, port=self.port, log_config=None, access_log=False, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.01)

    def close(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(10)
        self._server = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._only not in ("", scope.get("method")):
            await self._app(scope, receive, send)
        elif self.trouble is Trouble.HANG:
            await asyncio.sleep(HANG_SECONDS)
        elif self.trouble is Trouble.LOST:
            await self._app(scope, receive, _unheard)
            await asyncio.sleep(HANG_SECONDS)
        elif self.trouble is Trouble.HTML:
            headers = [(b"content-type", b"text/html")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"<h1>Maintenance</h1>"})
        else:
            await self._app(scope, receive, send)


async def _unheard(message: Message) -> None:
    """An answer that is lost on its way."""


@contextmanager
def troubled(app: ASGIApp) -> Iterator[TroubledServer]:
    """An open server; closed at the end."""
    server = TroubledServer(app)
    server.open()
    try:
        yield server
    finally:
        server.close()
