"""The stand-in behind a real port."""

from __future__ import annotations

import threading
import time
from typing import Self

import uvicorn

from agente_hotelero_nlp_llm.testing.app import create_app
from agente_hotelero_nlp_llm.testing.standin import StandIn

START_SECONDS = 10


class Served:
    """Serves a stand-in on loopback while the context is open, at `url`."""

    def __init__(self, stand_in: StandIn) -> None:
        app = create_app(stand_in)
        config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the stand-in did not start")
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(START_SECONDS)
