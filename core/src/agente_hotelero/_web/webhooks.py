"""``/webhooks/<path>``: check the signature over the raw bytes, store them, answer 200.

401 wrong signature, 403 wrong handshake, 404 no such channel, 413 too large, 503 storage away. What
the body says is nobody's business here: an unreadable one is stored and dead-lettered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from agente_hotelero._runtime import tracing
from agente_hotelero._runtime.ingest import RawWriter, new_trace
from agente_hotelero.components import Ingress, WebhookRequest
from agente_hotelero.errors import AuthFailed, Unavailable, Unsupported

READ_SECONDS = 20.0
LOG = structlog.get_logger("webhooks")


class TooLarge(Exception):
    """The body exceeds what the channel takes."""


def route(ingresses: Mapping[str, Ingress[Any]], writer: RawWriter) -> Route:
    """One route for all channels that have a webhook."""
    by_path = {ingress.path: (name, ingress) for name, ingress in ingresses.items() if ingress.path}

    async def endpoint(request: Request) -> Response:
        request.scope["route"] = made  # for the counter of requests: FastAPI sets it, Starlette not
        found = by_path.get(request.path_params["path"])
        if found is None:
            return PlainTextResponse("no such channel", 404)
        if request.method == "GET":
            return _handshake(found[1], request)
        return await _receive(*found, request, writer)

    made = Route("/webhooks/{path}", endpoint, methods=["GET", "POST"])
    return made


def _handshake(ingress: Ingress[Any], request: Request) -> Response:
    try:
        return PlainTextResponse(ingress.handshake(dict(request.query_params)))
    except (AuthFailed, Unsupported):
        return PlainTextResponse("refused", 403)


async def _receive(
    channel: str, ingress: Ingress[Any], request: Request, writer: RawWriter
) -> Response:
    trace = new_trace()
    with tracing.span("webhook", trace, channel=channel):
        return await _stored(channel, ingress, request, writer, trace)


async def _stored(
    channel: str, ingress: Ingress[Any], request: Request, writer: RawWriter, trace: str
) -> Response:
    try:
        body = await _read(request, ingress.max_body)
        accounts = ingress.verify(
            WebhookRequest(query=dict(request.query_params), headers=_headers(request), body=body)
        )
        await writer.put(channel, accounts, body, trace)
    except TooLarge:
        return PlainTextResponse("body too large", 413)
    except (TimeoutError, ClientDisconnect):
        return PlainTextResponse("the body did not come", 408)
    except (AuthFailed, Unsupported):
        LOG.warning("signature_refused", channel=channel)
        return PlainTextResponse("signature refused", 401)
    except Unavailable as error:
        LOG.exception("webhook_not_stored", channel=channel, trace=trace, reason=str(error))
        return PlainTextResponse("storage is away", 503)
    LOG.debug("webhook_stored", channel=channel, trace=trace)
    return PlainTextResponse("stored")


def _headers(request: Request) -> dict[str, str]:
    return {
        key.decode("latin-1").lower(): value.decode("latin-1") for key, value in request.headers.raw
    }


async def _read(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    body = bytearray()
    async with asyncio.timeout(READ_SECONDS):
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise TooLarge
    return bytes(body)
