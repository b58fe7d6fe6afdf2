"""Conversations of a hotel, as its staff work with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from agente_hotelero._runtime.agent import Agent
from agente_hotelero._web.admin.access import Before, Hotel, Known, Number, in_http
from agente_hotelero.desk import Chat, ChatDetail, ChatLine, QuickReply, StaffReply
from agente_hotelero.pages import Plain, download

Search = Annotated[Plain, Query(max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Words(_Body):
    """Something to say or to note."""

    text: Plain = Field(min_length=1, max_length=4000)


class Assignee(_Body):
    """Who takes care of it; empty for nobody."""

    to: Plain = Field(max_length=100)


class Queued(_Body):
    """A message on its way."""

    outbox: int


def router(agent: Agent) -> APIRouter:
    """Reading needs any role, everything else ``staff``."""
    routes = APIRouter(prefix="/tenants/{tenant}/conversations", tags=["conversations"])
    _reading(routes, agent)
    _acting(routes, agent)
    return routes


def _reading(routes: APIRouter, agent: Agent) -> None:
    @routes.get("")
    async def chats(
        tenant: Hotel, waiting: bool = False, search: Search = "", before: Before = None
    ) -> Sequence[Chat]:
        """Fifty at most, those that wait for a person first; `before` gives the page after."""
        return await agent.desks[tenant].chats(waiting=waiting, search=search, before=before)

    @routes.get("/{number}")
    async def chat(tenant: Hotel, number: Number) -> ChatDetail:
        """A conversation with its guest's stay, offers, notes and tasks."""
        with in_http():
            return await agent.desks[tenant].chat(number)

    @routes.get("/{number}/lines")
    async def lines(tenant: Hotel, number: Number, before: Before = None) -> Sequence[ChatLine]:
        """The latest hundred lines, oldest first."""
        with in_http():
            return await agent.desks[tenant].lines(number, before=before)

    @routes.get("/{number}/lines/{line}/file")
    async def file(tenant: Hotel, number: Number, line: Number) -> Response:
        """The file that came with a line."""
        with in_http():
            found = await agent.desks[tenant].file(number, line)
        return download(found)

    @routes.get("/{number}/quick-replies")
    async def quick_replies(tenant: Hotel, number: Number) -> Sequence[QuickReply]:
        """The hotel's answers to house questions, in the guest's language."""
        with in_http():
            found = await agent.desks[tenant].chat(number)
        language = found.chat.language or agent.settings.tenants[tenant].languages[0]
        return agent.desks[tenant].quick_replies(language)


def _acting(routes: APIRouter, agent: Agent) -> None:
    @routes.post("/{number}/take-over", status_code=204)
    async def take_over(tenant: Hotel, number: Number, caller: Known) -> None:
        """The agent says no more there."""
        with in_http():
            await agent.desks[tenant].take_over(caller, number)

    @routes.post("/{number}/release", status_code=204)
    async def release(tenant: Hotel, number: Number, caller: Known) -> None:
        """Give the conversation back to the agent."""
        with in_http():
            await agent.desks[tenant].release(caller, number)

    @routes.post("/{number}/assign", status_code=204)
    async def assign(tenant: Hotel, number: Number, to: Assignee, caller: Known) -> None:
        """Say who takes care of it."""
        with in_http():
            await agent.desks[tenant].assign(caller, number, to.to)

    @routes.post("/{number}/replies", status_code=202)
    async def reply(tenant: Hotel, number: Number, words: Words, caller: Known) -> Queued:
        """Answer the guest, taking the conversation over."""
        with in_http():
            queued = await agent.desks[tenant].reply(caller, number, StaffReply(text=words.text))
        return Queued(outbox=queued)

    @routes.post("/{number}/notes", status_code=204)
    async def note(tenant: Hotel, number: Number, words: Words, caller: Known) -> None:
        """A note for the others; the guest never sees it."""
        with in_http():
            await agent.desks[tenant].note(caller, number, words.text)
