"""Meta on loopback: takes sends, keeps files, and delivers signed webhooks."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
import uvicorn
from fastapi import Response
from starlette.types import ASGIApp

from agente_hotelero_channel_whatsapp.testing import faults as troubles
from agente_hotelero_channel_whatsapp.testing import statuses as status
from agente_hotelero_channel_whatsapp.testing.accounts import Account, Clock, Person, Sent
from agente_hotelero_channel_whatsapp.testing.courier import Courier, Disorder, Webhook
from agente_hotelero_channel_whatsapp.testing.endpoints import app_of
from agente_hotelero_channel_whatsapp.testing.faults import ErrorBy, Fault, MetaError
from agente_hotelero_channel_whatsapp.testing.media import Shelf
from agente_hotelero_channel_whatsapp.testing.pacing import Pacing
from agente_hotelero_channel_whatsapp.testing.refusals import Refused
from agente_hotelero_channel_whatsapp.testing.templates import Template
from agente_hotelero_channel_whatsapp.testing.webhooks import (
    Change,
    envelope,
    of_number,
    packed,
    signature,
)

__all__ = ["Account", "ErrorBy", "Fault", "MetaError", "Sent", "Simulator", "envelope", "signature"]
START_SECONDS = 10
CALLBACK_FAILED = 2200


# Its repr would be all that was ever said: failures print it, and hypothesis refuses to.
@dataclass(repr=False)
class Simulator:
    """Meta, on loopback. `webhook` is the agent's address; `now` the clock of all stamps.

    Limits and the window are off unless asked for. `window`: how a closed one is told. `templates`,
    `troubles` (by number or recipient), `allowed` (development mode), `known_as` (digits as
    WhatsApp knows them), `opted_out` and `revoked` may be changed while it runs.
    """

    accounts: Sequence[Account]
    webhook: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    statuses: bool = True
    port: int = 0
    faults: list[Fault | MetaError] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    held: list[tuple[Account, bytes]] | None = None
    url: str = ""
    window: ErrorBy | None = None
    pair_limit: bool = False
    per_second: int | None = None
    statuses_first: bool = False
    disorder: Disorder = field(default_factory=Disorder)
    templates: list[Template] = field(default_factory=list)
    typing: list[str] = field(default_factory=list)
    media_faults: list[Fault] = field(default_factory=list)
    troubles: dict[str, MetaError] = field(default_factory=dict)
    allowed: set[str] | None = None
    known_as: dict[str, str] = field(default_factory=dict)
    broken_links: set[str] = field(default_factory=set)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    unsubscribed: set[str] = field(default_factory=set)
    overrides: dict[str, str] = field(default_factory=dict)
    quality: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock(self.now)
        self.media = Shelf(self.clock.now)
        self.pacing = Pacing(pair_limit=self.pair_limit, per_second=self.per_second)
        self.courier = Courier(self.clock, self.disorder, self._carry)
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        config = uvicorn.Config(
            self.app(),
            port=self.port,
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
        )
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
        self.courier.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(START_SECONDS)
        self.courier.stop()
        self._client.close()

    def app(self) -> ASGIApp:
        """The endpoints, for whoever wants to serve them himself."""
        return app_of(self)

    def account(self, number: str) -> Account:
        return next(one for one in self.accounts if one.phone_number_id == number)

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    def advance(self, by: timedelta) -> None:
        """Let time pass: what is due in it is delivered, in its order, before this returns."""
        self.courier.advance(by)

    def settle(self) -> None:
        """Wait until all webhooks that are due have been tried. Raises TimeoutError."""
        self.courier.settle()

    # ── webhooks ─────────────────────────────────────────────────────────────────────────────────

    def deliver(self, account: Account, value: Mapping[str, Any], *, times: int = 1) -> None:
        """Post a `value`, or keep it while webhooks are held back; untaken, it is tried again."""
        self.tell(of_number(account, value), times=times)

    def tell(self, change: Change, *, times: int = 1) -> None:
        """Post a change of any field; `times` posts the very same body."""
        self.courier.send(self._webhook(change))
        for _ in range(times - 1):
            self._carry([change])

    def post(self, account: Account, body: bytes) -> httpx.Response:
        """One signed POST; retries are the caller's matter."""
        return self._client.post(
            self.overrides.get(account.business_id, self.webhook),
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

    def _webhook(self, change: Change, then: Callable[[], None] | None = None) -> Webhook:
        return Webhook(change=change, began=self.clock.now(), then=then)

    def _carry(self, changes: Sequence[Change]) -> bool:
        """Whether a webhook was taken: only 200 is."""
        wanted = [one for one in changes if one.account.business_id not in self.unsubscribed]
        if not wanted or not self.webhook:
            return True
        if self.held is not None:
            self.held.append((wanted[0].account, packed(wanted)))
            return True
        try:
            return self.post(wanted[0].account, packed(wanted)).status_code == 200
        except (httpx.HTTPError, RuntimeError):
            return False

    # ── statuses ─────────────────────────────────────────────────────────────────────────────────

    def report(self, message: Sent, state: str, error: MetaError | None = None) -> None:
        """Tell at once what became of a message; `error` with "failed"."""
        self.courier.send(self._webhook(self._status(message, state, error)))

    def report_later(self, message: Sent, error: MetaError | None) -> None:
        """The usual statuses of a message that was just taken, or its failure."""
        if not self.webhook or not (self.statuses or error is not None):
            return
        states = ("failed",) if error is not None else status.ladder(message)
        if self.statuses_first:
            for state in states:
                self.report(message, state, error)
        else:
            self._climb(message, states, error)

    def _climb(self, message: Sent, states: Sequence[str], error: MetaError | None) -> None:
        """One after the other was taken; with disorder, each on its own."""
        first, rest = self._status(message, states[0], error), states[1:]
        if self.disorder.late > 0:
            for state in states:
                self.courier.put(self._webhook(self._status(message, state, error)))
            return
        then = (lambda: self._climb(message, rest, error)) if rest else None
        self.courier.put(self._webhook(first, then))

    def _status(self, message: Sent, state: str, error: MetaError | None) -> Change:
        self.states[message.id] = state
        told = status.value(message, state, self.clock.stamp(), self.people.get(message.to), error)
        return of_number(self.account(message.account), told)

    # ── what an agent's calls lead to ────────────────────────────────────────────────────────────

    def suffer(self, fault: Fault, scope: object) -> Response:
        """A request that meets a fault."""
        if fault in (Fault.HANG, Fault.ACCEPT_THEN_HANG):
            self._stopping.wait(troubles.HANG_SECONDS)
            return Response("", 504)
        if fault in (Fault.RESET, Fault.ACCEPT_THEN_RESET):
            troubles.reset(self._server, scope)
            return Response("", 500)
        return troubles.broken(fault)

    def handshake(self, verify_token: str, url: str = "") -> bool:
        """Ask an address to prove itself, as Meta does before it posts there."""
        query = {"mode": "subscribe", "challenge": str(random.getrandbits(31))}
        params = {f"hub.{key}": value for key, value in query.items()}
        try:
            answer = self._client.get(
                url or self.webhook, params={**params, "hub.verify_token": verify_token}
            )
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.text == query["challenge"]

    def subscribe(self, body: Mapping[str, Any], account: Account) -> dict[str, bool]:
        """``POST /<business account>/subscribed_apps``. Raises Refused."""
        url = body.get("override_callback_uri")
        if url is not None:
            if not self.handshake(str(body.get("verify_token", "")), str(url)):
                raise Refused(code=CALLBACK_FAILED, details="Callback verification failed")
            self.overrides[account.business_id] = str(url)
        else:
            self.overrides.pop(account.business_id, None)
        self.unsubscribed.discard(account.business_id)
        return {"success": True}

    def unsubscribe(self, account: Account) -> dict[str, bool]:
        """``DELETE /<business account>/subscribed_apps``: no webhooks from now on."""
        self.unsubscribed.add(account.business_id)
        return {"success": True}
