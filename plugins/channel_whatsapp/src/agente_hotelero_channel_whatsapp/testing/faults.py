"""What may go wrong with a request, on purpose."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import uvicorn
from fastapi import Response
from fastapi.responses import StreamingResponse

from agente_hotelero_channel_whatsapp.testing import refusals
from agente_hotelero_channel_whatsapp.testing.refusals import Refused

HANG_SECONDS = 60
TRICKLE_SECONDS = 0.3
LINGER_NOT = struct.pack("ii", 1, 0)


class Fault(StrEnum):
    """What may go wrong with a request. ACCEPT_THEN_… has taken the message all the same, and so
    has SLOW_BODY: its answer comes byte by byte, each sooner than any time-out between two."""

    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    HTTP_429 = "http_429"
    HTML = "html"
    PAIR_LIMIT = "pair_limit"
    THROUGHPUT = "throughput"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105
    HANG = "hang"
    RESET = "reset"
    SLOW_BODY = "slow_body"
    ACCEPT_THEN_HANG = "accept_then_hang"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_HTML = "accept_then_html"
    ACCEPT_THEN_NOTHING = "accept_then_nothing"


class ErrorBy(StrEnum):
    """How an error is told: in the answer, or later in a failed status."""

    ANSWER = "answer"
    STATUS = "status"


@dataclass(frozen=True, kw_only=True, slots=True)
class MetaError:
    """Any error of Meta's by its code."""

    code: int
    by: ErrorBy = ErrorBy.ANSWER
    details: str = ""


ACCEPTING = frozenset(
    {
        Fault.SLOW_BODY,
        Fault.ACCEPT_THEN_HANG,
        Fault.ACCEPT_THEN_RESET,
        Fault.ACCEPT_THEN_HTML,
        Fault.ACCEPT_THEN_NOTHING,
    }
)
CODES = {
    Fault.PAIR_LIMIT: refusals.PAIR_LIMIT,
    Fault.THROUGHPUT: refusals.THROUGHPUT,
    Fault.EXPIRED_TOKEN: refusals.BAD_TOKEN,
}


def broken(fault: Fault) -> Response:
    """The answer of a fault that is an answer."""
    if fault in CODES:
        return refusals.answer(Refused(code=CODES[fault]))
    if fault in (Fault.HTML, Fault.ACCEPT_THEN_HTML):
        return Response("<html>Bad gateway</html>", 502, media_type="text/html")
    if fault is Fault.ACCEPT_THEN_NOTHING:
        return Response("", 200)
    return Response("", int(fault.value.removeprefix("http_")))


def trickling(body: object) -> Response:
    """A good answer that takes a minute to arrive."""
    content = json.dumps(body).encode()
    headers = {"Content-Length": str(len(content))}
    return StreamingResponse(_drops(content), media_type="application/json", headers=headers)


async def _drops(content: bytes) -> AsyncIterator[bytes]:
    for at in range(len(content)):
        yield content[at : at + 1]
        await asyncio.sleep(TRICKLE_SECONDS)


def reset(server: uvicorn.Server, scope: object) -> None:
    """Cut the connection of a request that is being answered, without a word."""
    for protocol in list(server.server_state.connections):
        connection: Any = protocol
        if getattr(connection, "scope", None) is scope:
            connection.loop.call_soon_threadsafe(_cut, connection.transport)


def _cut(transport: asyncio.Transport) -> None:
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    transport.abort()
