"""The simulator by itself, with a page to write as a guest."""

from __future__ import annotations

import asyncio
import html
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agente_hotelero_channel_whatsapp.testing.guest import Guest
from agente_hotelero_channel_whatsapp.testing.simulator import Account, Sent, Simulator

PHONE = "5491155550101"
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="3">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated WhatsApp</title>
<h1>Simulated WhatsApp</h1>
<p>You are +{phone}.</p>
<form method="post" action="/say">
<label>Message <input name="text" autofocus></label>
<button>Send</button>
</form>
<ol>{lines}</ol>
</html>"""


def rehearse(port: int, webhook: str, number: str, token: str, secret: str) -> None:
    """Serve until interrupted."""
    account = Account(phone_number_id=number, token=token, app_secret=secret)
    simulator = Simulator([account], webhook=webhook, port=port)
    with simulator:
        app = _page(Guest(simulator, account, PHONE, "Rehearsal"))
        print(f"Simulated Cloud API: WHATSAPP_API_BASE_URL={simulator.url}")
        print(f"  WHATSAPP_PHONE_NUMBER_ID={number} WHATSAPP_ACCESS_TOKEN={token}")
        print(f"  WHATSAPP_APP_SECRET={secret} WHATSAPP_VERIFY_TOKEN=any")
        print(f"Write as a guest: http://127.0.0.1:{port + 1}/", flush=True)
        uvicorn.run(app, port=port + 1, log_config=None, access_log=False)


def _page(guest: Guest) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def page() -> Response:
        lines = "".join(f"<li>{_line(one)}</li>" for one in guest.replies())
        return HTMLResponse(PAGE.format(phone=guest.phone, lines=lines))

    @app.post("/say")
    async def say(request: Request) -> Response:
        text = parse_qs((await request.body()).decode()).get("text", [""])[0].strip()
        if text:
            await asyncio.to_thread(guest.say, text)
        return RedirectResponse("/", 303)

    return app


def _line(one: Sent) -> str:
    options = "".join(f"<br>· {html.escape(title)}" for _, title in one.options)
    return html.escape(one.text or one.kind).replace("\n", "<br>") + options
