"""As little of Meta as lets an agent send: takes messages, and notes when each came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn


@dataclass
class Meta:
    """When each recipient's latest message came, by the monotonic clock, and how many in all.

    `told` hears of each: its id and to whom it goes.
    """

    arrived: dict[str, float] = field(default_factory=dict)
    count: int = 0
    url: str = ""
    told: Callable[[str, str], None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        message = json.loads(body or b"{}")
        known = "messaging_product" in message
        if known and message.get("status") != "read":
            self.count += 1
            to = message["to"].lstrip("+")
            self.arrived[to] = time.monotonic()
            if self.told is not None:
                self.told(f"wamid.benchmark{self.count}", to)
        answer = json.dumps({"messages": [{"id": f"wamid.benchmark{self.count}"}]}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer)).encode()),
        ]
        start = {"type": "http.response.start", "status": 200 if known else 404, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer})


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
