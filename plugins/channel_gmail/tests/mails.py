"""Mails as the server hands them over, for tests that need no server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from agente_hotelero import Account
from agente_hotelero.messages import Happening, InboundEvent
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.envelope import Envelope, pack
from agente_hotelero_channel_gmail.headers import first, headers_of, ids
from agente_hotelero_channel_gmail.ingress import GmailIngress

HOTEL = "recepcion@hotelsol.example"
AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
PROVED = "mx.google.com; dkim=pass header.i=@guest.example; dmarc=pass header.from=guest.example"
CONFIG = GmailConfig.model_validate(
    {
        "accounts": [
            {
                "username": HOTEL,
                "app_password": "x" * 16,
                "aliases": ["hola@hotelsol.example"],
            }
        ]
    }
)


def raw(
    text: str = "¿Hay lugar?", *, headers: Sequence[tuple[str, str]] = (), **named: str
) -> bytes:
    """A plain mail of Ana's; a header that is named replaces the usual one, an empty one is left
    out."""
    usual = {
        "Authentication-Results": PROVED,
        "From": "Ana <ana@guest.example>",
        "To": HOTEL,
        "Subject": "Consulta",
        "Message-ID": "<1@guest.example>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    given = {name.replace("_", "-"): value for name, value in named.items()}
    lines = [*headers, *((name, value) for name, value in (usual | given).items() if value)]
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + (
        b"\r\n" + text.replace("\n", "\r\n").encode() + b"\r\n"
    )


def envelope(mail: bytes, **changes: Any) -> Envelope:
    named = ids(first(headers_of(mail), "message-id")) or ["<none@guest.example>"]
    values: dict[str, Any] = {
        "account": HOTEL,
        "folder": "INBOX",
        "uidvalidity": 7,
        "uid": 42,
        "received_at": AT,
        "size": len(mail),
        "message_id": named[0],
        "thread": "abc",
        "begins": False,
        "for_staff": "",
        "attached": (),
        "raw": mail,
    }
    return Envelope(**{**values, **changes})


def parsed(mail: bytes, config: GmailConfig = CONFIG, **changes: Any) -> list[InboundEvent]:
    ingress = GmailIngress([Account(id=HOTEL, tenant="sol", config=config)])
    return list(ingress.parse(pack(envelope(mail, **changes))))


def happened(mail: bytes, **changes: Any) -> Happening:
    (event,) = parsed(mail, **changes)
    return event.event
