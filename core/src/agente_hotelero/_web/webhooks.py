"""``/webhooks/<path>[/<account>]``: check the signature over the raw bytes, store them, answer 200.

401 wrong signature, 403 wrong handshake, 404 no such channel, 413 too large, 503 storage away, 429
for a client that was refused too often. What the body says is nobody's business here: an unreadable
one is stored and dead-lettered.

An ASGI application of its own beside FastAPI's: on its way through the framework a webhook cost
three times what is done for it here (`benchmarks/acks.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import structlog
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from agente_hotelero._runtime import tracing
from agente_hotelero._runtime.ingest import RawWriter, new_trace
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._web.limits import client_of
from agente_hotelero.components import Ingress, WebhookRequest
from agente_hotelero.errors import AuthFailed, PluginBug, Unavailable, Unsupported

PREFIX = "/webhooks/"
ROUTE = "/webhooks/{path}"
READ_SECONDS = 20.0
REFUSED = (401, 403, 404, 413)
LOG = structlog.get_logger("webhooks")
Answer = tuple[int, str]


class TooLarge(Exception):
    """The body exceeds what the channel takes."""


class ClientGone(Exception):
    """The client went away before its body had come."""


class Webhooks:
    """All channels that have a webhook. Providers call from a few addresses in any number, so only
    refused requests are limited, `refused_per_minute` by client."""

    def __init__(
        self,
        ingresses: Mapping[str, Ingress[Any]],
        writer: RawWriter,
        limiter: Limiter,
        counter: Counter,
        *,
        refused_per_minute: int,
    ) -> None:
        self._ingresses = ingresses
        self._by_path = {one.path: name for name, one in ingresses.items() if one.path}
        self._writer = writer
        self._limiter = limiter
        self._most = refused_per_minute
        # Looking a counter up by its labels costs more than the check of a signature.
        self._counted = cache(lambda method, status: counter.labels(method, ROUTE, str(status)))
        # Alerts ask whether these grew: a series that begins with its first failure did not.
        for status in (401, 503):
            self._counted("POST", status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, words = await self._answer(scope, receive)
        if status in REFUSED and not await self._limiter.allow_per_minute(
            self._most, "refused", client_of(scope)
        ):
            status, words = 429, "too many requests"
        self._counted(scope["method"], status).inc()
        body = words.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path, _, account = scope["path"].removeprefix(PREFIX).partition("/")
        channel = self._by_path.get(path)
        if channel is None:
            return 404, "no such channel"
        # Looked up each time: another takes its place when secrets are rotated.
        ingress = self._ingresses[channel]
        if scope["method"] == "GET":
            return _handshake(ingress, _query(scope), account)
        if scope["method"] != "POST":
            return 405, "only GET and POST"
        trace = new_trace()
        with tracing.span("webhook", trace, channel=channel):
            return await self._stored(channel, ingress, account, scope, receive, trace)

    async def _stored(
        self,
        channel: str,
        ingress: Ingress[Any],
        account: str,
        scope: Scope,
        receive: Receive,
        trace: str,
    ) -> Answer:
        headers = {key.decode("latin-1"): text.decode("latin-1") for key, text in scope["headers"]}
        try:
            body = await _read(headers, receive, ingress.max_body)
            accounts = ingress.verify(
                WebhookRequest(query=_query(scope), headers=headers, body=body, account=account)
            )
            await self._writer.put(channel, accounts, body, trace)
        except TooLarge:
            return 413, "body too large"
        except (TimeoutError, ClientGone):
            return 408, "the body did not come"
        except (AuthFailed, Unsupported):
            LOG.warning("signature_refused", channel=channel)
            return 401, "signature refused"
        except Unavailable as error:
            LOG.exception("webhook_not_stored", channel=channel, trace=trace, reason=str(error))
            return 503, "storage is away"
        except PluginBug:
            return 500, "the channel failed"
        LOG.debug("webhook_stored", channel=channel, trace=trace)
        return 200, "stored"


def _handshake(ingress: Ingress[Any], query: Mapping[str, str], account: str) -> Answer:
    try:
        return 200, ingress.handshake(query, account)
    except (AuthFailed, Unsupported):
        return 403, "refused"
    except PluginBug:
        return 500, "the channel failed"


def _query(scope: Scope) -> dict[str, str]:
    raw: bytes = scope["query_string"]
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)) if raw else {}


async def _read(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    body, more = bytearray(), True
    async with asyncio.timeout(READ_SECONDS):
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > limit:
                raise TooLarge
    return bytes(body)
