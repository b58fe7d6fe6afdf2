"""A channel's way in behind its guard: what verifies and reads webhooks is plugin code too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agente_hotelero._runtime.guard import Guard
from agente_hotelero.components import Ingress, WebhookRequest
from agente_hotelero.messages import InboundEvent


class GuardedIngress(Ingress[Any]):
    """See `Ingress`; raises PluginBug for what its contract does not know."""

    def __init__(self, ingress: Ingress[Any], guard: Guard) -> None:
        super().__init__(list(ingress.accounts.values()))
        self._ingress = ingress
        self._guard = guard

    @property
    def path(self) -> str:  # type: ignore[override]
        return self._ingress.path

    @property
    def max_body(self) -> int:  # type: ignore[override]
        return self._ingress.max_body

    def handshake(self, query: Mapping[str, str], account: str = "") -> str:
        return self._guard.run("handshake", lambda: self._ingress.handshake(query, account))

    def verify(self, request: WebhookRequest) -> Sequence[str]:
        return self._guard.run("verify", lambda: self._ingress.verify(request))

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        return self._guard.run("parse", lambda: list(self._ingress.parse(body)), lets=(ValueError,))
