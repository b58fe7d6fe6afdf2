"""The server: takes sends as Meta does, and delivers signed webhooks."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from agente_hotelero_channel_whatsapp.testing.limits import complaint

START_SECONDS = 10
HANG_SECONDS = 60
STATUS_SECONDS = 30
CODES = {"pair_limit": 131056, "throughput": 130429, "expired_token": 190}


class Fault(StrEnum):
    """What may go wrong with a send. ACCEPT_THEN_HANG has taken the message all the same."""

    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    HTTP_429 = "http_429"
    HTML = "html"
    PAIR_LIMIT = "pair_limit"
    THROUGHPUT = "throughput"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105
    ACCEPT_THEN_HANG = "accept_then_hang"


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A number as Meta knows it."""

    phone_number_id: str
    token: str
    app_secret: str
    business_id: str = "200000000000001"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message that Meta took, as the guest's phone shows it."""

    id: str
    account: str
    to: str
    kind: str
    text: str = ""
    options: tuple[tuple[str, str], ...] = ()
    image: str = ""
    location: tuple[float, float] | None = None
    mark: str = ""


# Its repr would be all that was ever said: failures print it, and hypothesis refuses to.
@dataclass(repr=False)
class Simulator:
    """Meta, on loopback. `webhook` is the agent's address; `now` the clock of all stamps."""

    accounts: Sequence[Account]
    webhook: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    statuses: bool = True
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    held: list[tuple[Account, bytes]] | None = None
    url: str = ""

    def __enter__(self) -> Self:
        config = uvicorn.Config(self.app(), port=self.port, log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the simulator did not start")
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(START_SECONDS)
        self._client.close()

    def app(self) -> FastAPI:
        """The endpoints, for whoever wants to serve them himself."""
        app = FastAPI()

        @app.post("/{version}/{number}/messages")
        def messages(version: str, number: str, body: dict[str, Any], request: Request) -> Response:
            return self._take(number, body, request.headers.get("authorization", ""))

        return app

    def account(self, number: str) -> Account:
        return next(one for one in self.accounts if one.phone_number_id == number)

    def _take(self, number: str, body: Mapping[str, Any], authorization: str) -> Response:
        known = {one.phone_number_id: one for one in self.accounts}
        if number not in known or authorization != f"Bearer {known[number].token}":
            return refusal(401, 190, "Invalid OAuth access token")
        if body.get("status") == "read":
            self.read.append(str(body.get("message_id")))
            return JSONResponse({"success": True})
        wrong = complaint(body)
        if wrong is not None:
            return refusal(400, *wrong)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and fault is not Fault.ACCEPT_THEN_HANG:
            return broken(fault)
        message = shown(number, body, f"wamid.{uuid.uuid4().hex}")
        self.sent.append(message)
        if self.statuses and self.webhook:
            threading.Thread(target=self._report, args=(known[number], message)).start()
        if fault is Fault.ACCEPT_THEN_HANG:
            time.sleep(HANG_SECONDS)
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": message.to, "wa_id": message.to}],
                "messages": [{"id": message.id}],
            }
        )

    def _report(self, account: Account, message: Sent) -> None:
        """The ladder of statuses, each in a webhook of its own."""
        for state in ("sent", "delivered", "read"):
            status = {
                "id": message.id,
                "status": state,
                "timestamp": str(int(self.now().timestamp())),
                "recipient_id": message.to,
                "biz_opaque_callback_data": message.mark,
            }
            self._deliver_surely(account, {"statuses": [status]})

    def _deliver_surely(self, account: Account, value: Mapping[str, Any]) -> None:
        """Again and again while nobody takes it, as Meta does, if not for days."""
        deadline = time.monotonic() + STATUS_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError, RuntimeError):
                if self.held is not None:
                    self.deliver(account, value)
                    return
                if self.post(account, envelope(account, value)).status_code == 200:
                    return
            if self._server.should_exit:
                return
            time.sleep(0.2)

    def deliver(self, account: Account, value: Mapping[str, Any], *, times: int = 1) -> None:
        """Post a webhook, or keep it while webhooks are held back."""
        body = envelope(account, value)
        if self.held is not None:
            self.held.append((account, body))
            return
        for _ in range(times):
            self.post(account, body)

    def post(self, account: Account, body: bytes) -> httpx.Response:
        """One signed POST; Meta's retries are the caller's matter."""
        return self._client.post(
            self.webhook,
            content=body,
            headers={
                "Content-Type": "application/json",
                "X-Hub-Signature-256": signature(account.app_secret, body),
            },
        )

    def hold(self) -> None:
        """Keep webhooks back from now on."""
        self.held = []

    def release(self, *, shuffled: random.Random | None = None) -> None:
        """Deliver what was kept, in order or not."""
        kept, self.held = self.held or [], None
        if shuffled is not None:
            shuffled.shuffle(kept)
        for account, body in kept:
            self.post(account, body)


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def envelope(account: Account, value: Mapping[str, Any]) -> bytes:
    """A webhook body around one `value`."""
    metadata = {"display_phone_number": "15550001", "phone_number_id": account.phone_number_id}
    full = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": account.business_id, "changes": [{"field": "messages", "value": full}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def refusal(status: int, code: int, detail: str) -> Response:
    """An error in Meta's form."""
    error = {
        "message": f"(#{code}) {detail}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": detail},
        "fbtrace_id": uuid.uuid4().hex[:16],
    }
    return JSONResponse({"error": error}, status)


def broken(fault: Fault) -> Response:
    if fault.value in CODES:
        status = 401 if fault is Fault.EXPIRED_TOKEN else 400
        return refusal(status, CODES[fault.value], fault.value)
    if fault is Fault.HTML:
        return Response("<html>Bad gateway</html>", 502, media_type="text/html")
    status = int(fault.value.removeprefix("http_"))
    return Response("", status)


def shown(number: str, body: Mapping[str, Any], message_id: str) -> Sent:
    """A body as the guest sees it."""
    kind = str(body.get("type", "text"))
    part = body[kind]
    to = str(body.get("to") or body.get("recipient")).removeprefix("+")
    text = str(part.get("body") or part.get("caption") or "")
    options: tuple[tuple[str, str], ...] = ()
    if kind == "interactive":
        text = part["body"]["text"]
        action = part["action"]
        rows = [one["reply"] for one in action.get("buttons", [])]
        rows += [row for section in action.get("sections", []) for row in section["rows"]]
        options = tuple((row["id"], row["title"]) for row in rows)
    point = (part["latitude"], part["longitude"]) if kind == "location" else None
    return Sent(
        id=message_id,
        account=number,
        to=to,
        kind=kind,
        text=text,
        options=options,
        image=str(part.get("link", "")) if kind == "image" else "",
        location=point,
        mark=str(body.get("biz_opaque_callback_data", "")),
    )
