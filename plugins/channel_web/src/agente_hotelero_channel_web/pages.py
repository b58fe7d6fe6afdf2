"""The chat page: server-rendered, messages by server-sent events, usable without a mouse."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from importlib.resources import files
from typing import Annotated, Any

from agente_hotelero import Services
from agente_hotelero.errors import Unavailable
from agente_hotelero.pages import HEADERS
from fastapi import APIRouter, Cookie, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import Environment, PackageLoader
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero_channel_web.channel import WebConfig, bell
from agente_hotelero_channel_web.tables import ChatLine, add_line, lines
from agente_hotelero_channel_web.words import WORDS, language_of

PACKAGE = "agente_hotelero_channel_web"
COOKIE = "hotelero_chat"
POLL_SECONDS = 1.0
STREAM_SECONDS = 55.0
READ_SECONDS = 15.0
BYTES_PER_CHARACTER, FRAME_BYTES = 12, 1024
LARGEST_ID = 2**31 - 1
MOST_STREAMS, MOST_OF_ONE_CHAT = 500, 6
ASSETS = {"chat.js": "text/javascript", "chat.css": "text/css"}
Sections = Mapping[str, tuple[WebConfig, Services]]
Chat = Annotated[str | None, Cookie(alias=COOKIE)]


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("has a NUL character")
    return text


Plain = Annotated[str, AfterValidator(_without_nul)]


class Said(BaseModel):
    """What the page posts; `id` is made by the browser, so that a repeated post is one message."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=8, max_length=64, pattern=r"^[\w-]+$")
    text: Plain = Field(min_length=1)
    choice: Plain | None = Field(default=None, max_length=256)


BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Said.model_json_schema()}},
    }
}


class Streams:
    """How many pages listen; each costs a look at the database a second."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def free(self, chat: str) -> bool:
        return self._open.total() < MOST_STREAMS and self._open[chat] < MOST_OF_ONE_CHAT

    async def counted(self, chat: str, stream: AsyncIterator[str]) -> AsyncIterator[str]:
        self._open[chat] += 1
        try:
            async for part in stream:
                yield part
        finally:
            self._open[chat] -= 1
            if not self._open[chat]:
                del self._open[chat]


def make_router(sections: Sections) -> APIRouter:
    """``/`` finds the hotel, ``/chat/<tenant>`` talks to it."""
    router = APIRouter(tags=["chat"])
    _add_pages(router, sections)
    _add_messages(router, sections)
    return router


def _add_pages(router: APIRouter, sections: Sections) -> None:
    environment = Environment(loader=PackageLoader(PACKAGE), autoescape=True)

    @router.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def home(request: Request) -> Response:
        if len(sections) == 1:
            return RedirectResponse(f"/chat/{next(iter(sections))}", 303)
        hotels = {name: services.hotel_name for name, (_, services) in sections.items()}
        words = WORDS[language_of(request.headers.get("accept-language", ""), ())]
        return _html(environment.get_template("home.html").render(hotels=hotels, words=words))

    @router.get("/chat/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> Response:
        if name not in ASSETS:
            raise HTTPException(404)
        content = files(PACKAGE).joinpath("static", name).read_bytes()
        return Response(content, media_type=ASSETS[name], headers={"Cache-Control": "max-age=300"})

    @router.get("/chat/{tenant}", response_class=HTMLResponse, include_in_schema=False)
    async def page(tenant: str, request: Request, chat: Chat = None) -> Response:
        _, services = _section(sections, tenant)
        token = chat or secrets.token_urlsafe(24)
        language = language_of(request.headers.get("accept-language", ""), services.languages)
        so_far = [_shown(line) for line in await lines(services, address(tenant, token))]
        html = environment.get_template("chat.html").render(
            hotel=services.hotel_name,
            tenant=tenant,
            language=language,
            words=WORDS[language],
            lines=so_far,
        )
        response = _html(html)
        response.set_cookie(
            COOKIE,
            token,
            httponly=True,
            samesite="lax",
            max_age=30 * 86_400,
            secure=request.url.scheme == "https",
        )
        return response


def _add_messages(router: APIRouter, sections: Sections) -> None:
    streams = Streams()

    @router.post("/chat/{tenant}/messages", status_code=202, openapi_extra=BODY)
    async def say(tenant: str, request: Request, chat: Chat = None) -> dict[str, str]:
        config, services = _section(sections, tenant)
        if chat is None:
            raise HTTPException(403, "open the chat page first")
        said = await _read(request, config.max_length)
        if len(said.text) > config.max_length:
            raise HTTPException(413, f"at most {config.max_length} characters")
        await _store(services, address(tenant, chat), said)
        return {"status": "stored"}

    @router.get("/chat/{tenant}/events", include_in_schema=False)
    async def events(
        tenant: str, chat: Chat = None, after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0
    ) -> StreamingResponse:
        _, services = _section(sections, tenant)
        if chat is None:
            raise HTTPException(403, "open the chat page first")
        if not streams.free(address(tenant, chat)):
            raise HTTPException(503, "too many pages are open")
        stream = streams.counted(
            address(tenant, chat), _stream(services, address(tenant, chat), after)
        )
        return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)


def address(tenant: str, token: str) -> str:
    """Who a chat is to the core: derived from the secret cookie, which is never stored."""
    return hashlib.sha256(f"{tenant}:{token}".encode()).hexdigest()[:32]


def _section(sections: Sections, tenant: str) -> tuple[WebConfig, Services]:
    if tenant not in sections:
        raise HTTPException(404, "no such hotel")
    return sections[tenant]


def _html(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers=HEADERS)


async def _read(request: Request, longest: int) -> Said:
    """The posted message; nothing is parsed that is larger than any message may be."""
    body = bytearray()
    async with asyncio.timeout(READ_SECONDS):
        async for chunk in request.stream():
            body += chunk
            if len(body) > BYTES_PER_CHARACTER * longest + FRAME_BYTES:
                raise HTTPException(413, f"at most {longest} characters")
    try:
        return Said.model_validate_json(bytes(body))
    except ValidationError as error:
        wrong = [str(found["loc"][0]) if found["loc"] else "body" for found in error.errors()]
        raise HTTPException(422, {"wrong": wrong}) from error


async def _store(services: Services, chat: str, said: Said) -> None:
    line = {
        "tenant": services.tenant,
        "chat": chat,
        "id": said.id,
        "at": services.clock.now().isoformat(),
        "text": said.text,
        "choice": said.choice,
    }
    try:
        await services.inbox.put(services.tenant, json.dumps(line).encode())
    except Unavailable as error:
        raise HTTPException(503, "the message could not be stored, please try again") from error
    try:
        await add_line(services, chat, f"in:{said.id}", "in", said.text, {})
    except SQLAlchemyError as error:
        # The message itself is safe; only the page's own copy of it is missing.
        services.log.warning("line_not_shown", error=type(error).__name__)
    bell(services).ring(chat)


async def _stream(services: Services, chat: str, after: int) -> AsyncIterator[str]:
    """New lines as events, until it is time for the browser to reconnect."""
    yield "retry: 1000\n\n"
    waited = 0.0
    while waited < STREAM_SECONDS:
        found = await lines(services, chat, after)
        for line in found:
            after = int(line.id or 0)
            yield f"id: {after}\ndata: {json.dumps(_shown(line))}\n\n"
        if not found:
            yield ": still here\n\n"
            await bell(services).wait(chat, POLL_SECONDS)
            waited += POLL_SECONDS


def _shown(line: ChatLine) -> dict[str, Any]:
    content = line.content
    return {
        "id": line.id,
        "key": line.key,
        "from": "guest" if line.direction == "in" else "hotel",
        "text": line.text,
        "options": content.get("options", []),
        "image": content.get("image"),
        "location": content.get("location"),
    }
