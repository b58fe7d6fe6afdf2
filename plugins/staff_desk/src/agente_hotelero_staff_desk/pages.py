"""``/desk``: the list, a conversation, what is left to do. It works without scripts, live with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from importlib.resources import files
from typing import Annotated, Any, Literal

from agente_hotelero import PluginConfig
from agente_hotelero.desk import Caller, Desk, StaffReply
from agente_hotelero.errors import AuthFailed, NotFound, Rejected, Throttled
from agente_hotelero.pages import HEADERS, Plain, download, preferred_language
from agente_hotelero.stays import Image
from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import Environment, PackageLoader

from agente_hotelero_staff_desk import live, session
from agente_hotelero_staff_desk.session import Sections, ToLogin
from agente_hotelero_staff_desk.words import WORDS

PACKAGE = "agente_hotelero_staff_desk"
ASSETS = {"desk.js": "text/javascript", "desk.css": "text/css"}
LARGEST_ID = 2**31 - 1
Before = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]
Search = Annotated[Plain, Query(max_length=200)]
Text = Annotated[Plain, Form(max_length=4000)]
Name = Annotated[Plain, Form(max_length=100)]
Csrf = Annotated[str, Form()]
HandOver = Literal["take-over", "release"]


class DeskConfig(PluginConfig):
    """``[plugins.staff_desk]``: nothing to set yet."""


class Pages:
    """Templates with what every page needs."""

    def __init__(self, sections: Sections) -> None:
        self.sections = sections
        self._environment = Environment(loader=PackageLoader(PACKAGE), autoescape=True)

    def show(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        language = preferred_language(request.headers.get("accept-language", ""), list(WORDS))
        html = self._environment.get_template(template).render(
            words=WORDS[language], language=language, csrf=session.csrf(request), **values
        )
        return HTMLResponse(html, status, headers=HEADERS)

    async def at_desk(self, request: Request, tenant: str) -> tuple[Caller, Desk]:
        """Raises ToLogin, or 404 for a hotel that is not the caller's."""
        caller = await session.caller_of(request, self.sections)
        return caller, session.desk_of(self.sections, tenant, caller)

    def hotel(self, tenant: str) -> str:
        return self.sections[tenant][1].hotel_name

    def now(self, tenant: str) -> datetime:
        """Aware, in UTC."""
        return self.sections[tenant][1].clock.now()

    def language(self, tenant: str) -> str:
        """The hotel's first."""
        return self.sections[tenant][1].languages[0]


def make_router(sections: Sections) -> APIRouter:
    """All pages; whoever is not logged in is sent to the door."""
    router = APIRouter(tags=["desk"], include_in_schema=False)
    pages = Pages(sections)
    _add_door(router, pages)
    _add_list(router, pages)
    _add_chat(router, pages)
    _add_actions(router, pages)
    _add_work(router, pages)
    return router


def guarded(page: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """Our errors as a browser wants them."""

    @wraps(page)
    async def shown(*given: Any, **named: Any) -> Response:
        try:
            return await page(*given, **named)
        except ToLogin:
            return RedirectResponse("/desk/login", 303)
        except NotFound as error:
            raise HTTPException(404, "not there") from error
        except AuthFailed as error:
            raise HTTPException(403, str(error)) from error
        except Rejected as error:
            raise HTTPException(422, str(error)) from error

    return shown


def _add_door(router: APIRouter, pages: Pages) -> None:
    @router.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in ASSETS:
            raise HTTPException(404)
        content = files(PACKAGE).joinpath("static", name).read_bytes()
        return Response(content, media_type=ASSETS[name], headers={"Cache-Control": "max-age=300"})

    @router.get("/login")
    async def door(request: Request) -> Response:
        return pages.show(request, "login.html")

    @router.post("/login")
    async def login(
        request: Request,
        name: Annotated[Plain, Form(max_length=60)],
        password: Annotated[Plain, Form(max_length=200)],
    ) -> Response:
        session.refuse_other_sites(request)
        _, services = next(iter(pages.sections.values()))
        try:
            token = await services.door.login(name, password)
        except AuthFailed:
            return pages.show(request, "login.html", 401, problem="wrong", name=name)
        except Throttled:
            return pages.show(request, "login.html", 429, problem="too_many", name=name)
        answer = RedirectResponse("/desk", 303)
        session.remember(answer, request, token)
        return answer

    @router.post("/logout")
    @guarded
    async def logout(request: Request, csrf: Csrf) -> Response:
        session.check_csrf(request, csrf)
        _, services = next(iter(pages.sections.values()))
        await services.door.logout(session.token_of(request))
        answer = RedirectResponse("/desk/login", 303)
        session.forget(answer)
        return answer

    @router.get("")
    @guarded
    async def home(request: Request) -> Response:
        caller = await session.caller_of(request, pages.sections)
        mine = sorted(caller.tenants & set(pages.sections))
        if len(mine) == 1:
            return RedirectResponse(f"/desk/{mine[0]}", 303)
        hotels = {tenant: pages.hotel(tenant) for tenant in mine}
        return pages.show(request, "hotels.html", hotels=hotels, caller=caller)


def _add_list(router: APIRouter, pages: Pages) -> None:
    @router.get("/{tenant}")
    @guarded
    async def inbox(
        request: Request,
        tenant: str,
        q: Search = "",
        waiting: bool = False,
        before: Before = None,
    ) -> Response:
        caller, desk = await pages.at_desk(request, tenant)
        chats = await desk.chats(waiting=waiting, search=q, before=before)
        return pages.show(
            request,
            "inbox.html",
            tenant=tenant,
            hotel=pages.hotel(tenant),
            zone=pages.sections[tenant][1].time_zone,
            caller=caller,
            chats=chats,
            search=q,
            waiting=waiting,
        )

    @router.get("/{tenant}/events")
    @guarded
    async def events(request: Request, tenant: str) -> Response:
        _, desk = await pages.at_desk(request, tenant)
        return StreamingResponse(live.pulses(desk), media_type="text/event-stream", headers=HEADERS)


def _add_chat(router: APIRouter, pages: Pages) -> None:
    @router.get("/{tenant}/chats/{number}")
    @guarded
    async def chat(request: Request, tenant: str, number: int, before: Before = None) -> Response:
        caller, desk = await pages.at_desk(request, tenant)
        detail = await desk.chat(number)
        lines = await desk.lines(number, before=before)
        return pages.show(
            request,
            "chat.html",
            tenant=tenant,
            hotel=pages.hotel(tenant),
            zone=pages.sections[tenant][1].time_zone,
            caller=caller,
            detail=detail,
            window_closed=_is_over(detail.window_ends_at, pages.now(tenant)),
            lines=lines,
            chats=await desk.chats(),
            quick=desk.quick_replies(detail.chat.language or pages.language(tenant)),
        )

    @router.get("/{tenant}/chats/{number}/files/{line}")
    @guarded
    async def file(request: Request, tenant: str, number: int, line: int) -> Response:
        _, desk = await pages.at_desk(request, tenant)
        return download(await desk.file(number, line))


def _add_actions(router: APIRouter, pages: Pages) -> None:
    base = "/{tenant}/chats/{number}"

    async def acting(request: Request, tenant: str, csrf: str) -> tuple[Caller, Desk]:
        at_desk = await pages.at_desk(request, tenant)
        session.check_csrf(request, csrf)
        return at_desk

    @router.post(f"{base}/reply")
    @guarded
    async def reply(
        request: Request, tenant: str, number: int, csrf: Csrf, text: Text = "", image: Text = ""
    ) -> Response:
        caller, desk = await acting(request, tenant, csrf)
        await desk.reply(caller, number, StaffReply(text=text, image=_image(image)))
        return _back(tenant, number)

    @router.post(f"{base}/note")
    @guarded
    async def note(request: Request, tenant: str, number: int, csrf: Csrf, text: Text) -> Response:
        caller, desk = await acting(request, tenant, csrf)
        await desk.note(caller, number, text)
        return _back(tenant, number)

    @router.post(f"{base}/assign")
    @guarded
    async def assign(
        request: Request, tenant: str, number: int, csrf: Csrf, to: Name = ""
    ) -> Response:
        caller, desk = await acting(request, tenant, csrf)
        await desk.assign(caller, number, to)
        return _back(tenant, number)

    @router.post(f"{base}/{{action}}")
    @guarded
    async def hand_over(
        request: Request, tenant: str, number: int, action: HandOver, csrf: Csrf
    ) -> Response:
        caller, desk = await acting(request, tenant, csrf)
        await (desk.take_over if action == "take-over" else desk.release)(caller, number)
        return _back(tenant, number)


def _is_over(end: datetime | None, now: datetime) -> bool:
    return end is not None and now >= end


def _back(tenant: str, number: int) -> Response:
    return RedirectResponse(f"/desk/{tenant}/chats/{number}", 303)


def _image(url: str) -> Image | None:
    """Raises Rejected for what no channel would show."""
    if not url.strip():
        return None
    if not url.strip().startswith("https://"):
        raise Rejected("an image needs an https address")
    return Image(url=url.strip())


def _add_work(router: APIRouter, pages: Pages) -> None:
    @router.get("/{tenant}/work")
    @guarded
    async def work(request: Request, tenant: str) -> Response:
        caller, desk = await pages.at_desk(request, tenant)
        return pages.show(
            request,
            "work.html",
            tenant=tenant,
            hotel=pages.hotel(tenant),
            zone=pages.sections[tenant][1].time_zone,
            caller=caller,
            tasks=await desk.tasks(),
            letters=await desk.dead_letters(caller),
        )

    @router.post("/{tenant}/tasks/{number}")
    @guarded
    async def finish(request: Request, tenant: str, number: int, csrf: Csrf) -> Response:
        caller, desk = await pages.at_desk(request, tenant)
        session.check_csrf(request, csrf)
        await desk.finish(caller, number)
        return RedirectResponse(f"/desk/{tenant}/work", 303)

    @router.post("/{tenant}/letters/{kind}/{number}")
    @guarded
    async def replay(request: Request, tenant: str, kind: str, number: int, csrf: Csrf) -> Response:
        caller, desk = await pages.at_desk(request, tenant)
        session.check_csrf(request, csrf)
        if kind not in ("send", "body"):
            raise NotFound("letter")
        await desk.replay(caller, kind, number)
        return RedirectResponse(f"/desk/{tenant}/work", 303)
