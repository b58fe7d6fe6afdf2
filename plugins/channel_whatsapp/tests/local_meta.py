"""A server on loopback that answers as a test says, and keeps what it is asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
from agente_hotelero.testing import SettableClock, lend
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig

NUMBER, BUSINESS, TOKEN = "10001", "20002", "good-token"
VERSION = "/v26.0"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`body` is JSON unless it is bytes; `cut` closes before all of it is there, `hang` never
    answers."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def error(code: int, status: int = 400, **more: Any) -> Answer:
    """Meta's form of a refusal."""
    return Answer(status=status, body={"error": {"code": code, "message": f"(#{code})", **more}})


def accepted(message_id: str = "wamid.1") -> Answer:
    return Answer(body={"messages": [{"id": message_id}]})


class LocalMeta:
    """The last answer that was given for a path holds; those before it once each."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answer]] = {}
        self._ended = threading.Event()
        handler = type("Bound", (_Handler,), {"meta": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def on(self, path: str, *answers: Answer) -> None:
        self._answers[path if path.startswith("/") else f"{VERSION}/{path}"] = list(answers)

    def to(self, path: str) -> list[Asked]:
        """What was asked of a path."""
        return [one for one in self.asked if one.path == f"{VERSION}/{path}"]

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        found = self._answers.get(asked.path, [error(100, 404)])
        answer = found.pop(0) if len(found) > 1 else found[0]
        if answer.hang:
            self._ended.wait(10)
        return answer


class _Handler(BaseHTTPRequestHandler):
    meta: LocalMeta

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        parts = urlsplit(self.path)
        answer = self.meta.answer(
            Asked(
                method=self.command,
                path=parts.path,
                query={key: values[0] for key, values in parse_qs(parts.query).items()},
                headers={key.lower(): value for key, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            )
        )
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + (100 if answer.cut else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def channel_at(url: str, http: httpx.AsyncClient, **settings: Any) -> WhatsAppChannel:
    """A channel that believes Meta to be there."""
    names = ("clock", "media", "database_url", "tenant")
    lent = {name: settings.pop(name) for name in names if name in settings}
    config = WhatsAppConfig.model_validate(
        {
            "api_base_url": url,
            "access_token": TOKEN,
            "app_secret": "s",
            "verify_token": "v",
            "accounts": [{"phone_number_id": NUMBER}],
            "timeout_seconds": 2,
            **settings,
        }
    )
    return WhatsAppChannel(config, lend(http=http, **lent), NUMBER)


__all__ = ["Answer", "Asked", "LocalMeta", "SettableClock", "accepted", "channel_at", "error"]
