"""The webhook's two questions: is it the right token, and is it really Meta's body?"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from agente_hotelero import Account, Ingress, WebhookRequest
from agente_hotelero.errors import AuthFailed
from agente_hotelero.messages import InboundEvent

from agente_hotelero_channel_whatsapp import payload
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig

HEADER = "x-hub-signature-256"
SHAPE = re.compile(r"sha256=[0-9a-fA-F]{64}")


class WhatsAppIngress(Ingress[WhatsAppConfig]):
    """``/webhooks/whatsapp``, for one or several apps."""

    path = "whatsapp"
    max_body = 4 * 1024 * 1024

    def __init__(self, accounts: Sequence[Account[WhatsAppConfig]]) -> None:
        super().__init__(accounts)
        self._by_secret: dict[bytes, list[str]] = {}
        for account in self.accounts:
            self._by_secret.setdefault(self._secret(account, "app_secret"), []).append(account)

    def handshake(self, query: Mapping[str, str]) -> str:
        """The challenge, for the right mode and one of our tokens."""
        offered = query.get("hub.verify_token", "").encode()
        tokens = {self._secret(account, "verify_token") for account in self.accounts}
        known = any([hmac.compare_digest(offered, token) for token in tokens])  # noqa: C419
        if query.get("hub.mode") != "subscribe" or not known:
            raise AuthFailed("wrong mode or token")
        return query.get("hub.challenge", "")

    def verify(self, request: WebhookRequest) -> Sequence[str]:
        """The accounts of the app whose secret signed the raw bytes."""
        header = request.headers.get(HEADER, "")
        if not SHAPE.fullmatch(header):
            raise AuthFailed("no signature of the right shape")
        given = header.removeprefix("sha256=").lower().encode()
        matching = [
            account
            for secret, accounts in self._by_secret.items()
            if hmac.compare_digest(given, _signature(secret, request.body))
            for account in accounts
        ]
        if not matching:
            raise AuthFailed("signed with none of our secrets")
        return matching

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        return payload.parse(body)

    def _secret(self, account: str, name: str) -> bytes:
        return self.accounts[account].config.secret(account, name).encode()


def _signature(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
