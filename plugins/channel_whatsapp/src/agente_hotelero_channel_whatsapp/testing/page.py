"""The page to rehearse with: one or several guests, and what may go wrong with them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, PackageLoader

from agente_hotelero_channel_whatsapp.testing import media, pacing, templates
from agente_hotelero_channel_whatsapp.testing.accounts import Account, Sent
from agente_hotelero_channel_whatsapp.testing.actions import ACTIONS, Form, NoSense
from agente_hotelero_channel_whatsapp.testing.faults import Fault
from agente_hotelero_channel_whatsapp.testing.guest import Guest
from agente_hotelero_channel_whatsapp.testing.refusals import KNOWN
from agente_hotelero_channel_whatsapp.testing.simulator import Simulator

SHOWN = ("image/jpeg", "image/png", "image/webp")
LARGEST = 16 * 1024 * 1024


@dataclass
class Rehearsal:
    """Who writes, and what each said: the text, and how many answers came before it."""

    simulator: Simulator
    account: Account
    guests: list[Guest]
    said: dict[int, list[tuple[str, int]]] = field(default_factory=dict)

    def note(self, guest: int, text: str) -> None:
        answers = len(self.guests[guest].replies())
        self.said.setdefault(guest, []).append((text, answers))

    def log(self, guest: int) -> list[dict[str, Any]]:
        """Both sides of a conversation, in order."""
        answers = self.guests[guest].replies()
        found: list[dict[str, Any]] = []
        shown = 0
        for text, before in self.said.get(guest, ()):
            found += [self._line(one) for one in answers[shown:before]]
            found.append({"mine": True, "text": text})
            shown = max(shown, before)
        return found + [self._line(one) for one in answers[shown:]]

    def state(self, guest: int) -> dict[str, object]:
        simulator, now = self.simulator, self.simulator.clock.now()
        number = self.account.phone_number_id
        ends = [
            simulator.pacing.said[number, address] + pacing.WINDOW
            for address in self.guests[guest].addresses
            if simulator.pacing.open(number, address, now)
        ]
        return {
            "now": f"{now:%Y-%m-%d %H:%M} UTC",
            "window": f"open until {max(ends):%Y-%m-%d %H:%M}" if ends else "closed",
            "waiting": simulator.courier.waiting,
            "pending": len(simulator.faults),
        }

    def _line(self, sent: Sent) -> dict[str, Any]:
        file = self.simulator.media.get(sent.file)
        return {
            "mine": False,
            "sent": sent,
            "state": self.simulator.states.get(sent.id, ""),
            "asks": sent.body.get("interactive", {}).get("type", ""),
            "uploaded": file is not None,
            "picture": file is not None and file.mime_type in SHOWN,
            "body": json.dumps(sent.body, indent=1, ensure_ascii=False),
        }


def app_of(rehearsal: Rehearsal) -> FastAPI:
    """The page as an application; it loads nothing from anywhere else."""
    app = FastAPI()
    pages = Environment(loader=PackageLoader(__package__, ""), autoescape=True)

    def shown(name: str, guest: int, **more: object) -> str:
        known = {"number": guest, "guest": rehearsal.guests[guest], "log": rehearsal.log(guest)}
        return pages.get_template(name).render({**known, **rehearsal.state(guest), **more})

    @app.get("/")
    def page(guest: int = 0) -> Response:
        nonce = secrets.token_urlsafe(16)
        body = shown("page.html.j2", _within(rehearsal, guest), nonce=nonce, **_controls(rehearsal))
        return HTMLResponse(body, headers=_headers(nonce))

    @app.get("/news")
    def news(guest: int = 0) -> Response:
        guest = _within(rehearsal, guest)
        names = {"log": "log.html.j2", "state": "state.html.j2"}
        return JSONResponse({key: shown(name, guest).strip() for key, name in names.items()})

    @app.get("/file/{file_id}")
    def file(file_id: str) -> Response:
        found = rehearsal.simulator.media.get(file_id)
        if found is None:
            return Response("", 404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        inline = found.mime_type in SHOWN or found.mime_type.startswith("audio/")
        headers |= {} if inline else {"Content-Disposition": "attachment"}
        return Response(found.body, media_type=found.mime_type, headers=headers)

    @app.post("/do/{action}")
    async def act(action: str, request: Request, guest: int = 0) -> Response:
        guest = _within(rehearsal, guest)
        if not _same_origin(request) or action not in ACTIONS:
            return Response("", 403 if action in ACTIONS else 404)
        body = await request.body()
        if len(body) > LARGEST:
            return Response("The file is too large.", 413)
        form = _form(request.headers.get("content-type", ""), body)
        try:
            shows: int | None = await run_in_threadpool(ACTIONS[action], rehearsal, guest, form)
        except NoSense as error:
            return Response(str(error), 400, media_type="text/plain")
        return RedirectResponse(f"/?guest={guest if shows is None else shows}", 303)

    return app


def _controls(rehearsal: Rehearsal) -> Mapping[str, object]:
    return {
        "guests": rehearsal.guests,
        "faults": [one.value for one in Fault],
        "codes": [(code, title) for code, (_, title, _) in sorted(KNOWN.items())],
        "templates": rehearsal.simulator.templates,
        "states": templates.STATES,
        "categories": templates.CATEGORIES,
        "banned": rehearsal.account.phone_number_id in rehearsal.simulator.troubles,
    }


def _within(rehearsal: Rehearsal, guest: int) -> int:
    return guest if 0 <= guest < len(rehearsal.guests) else 0


def _headers(nonce: str) -> Mapping[str, str]:
    own = f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:"
    rest = "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return {"Content-Security-Policy": f"default-src 'none'; {own}; {rest}"}


def _same_origin(request: Request) -> bool:
    """Pages of others may not write here, whoever has them open in the same browser."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _form(content_type: str, body: bytes) -> Form:
    if content_type.startswith("multipart/form-data"):
        parts = media.form(content_type, body)
        texts = {name: part.decode("utf-8", "replace") for name, (_, part) in parts.items()}
        return Form(texts=texts, file=parts.get("file", ("", b"")))
    return Form(texts=dict(parse_qsl(body.decode("utf-8", "replace"))))
