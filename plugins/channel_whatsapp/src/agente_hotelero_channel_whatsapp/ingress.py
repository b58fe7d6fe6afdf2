"""The webhook's two questions: is it the right token, and is it really Meta's body?"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence

from agente_hotelero import Account, Ingress, WebhookRequest
from agente_hotelero.errors import AuthFailed
from agente_hotelero.messages import InboundEvent

from agente_hotelero_channel_whatsapp import payload
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig

HEADER = "x-hub-signature-256"
SHAPE = re.compile(r"sha256=[0-9a-fA-F]{64}")


class WhatsAppIngress(Ingress[WhatsAppConfig]):
    """``/webhooks/whatsapp`` for one or several apps, ``/webhooks/whatsapp/<phone_number_id>`` for
    the app of that number alone. An app has two secrets while one is being changed."""

    path = "whatsapp"
    max_body = 4 * 1024 * 1024

    def __init__(self, accounts: Sequence[Account[WhatsAppConfig]]) -> None:
        super().__init__(accounts)
        self._by_secret: dict[bytes, list[str]] = {}
        self._businesses: dict[str, str] = {}
        for account in self.accounts:
            for secret in self._secrets(account):
                self._by_secret.setdefault(secret, []).append(account)
            self._businesses.setdefault(self._of(account, "business_account_id"), account)
        self._businesses.pop("", None)

    def handshake(self, query: Mapping[str, str], account: str = "") -> str:
        """The challenge, for the right mode and one of our tokens."""
        offered = query.get("hub.verify_token", "").encode()
        named = [account] if account in self.accounts else []
        tokens = {
            self._of(one, "verify_token").encode() for one in (named if account else self.accounts)
        }
        known = any([hmac.compare_digest(offered, token) for token in tokens])  # noqa: C419
        if query.get("hub.mode") != "subscribe" or not known:
            raise AuthFailed("wrong mode or token")
        return query.get("hub.challenge", "")

    def verify(self, request: WebhookRequest) -> Sequence[str]:
        """All accounts of the app whose secret signed the raw bytes: an app has one address, so
        that of one account may bring what is for its neighbours."""
        header = request.headers.get(HEADER, "")
        if not SHAPE.fullmatch(header):
            raise AuthFailed("no signature of the right shape")
        given = header.removeprefix("sha256=").lower().encode()
        matching = [
            account
            for secret in self._candidates(request.account)
            if hmac.compare_digest(given, _signature(secret, request.body))
            for account in self._by_secret[secret]
        ]
        if not matching:
            raise AuthFailed("signed with none of our secrets")
        return matching

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        return payload.parse(body, self._businesses)

    def _candidates(self, account: str) -> Iterable[bytes]:
        if not account:
            return self._by_secret
        return self._secrets(account) if account in self.accounts else ()

    def _secrets(self, account: str) -> list[bytes]:
        names = ("app_secret", "app_secret_previous")
        found = dict.fromkeys(self._of(account, name).encode() for name in names)
        return [secret for secret in found if secret]

    def _of(self, account: str, name: str) -> str:
        return self.accounts[account].config.of(account, name)


def _signature(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
