"""A way into a simulated shop between two requests, and to change what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from agente_hotelero_pms_qloapps.testing import Shop, create_app

Act = Callable[[], object]
Rewrite = Callable[[Any], None]


@dataclass
class Meddler(httpx.AsyncBaseTransport):
    """Calls each act once: before the request of its name, or after it. `rewrites` change every
    JSON answer of a resource; `sent` are the bodies as they were sent."""

    shop: Shop
    before: dict[str, list[Act]] = field(default_factory=dict)
    after: dict[str, list[Act]] = field(default_factory=dict)
    rewrites: dict[str, Rewrite] = field(default_factory=dict)
    sent: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inner = httpx.ASGITransport(app=create_app(self.shop))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        resource = request.url.path.removeprefix("/api/").partition("/")[0]
        name = f"{request.method} {resource}"
        if request.content:
            self.sent.append((name, request.content.decode()))
        for act in self.before.pop(name, []):
            act()
        response = await self._inner.handle_async_request(request)
        for act in self.after.pop(name, []):
            act()
        return await self._rewritten(response, resource)

    async def _rewritten(self, response: httpx.Response, resource: str) -> httpx.Response:
        if resource not in self.rewrites or response.status_code != 200:
            return response
        body = json.loads(await response.aread())
        self.rewrites[resource](body)
        headers = {"content-type": "application/json"}
        return httpx.Response(200, headers=headers, content=json.dumps(body).encode())

    def body(self, name: str) -> Any:
        """The last JSON body of such a request."""
        return json.loads(next(text for sent, text in reversed(self.sent) if sent == name))
