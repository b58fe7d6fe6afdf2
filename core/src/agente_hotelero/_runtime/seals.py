"""Texts in links that nobody can make up: each plugin's own, signed with `secret_key`; while that
is being changed, those signed with the one before are good, too."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agente_hotelero.errors import AuthFailed

LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class PluginSeals:
    """See `Seals`. `secrets` are those of now: the one that signs first."""

    plugin: str
    secrets: Callable[[], Sequence[str]]

    def seal(self, text: str) -> str:
        return f"{_plain(text.encode())}.{_plain(self._macs(text)[0])}"

    def open(self, sealed: str) -> str:
        try:
            body, _, given = sealed.partition(".")
            text, mac = _raw(body).decode(), _raw(given)
        except ValueError as error:
            raise AuthFailed("not sealed here") from error
        if not any(hmac.compare_digest(mac, one) for one in self._macs(text)):
            raise AuthFailed("not sealed here")
        return text

    def _macs(self, text: str) -> list[bytes]:
        return [
            hmac.new(_key(self.plugin, secret), text.encode(), hashlib.sha256).digest()[:LENGTH]
            for secret in self.secrets()
        ]


def _key(plugin: str, secret: str) -> bytes:
    return hashlib.sha256(f"agente-hotelero-seal:{plugin}:{secret}".encode()).digest()


def _plain(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
