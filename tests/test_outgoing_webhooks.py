"""A hotel's own system hears of what happens: signed, until it takes it, and of its hotel alone."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from agente_hotelero._db import cursors
from agente_hotelero._db.staff_models import WebhookDelivery, WebhookSubscription
from agente_hotelero._runtime import announcing, pms_changes, public_net
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero.stays import Guest as Visitor
from agente_hotelero.stays import Occupancy, OfferQuery, ReservationDraft, Stay
from agente_hotelero_channel_whatsapp.testing import Simulator

from tests.support.running import RunningAgent
from tests.test_desk_api import Person, guest, person

PATIENCE = 20


class Receiver:
    """A hotel's system; `statuses` are what it answers next, then 200."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                if status == 200:
                    receiver.taken.append(({**self.headers}, body))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]

    def wait_for(self, event: str, number: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE
        while [one["event"] for one in self.events()].count(event) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not {number} {event}: {self.events()}")
            time.sleep(0.05)
        return self.events()

    def wait(self, number: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE
        while len(self.taken) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.taken)} of {number}: {self.events()}")
            time.sleep(0.05)
        return self.events()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def subscribe(owner: Person, receiver: Receiver, *events: str) -> dict[str, Any]:
    wanted = {"url": receiver.url, "events": list(events or announcing.EVENTS)}
    answer = owner.answer("POST", "/tenants/sol/webhooks", wanted)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_booking_is_told_step_by_step_and_signed(
    running: RunningAgent, simulator: Simulator, receiver: Receiver
) -> None:
    owner, who = person(running), guest(simulator, 901)
    made = subscribe(owner, receiver)
    for line in (
        "busco una doble del 10/12 al 12/12 para dos",
        "la primera",
        "Ana García",
        "ana@example.com",
        "sí",
    ):
        who.say(line)
        running.settle()
    told = receiver.wait_for("reservation.made", 1)
    told = receiver.wait_for("message.received", 5)
    assert owner.do("DELETE", f"/tenants/sol/webhooks/{made['number']}") == 204
    kinds = [one["event"] for one in told]
    assert kinds.count("message.received") == 5
    assert "reply.sent" in kinds
    (booked,) = [one["data"] for one in told if one["event"] == "reservation.made"]
    assert booked["reference"].startswith("SOL")
    assert (booked["arrival"], booked["total"]["currency"]) == ("2026-12-10", "BRL")
    assert len({one["id"] for one in told}) == len(told)
    for headers, body in receiver.taken:
        stamp = headers["X-Hotelero-Timestamp"]
        expected = hmac.new(made["secret"].encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        assert headers["X-Hotelero-Signature"] == f"sha256={expected.hexdigest()}"


def test_what_the_front_office_changes_in_the_pms_is_told(
    running: RunningAgent, receiver: Receiver
) -> None:
    """Read at once when the PMS rings, else within minutes."""
    owner, agent = person(running), running.agent
    pms = agent.tenants["sol"].pms
    assert pms is not None
    made = subscribe(owner, receiver, "reservation.changed", "reservation.cancelled")

    async def ring() -> None:
        await pms_changes.ring("sol", agent.database, agent.queue, agent.clock)

    async def cursor() -> str | None:
        async with agent.database.sessions() as session:
            found = await cursors.get(session, "sol", "pms_mock", "1")
        return found[0] if found else None

    running.do(ring())
    deadline = time.monotonic() + PATIENCE
    while running.do(cursor()) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    booked = running.do(_front_office_books(pms))
    running.clock.advance(seconds=2)
    running.do(ring())
    told = receiver.wait(1)
    owner.do("DELETE", f"/tenants/sol/webhooks/{made['number']}")
    assert [(one["event"], one["data"]["reference"]) for one in told] == [
        ("reservation.changed", booked)
    ]


async def _front_office_books(pms: GuardedPms) -> str:
    """Without the agent: straight into the PMS."""
    stay = Stay(arrival=date(2026, 12, 20), departure=date(2026, 12, 22))
    query = OfferQuery(property_id="1", stay=stay, occupancies=(Occupancy(adults=2),))
    offers = await pms.adapter.search_offers(query)
    draft = ReservationDraft(offer=offers[0], guest=Visitor(name="Eva Sosa"), external_ref="F-1")
    return (await pms.adapter.create_reservation(draft, "front-office")).reference


def test_nobody_hears_of_another_hotel(
    running: RunningAgent, simulator: Simulator, receiver: Receiver
) -> None:
    made = subscribe(person(running), receiver, "message.received")
    guest(simulator, 902, "luna").say("hola, Luna")
    guest(simulator, 902).say("hola, Sol")
    running.settle()
    told = receiver.wait(1)
    person(running).do("DELETE", f"/tenants/sol/webhooks/{made['number']}")
    assert [one["data"]["text"] for one in told] == ["hola, Sol"]
    stranger = person(running, tenant="luna")
    assert stranger.get("/tenants/luna/webhooks") == []
    assert stranger.do("DELETE", f"/tenants/luna/webhooks/{made['number']}") == 404


def test_what_is_not_taken_comes_again(
    running: RunningAgent,
    simulator: Simulator,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcing, "DELAYS", (0.1, 0.1, 0.1))
    made = subscribe(person(running), receiver, "handover.requested")
    receiver.statuses += [500, 302]
    guest(simulator, 903).say("quiero hablar con una persona")
    running.settle()
    (told,) = receiver.wait(1)
    assert told["data"]["reason"] == "asked for"
    person(running).do("DELETE", f"/tenants/sol/webhooks/{made['number']}")


def test_what_is_never_taken_is_given_up_and_can_be_tried_again(
    running: RunningAgent,
    simulator: Simulator,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcing, "DELAYS", (0.1,))
    owner = person(running)
    made = subscribe(owner, receiver, "handover.requested")
    receiver.statuses += [500, 500, 500]
    guest(simulator, 904).say("quiero hablar con una persona")
    running.settle()
    deadline = time.monotonic() + PATIENCE
    while (last := owner.get("/tenants/sol/webhooks/deliveries")[0])["state"] != "dead":
        assert time.monotonic() < deadline, last
        time.sleep(0.1)
    assert (last["attempts"], last["error"]) == (2, "HTTP 500")
    path = f"/tenants/sol/webhooks/deliveries/{last['id']}/replay"
    assert person(running, tenant="luna").do("POST", path) == 404
    assert person(running, "staff").do("POST", path) == 403
    assert owner.do("POST", path) == 202
    receiver.wait(1)
    owner.do("DELETE", f"/tenants/sol/webhooks/{made['number']}")


@pytest.mark.parametrize(
    "wanted",
    [
        {"url": "ftp://example.com", "events": ["reply.sent"]},
        {"url": "https://example.com", "events": []},
        {"url": "http://example.com:99999999/", "events": ["reply.sent"]},
        {"url": "https://user:secret@example.com/", "events": ["reply.sent"]},
        {"url": "https://example.com", "events": ["everything"]},
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(
    running: RunningAgent, wanted: dict[str, Any]
) -> None:
    assert person(running).do("POST", "/tenants/sol/webhooks", wanted) == 422


def test_a_secret_is_rotated_and_both_are_good_for_a_day(
    running: RunningAgent, receiver: Receiver
) -> None:
    owner, now, body = person(running), running.clock.now(), b"{}"
    made = subscribe(owner, receiver)
    path = f"/tenants/sol/webhooks/{made['number']}"
    new = owner.answer("POST", f"{path}/rotate").json()["secret"]
    assert new != made["secret"]

    async def row() -> WebhookSubscription:
        async with running.agent.database.sessions() as session:
            found = await session.get(WebhookSubscription, made["number"])
            assert found is not None
            return found

    def headers(at: datetime) -> dict[str, str]:
        return announcing.headers_for(running.do(row()), body, at)

    def signature(secret: str) -> str:
        return announcing.signed(secret, body, now)[announcing.SIGNATURE]

    assert headers(now)["X-Hotelero-Signature"] == signature(new)
    assert headers(now)["X-Hotelero-Signature-Previous"] == signature(made["secret"])
    assert "X-Hotelero-Signature-Previous" not in headers(now + timedelta(days=1))
    assert owner.do("POST", "/tenants/sol/webhooks/999999/rotate") == 404
    assert owner.do("DELETE", path) == 204
    assert owner.do("POST", f"{path}/rotate") == 404


def test_one_that_drips_is_not_waited_for(
    running: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        row = WebhookSubscription(
            tenant="sol",
            url=f"http://127.0.0.1:{silent.getsockname()[1]}/",
            secret="s",
            events=[],
        )
        now = running.agent.clock.now()
        delivery = WebhookDelivery(
            id=1, tenant="sol", subscription_id=1, event="reply.sent", body={}, created_at=now
        )

        async def post() -> str:
            async with public_net.client(private_too=True) as http:
                agent = running.agent
                made = announcing.Deliverer(
                    database=agent.database,
                    engine=agent.queue,
                    http=http,
                    clock=agent.clock,
                    log=structlog.get_logger(),
                    metrics=agent.metrics,
                )
                return await made._post(delivery, row)

        assert asyncio.run(post()) == "TimeoutError"
