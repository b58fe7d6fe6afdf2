"""As little of Meta as lets an agent send: takes messages, and notes when each came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

ACCEPTED = json.dumps({"messages": [{"id": "wamid.benchmark"}]}).encode()


@dataclass
class Meta:
    """When each recipient's latest message came, by the monotonic clock, and how many in all."""

    arrived: dict[str, float] = field(default_factory=dict)
    count: int = 0
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        message = json.loads(body)
        if message.get("status") != "read":
            self.count += 1
            self.arrived[message["to"].lstrip("+")] = time.monotonic()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(ACCEPTED)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": ACCEPTED})


@contextmanager
def meta() -> Iterator[Meta]:
    """Serve it from a thread."""
    app = Meta()
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    app.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield app
    finally:
        server.should_exit = True
        thread.join(10)
