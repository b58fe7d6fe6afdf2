"""The addresses of the Graph API that a hotel's agent needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agente_hotelero_channel_whatsapp.testing import media, nodes, refusals, sending
from agente_hotelero_channel_whatsapp.testing.accounts import Account, Clock
from agente_hotelero_channel_whatsapp.testing.refusals import Refused, no_such_object

if TYPE_CHECKING:
    from agente_hotelero_channel_whatsapp.testing.simulator import Simulator


def app_of(simulator: Simulator) -> ASGIApp:
    """All of them, for one simulator."""
    app = FastAPI()

    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> Response:
        return refusals.answer(error)

    _files(app, simulator)
    _management(app, simulator)

    @app.post("/{version}/{number}/messages")
    async def messages(number: str, request: Request) -> Response:
        if (no := _closed(simulator, request, number)) is not None:
            return no
        body = _object(await request.body())
        return await run_in_threadpool(sending.take, simulator, number, body, request.scope)

    return _Dated(app, simulator.clock)


def _files(app: FastAPI, simulator: Simulator) -> None:
    @app.get("/whatsapp_business/attachments/")
    def download(mid: str, ext: str, hash: str, request: Request) -> Response:
        file = simulator.media.at(mid, ext, hash) if ext.isdigit() else None
        if file is None:
            return Response("", 404)
        if simulator.account(file.number).token != _token(request):
            return Response("", 401)
        if simulator.media_faults:
            return simulator.suffer(simulator.media_faults.pop(0), request.scope)
        return Response(file.body, media_type=file.mime_type)

    @app.post("/{version}/{number}/media")
    async def upload(number: str, request: Request) -> Response:
        if (no := _closed(simulator, request, number)) is not None:
            return no
        content_type = request.headers.get("content-type", "")
        query = {name: ("", value.encode()) for name, value in request.query_params.items()}
        parts = {**query, **media.form(content_type, await request.body())}
        return JSONResponse({"id": simulator.media.upload(number, parts).id})


def _management(app: FastAPI, simulator: Simulator) -> None:
    @app.get("/debug_token")
    @app.get("/{version}/debug_token")
    def debug_token(input_token: str, request: Request) -> Response:
        if not _known(simulator, _token(request)):
            return refusals.answer(Refused(code=refusals.BAD_TOKEN))
        return JSONResponse(nodes.token(simulator, input_token))

    @app.get("/{version}/{business_id}/message_templates")
    def templates(business_id: str, request: Request) -> Response:
        base, query = str(request.url).partition("?")[0], dict(request.query_params)
        listed = partial(nodes.templates, simulator, base, query)
        return _of_business(simulator, request, business_id, listed)

    @app.get("/{version}/{business_id}/phone_numbers")
    def phone_numbers(business_id: str, request: Request) -> Response:
        return _of_business(simulator, request, business_id, partial(nodes.numbers, simulator))

    @app.get("/{version}/{business_id}/subscribed_apps")
    def subscribed(business_id: str, request: Request) -> Response:
        return _of_business(simulator, request, business_id, partial(nodes.subscribed, simulator))

    @app.post("/{version}/{business_id}/subscribed_apps")
    async def subscribe(business_id: str, request: Request) -> Response:
        asked = partial(simulator.subscribe, _object(await request.body() or b"{}"))
        return await run_in_threadpool(_of_business, simulator, request, business_id, asked)

    @app.delete("/{version}/{business_id}/subscribed_apps")
    def unsubscribe(business_id: str, request: Request) -> Response:
        return _of_business(simulator, request, business_id, simulator.unsubscribe)

    @app.get("/{version}/{node}")
    def get(node: str, request: Request, fields: str = "") -> Response:
        return _node(simulator, node, request, fields)

    @app.delete("/{version}/{node}")
    def delete(node: str, request: Request) -> Response:
        file = simulator.media.get(node)
        if file is None or simulator.account(file.number).token != _token(request):
            return no_such_object(node, "delete")
        return JSONResponse({"success": simulator.media.delete(node)})


def _node(simulator: Simulator, node: str, request: Request, fields: str) -> Response:
    """A number, a business account or a file, whichever has this id."""
    given = _token(request)
    if not _known(simulator, given):
        return refusals.answer(Refused(code=refusals.BAD_TOKEN))
    mine = [one for one in simulator.accounts if one.token == given]
    for account in mine:
        if account.phone_number_id == node:
            return JSONResponse(nodes.number(simulator, account, fields))
        if account.business_id == node:
            return JSONResponse(nodes.business(simulator, account, fields))
    file = simulator.media.get(node)
    belongs = request.query_params.get("phone_number_id", "")
    numbers = {one.phone_number_id for one in mine}
    if file is None or file.number not in numbers or belongs not in ("", file.number):
        return no_such_object(node, "get")
    if simulator.media_faults:
        return simulator.suffer(simulator.media_faults.pop(0), request.scope)
    return JSONResponse(simulator.media.described(simulator.url, file))


def _of_business(
    simulator: Simulator, request: Request, business_id: str, answer: Callable[[Account], Any]
) -> Response:
    given = _token(request)
    if not _known(simulator, given):
        return refusals.answer(Refused(code=refusals.BAD_TOKEN))
    tokens = [one for one in simulator.accounts if one.token == given]
    mine = [one for one in tokens if one.business_id == business_id]
    return JSONResponse(answer(mine[0])) if mine else no_such_object(business_id, request.method)


def _closed(simulator: Simulator, request: Request, number: str) -> Response | None:
    """Why this token may not act for this number."""
    given = _token(request)
    if not _known(simulator, given):
        return refusals.answer(Refused(code=refusals.BAD_TOKEN))
    mine = {one.phone_number_id for one in simulator.accounts if one.token == given}
    return None if number in mine else no_such_object(number, request.method)


def _known(simulator: Simulator, token: str) -> bool:
    return token not in simulator.revoked and any(one.token == token for one in simulator.accounts)


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Refused(code=refusals.BAD_PARAMETER, details="The body is not JSON.") from error
    if not isinstance(found, dict):
        raise Refused(code=refusals.BAD_PARAMETER, details="The body is not an object.")
    return found


class _Dated:
    """Answers carry the simulator's time, which need not be this machine's."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                stamp = format_datetime(self._clock.now(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", stamp)]
            await send(message)

        await self._app(scope, receive, dated)
