"""Whether a mail is from whom it says: the word of the server that took it in, and nobody else's.

Only the topmost Authentication-Results counts (RFC 8601): a sender may write such headers too, but
not above the one of our own server. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agente_hotelero_channel_gmail.headers import COMMENT, Headers, address_of, domain_of, first

RESULT = re.compile(r"\s*(\w+)\s*=\s*(\w+)")
PROPERTY = re.compile(r"\b(header\.(?:from|d|i))\s*=\s*\"?([^\s;\"]+)")


def is_proved(headers: Headers, servers: Sequence[str]) -> bool:
    """Whether DMARC, or a DKIM signature of the sender's own domain, passes for the one sender.

    `servers` are the names under which our own mail server signs its verdicts.
    """
    _, sender = address_of(first(headers, "from"))
    verdicts = first(headers, "authentication-results")
    if not sender or len(headers.get("from", ())) != 1 or not verdicts:
        return False
    server, *results = COMMENT.sub(" ", verdicts).split(";")
    if (server.split() or [""])[0].lower() not in servers:
        return False
    return any(_vouches(result, domain_of(sender)) for result in results)


def _vouches(result: str, domain: str) -> bool:
    method = RESULT.match(result)
    if method is None or method[2].lower() != "pass":
        return False
    told: dict[str, str] = {name: value.lower() for name, value in PROPERTY.findall(result)}
    if method[1].lower() == "dmarc":
        return told.get("header.from", domain) == domain
    signer = told.get("header.d") or domain_of(f"@{told.get('header.i', '')}")
    return method[1].lower() == "dkim" and _is_of(domain, signer)


def _is_of(domain: str, signer: str) -> bool:
    """Relaxed alignment: the sender's domain, or one above it that is no top-level domain."""
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))
