"""A hotel's agent that only keeps what it is told, and a number to talk through."""

from __future__ import annotations

import atexit
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import uvicorn
from agente_hotelero_channel_whatsapp.testing import Account, Simulator

ACCOUNT = Account(phone_number_id="10001", token="good-token", app_secret="app-secret")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PHONE = "5491155550101"
CLIENT = httpx.Client()
atexit.register(CLIENT.close)


@dataclass
class Listener:
    """What came, and what to answer: `answers` first, then 200 for ever."""

    url: str = ""
    got: list[tuple[bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def changes(self) -> list[dict[str, Any]]:
        """Every change that was taken or not, in order of arrival."""
        bodies = [json.loads(body) for body, _ in list(self.got)]
        entries = [entry for body in bodies for entry in body["entry"]]
        return [change for entry in entries for change in entry["changes"]]

    def messages(self) -> list[dict[str, Any]]:
        return [one for change in self.changes() for one in change["value"].get("messages", ())]

    def statuses(self) -> list[dict[str, Any]]:
        return [one for change in self.changes() for one in change["value"].get("statuses", ())]


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.got.append((body, self.headers["X-Hub-Signature-256"]))
            self.send_response(listener.answers.pop(0) if listener.answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    listener.url = f"http://127.0.0.1:{server.server_port}/webhooks/whatsapp"
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An application on a port of its own; its address."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Caller:
    """Plain requests to a simulator, as one number."""

    meta: Simulator
    account: Account = ACCOUNT
    timeout: float = 5

    def call(self, method: str, path: str, token: str = "", **more: Any) -> httpx.Response:
        url = path if path.startswith("http") else f"{self.meta.url}/v26.0/{path}"
        headers = {"Authorization": f"Bearer {token or self.account.token}"}
        return CLIENT.request(method, url, headers=headers, timeout=self.timeout, **more)

    def send(self, **parts: Any) -> httpx.Response:
        body = {"messaging_product": "whatsapp", "to": f"+{PHONE}", **parts}
        return self.call("POST", f"{self.account.phone_number_id}/messages", json=body)

    def say(self, text: str = "hola", **more: Any) -> httpx.Response:
        return self.send(type="text", text={"body": text}, **more)


def code_of(response: httpx.Response) -> int:
    """The error code of an answer; 0 for a good one."""
    return int(response.json().get("error", {}).get("code", 0))
