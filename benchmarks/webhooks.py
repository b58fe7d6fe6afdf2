"""Whole webhooks: a thousand events in one body, and beside pywa on the payloads that it accepts.

pywa checks the signature, reads the first event of a body and calls a function; it stores nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agente_hotelero import Account, WebhookRequest
from agente_hotelero._runtime import logs
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_channel_whatsapp.ingress import WhatsAppIngress
from pywa.client import WhatsApp

from benchmarks.measure import KINDS, median_and_range, table
from benchmarks.relay import CHANNEL, relay_on
from benchmarks.servers import NUMBER, SECRET, signature

FOLDER = Path(__file__).parents[1] / "plugins/channel_whatsapp/tests/payloads"
EVENTS, ROUNDS, REPEATS = 1000, 5, 20
HANDLERS = (
    "message", "callback_button", "callback_selection", "message_status", "edited_message",
    "deleted_message", "outgoing_message", "user_marketing_preferences", "phone_number_change",
)  # fmt: skip


def ingress() -> WhatsAppIngress:
    settings = {
        "access_token": "t",
        "app_secret": SECRET,
        "verify_token": "v",
        "accounts": [{"phone_number_id": NUMBER}],
    }
    config = WhatsAppConfig.model_validate(settings)
    return WhatsAppIngress([Account(id=NUMBER, tenant="sol", config=config)])


def thousand() -> bytes:
    """Half messages of as many guests, half receipts."""
    stamp = str(int(time.time()))
    messages = [
        {
            "from": f"549{uuid.uuid4().int % 10**10:010}",
            "id": f"wamid.{uuid.uuid4().hex}",
            "timestamp": stamp,
            "type": "text",
            "text": {"body": "¿hay wifi?"},
        }
        for _ in range(EVENTS // 2)
    ]
    statuses = [
        {
            "id": f"wamid.{uuid.uuid4().hex}",
            "status": "delivered",
            "timestamp": stamp,
            "recipient_id": "5491155550101",
        }
        for _ in range(EVENTS // 2)
    ]
    contacts = [{"profile": {"name": "Ana"}, "wa_id": one["from"]} for one in messages]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": NUMBER},
        "contacts": contacts,
        "messages": messages,
        "statuses": statuses,
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def spent(work: Callable[[], object]) -> float:
    """CPU microseconds."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1e6


def request_of(body: bytes) -> WebhookRequest:
    return WebhookRequest(query={}, headers={"x-hub-signature-256": signature(body)}, body=body)


async def stored(kind: str, rounds: Sequence[Sequence[bytes]], events: int) -> list[float]:
    """CPU microseconds per event from the body to its rows; the first round warms up."""
    costs = []
    async with relay_on(kind) as (writer, relay):
        for bodies in rounds:
            before = time.process_time()
            await asyncio.gather(*(writer.put(CHANNEL, [NUMBER], body) for body in bodies))
            while await relay.run_once():
                continue
            costs.append((time.process_time() - before) / events * 1e6)
    return costs[1:]


def of_thousand() -> list[list[object]]:
    reader = ingress()
    made = [thousand() for _ in range(ROUNDS + 1)]
    requests = [request_of(body) for body in made]
    signed = [spent(lambda one=one: reader.verify(one)) / EVENTS for one in requests]  # type: ignore[misc]
    read = [spent(lambda body=body: reader.parse(body)) / EVENTS for body in made]  # type: ignore[misc]
    first = [median_and_range(signed[1:], 1), median_and_range(read[1:], 1)]
    rows: list[list[object]] = []
    for kind in KINDS:
        costs = asyncio.run(stored(kind, [[body] for body in made], EVENTS))
        rows.append([kind, f"{len(made[0]) // 1024} KiB", *first, median_and_range(costs, 0)])
    return rows


# ── beside pywa ──────────────────────────────────────────────────────────────────────────────────


def client(heard: list[object]) -> Any:
    """pywa with a function for each kind of update; it forgets what it has seen, to be measured."""
    made = WhatsApp(
        phone_id=NUMBER,
        token="t",
        server=None,
        verify_token="v",
        app_secret=SECRET,
        filter_updates=False,
        skip_duplicate_updates=False,
    )
    for name in HANDLERS:
        getattr(made, f"on_{name}")()(lambda _, update: heard.append(update))
    return made


def by_pywa(made: Any, body: bytes, header: str) -> None:
    assert made.webhook_update_validator(body, header) is None
    made.webhook_update_handler(body)


def accepted(made: Any, heard: list[object]) -> dict[str, bytes]:
    """The payloads of which pywa makes an update, addressed to our number."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        body = json.dumps(addressed(json.loads(path.read_bytes()))).encode()
        heard.clear()
        by_pywa(made, body, signature(body))
        if heard:
            found[path.stem] = body
    return found


def addressed(node: Any) -> Any:
    if isinstance(node, list):
        return [addressed(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: addressed(value) for key, value in node.items()}
    return {**found, "phone_number_id": NUMBER} if "phone_number_id" in found else found


def renamed(bodies: Mapping[str, bytes]) -> list[bytes]:
    """The same bodies with messages that nobody has seen."""
    mark = uuid.uuid4().hex
    found = []
    for number, body in enumerate(bodies.values()):
        made = json.loads(body)
        value = made["entry"][0]["changes"][0]["value"]
        for one in [*value.get("messages", []), *value.get("statuses", [])]:
            one["id"] = f"wamid.{mark}.{number}"
        found.append(json.dumps(made).encode())
    return found


def beside_pywa() -> list[list[object]]:
    heard: list[object] = []
    made, reader = client(heard), ingress()
    bodies = accepted(made, heard)
    signed = [(body, signature(body)) for body in bodies.values()]
    requests = [request_of(body) for body in bodies.values()]
    count = len(bodies) * REPEATS

    def theirs() -> None:
        for _ in range(REPEATS):
            for body, header in signed:
                by_pywa(made, body, header)

    def ours() -> None:
        for _ in range(REPEATS):
            for one in requests:
                reader.verify(one)
                reader.parse(one.body)

    pairs = [(spent(theirs) / count, spent(ours) / count) for _ in range(ROUNDS + 1)][1:]
    theirs_us = [pair[0] for pair in pairs]
    ratios = [ours_us / theirs_us for theirs_us, ours_us in pairs]
    many = [[one for _ in range(REPEATS) for one in renamed(bodies)] for _ in range(ROUNDS + 1)]
    rows = []
    for kind in KINDS:
        costs = asyncio.run(stored(kind, many, count))
        with_store = [
            (cost + ours_us) / theirs_us
            for cost, (theirs_us, ours_us) in zip(costs, pairs, strict=True)
        ]
        rows.append(
            [
                kind,
                len(bodies),
                median_and_range(theirs_us, 0),
                median_and_range(ratios),
                median_and_range(with_store, 1),
            ]
        )
    return rows


def main() -> None:
    logs.configure("ERROR")
    logging.disable(logging.CRITICAL)
    header = ["database", "body", "signature, µs", "reading, µs", "stored and relayed, µs"]
    print(table(header, of_thousand()))
    header = ["database", "payloads", "pywa, CPU µs", "checked and read", "stored and relayed too"]
    print(table(header, beside_pywa()))


if __name__ == "__main__":
    main()
