"""The endpoint as an ASGI app: who may ask, in which form, and what the model says to it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response

from agente_hotelero_nlp_llm.testing import schemas, standin
from agente_hotelero_nlp_llm.testing.models import Asked
from agente_hotelero_nlp_llm.testing.standin import Answered, Call, StandIn, error

PARAMETERS = frozenset({"model", "messages", "response_format", "max_tokens", "temperature"})
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def create_app(stand_in: StandIn) -> FastAPI:
    """For `httpx.ASGITransport` or uvicorn; the endpoint's address ends in ``/v1``."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/{path:path}", methods=METHODS)
    async def everything(path: str, request: Request) -> Response:
        call = Call(
            method=request.method,
            path=f"/{path}",
            headers=dict(request.headers),
            body=await request.body(),
        )
        stand_in.calls.append(call)
        answered = _next(stand_in) or handle(stand_in, call)
        await asyncio.sleep(answered.seconds)
        return Response(
            answered.body,
            status_code=answered.status,
            headers=dict(answered.headers),
            media_type=answered.media,
        )

    return app


def _next(stand_in: StandIn) -> Answered | None:
    return stand_in.queued.pop(0) if stand_in.queued else stand_in.always


def handle(stand_in: StandIn, call: Call) -> Answered:
    """The endpoint's own answer to a call."""
    if stand_in.key and call.headers.get("authorization") != f"Bearer {stand_in.key}":
        return error(401, "Incorrect API key provided.", code="invalid_api_key")
    match call.method, call.path:
        case "GET", "/v1/models":
            return standin.models(stand_in.model)
        case "POST", "/v1/chat/completions":
            return _completed(stand_in, call)
        case _, "/v1/models" | "/v1/chat/completions":
            return error(405, "Not allowed here.", code="method_not_supported")
    return error(404, "Invalid URL.", code="unknown_url")


def _completed(stand_in: StandIn, call: Call) -> Answered:
    try:
        body = call.json()
    except ValueError:
        return error(400, "We could not parse the JSON body of your request.")
    if not isinstance(body, dict):
        return error(400, "The body of your request is not an object.")
    if body.get("model") != stand_in.model:
        return error(404, "The model does not exist.", code="model_not_found")
    wrong = next(complaints(body), None)
    if wrong is not None:
        return error(400, wrong)
    return standin.completion(json.dumps(_said(stand_in, body), ensure_ascii=False))


def _said(stand_in: StandIn, body: Mapping[str, Any]) -> Any:
    schema = body["response_format"]["json_schema"]["schema"]
    told, guest = (message["content"] for message in body["messages"])
    said = stand_in.thinks(Asked(text=json.loads(guest)["message"], told=told, schema=schema))
    return schemas.constrained(said, schema, schema) if stand_in.constrained else said


def complaints(body: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a request, as these endpoints see it."""
    unknown = sorted(set(body) - PARAMETERS)
    if unknown:
        yield f"Unrecognized request argument supplied: {', '.join(unknown)}"
    yield from _of_messages(body.get("messages"))
    yield from _of_format(body.get("response_format"))
    limit, heat = body.get("max_tokens"), body.get("temperature")
    if not (isinstance(limit, int) and limit >= 1):
        yield "Invalid 'max_tokens': expected a positive integer."
    if not (isinstance(heat, int | float) and 0 <= heat <= 2):
        yield "Invalid 'temperature': expected a number from 0 to 2."


def _of_messages(messages: Any) -> Iterator[str]:
    """This model's template takes one system message and one of the user, and no more."""
    if not (isinstance(messages, list) and all(isinstance(one, dict) for one in messages)):
        yield "Invalid 'messages': expected an array of objects."
        return
    if [one.get("role") for one in messages] != ["system", "user"]:
        yield "Conversation roles must alternate: system, user."
    if not all(isinstance(one.get("content"), str) for one in messages):
        yield "Invalid 'content': expected a string."


def _of_format(asked: Any) -> Iterator[str]:
    form = asked.get("json_schema") if isinstance(asked, dict) else None
    if not isinstance(form, dict) or asked.get("type") != "json_schema":
        yield "Invalid 'response_format': expected a json_schema."
        return
    if not re.fullmatch(r"[\w-]{1,64}", str(form.get("name", "")), re.ASCII):
        yield "Invalid 'response_format.json_schema.name'."
    if form.get("strict") is not True:
        yield "Invalid 'response_format.json_schema.strict': expected true."
    for wrong in schemas.complaints(form.get("schema") or {}):
        yield f"Invalid schema for response_format: {wrong}."
