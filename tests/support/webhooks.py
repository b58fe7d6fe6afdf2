"""A hotel on WhatsApp that takes whole webhook bodies, and what became of their events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from agente_hotelero._db.models import (
    InboundEventRow,
    InboxRaw,
    MediaFile,
    MediaState,
    Outbox,
    RawState,
)
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import load
from agente_hotelero_channel_whatsapp.testing import Account, Simulator
from agente_hotelero_channel_whatsapp.testing.webhooks import signature
from sqlalchemy import select, text

from tests.support.running import RunningAgent
from tests.support.times import clock_at

ACCOUNT = Account(
    phone_number_id="100000000000001", token="t", app_secret="s", business_id="200000000000001"
)
PATIENCE = 30.0
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FOLDER = Path(__file__).parents[2] / "plugins/channel_whatsapp/tests/payloads"
PAYLOADS: Mapping[str, Any] = {
    path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))
}
# What a database without a guest has.
KEPT = ("alembic_version%", "dbos_migrations", "application_versions", "queues", "sqlite%")
LISTED = {
    "messages": ("messages", "statuses"),
    "smb_message_echoes": ("message_echoes",),
    "user_preferences": ("user_preferences",),
}


@dataclass
class Hotel:
    """A running agent with one number."""

    running: RunningAgent
    meta: Simulator

    def take(self, body: bytes) -> int:
        """Post a signed body, wait for all that follows, and return the answer's status."""
        headers = {"X-Hub-Signature-256": signature(ACCOUNT.app_secret, body)}
        url = f"{self.running.url}/webhooks/whatsapp"
        status = httpx.post(url, content=body, headers=headers, timeout=30).status_code
        deadline = time.monotonic() + PATIENCE
        self.running.settle()
        while any(one.state == MediaState.WANTED for one in self.running.do(self._files())):
            if time.monotonic() > deadline:
                raise TimeoutError("files are still being fetched")
            self.running.settle()
        self.running.settle()
        return status

    def events(self) -> Sequence[InboundEventRow]:
        return self.running.do(self._all(InboundEventRow))

    def bodies(self) -> Sequence[InboxRaw]:
        return self.running.do(self._all(InboxRaw))

    def sent(self) -> int:
        return len(self.running.do(self._all(Outbox)))

    def dead(self) -> list[str]:
        """Why bodies could not be used."""
        return [one.error for one in self.bodies() if one.state != RawState.DONE]

    def empty(self) -> None:
        """As if nobody had ever written."""
        self.running.do(self._empty())

    async def _all(self, table: type[Any]) -> Sequence[Any]:
        async with self.running.agent.database.sessions() as session:
            return (await session.scalars(select(table).order_by(table.id))).all()

    async def _files(self) -> Sequence[MediaFile]:
        async with self.running.agent.database.sessions() as session:
            return (await session.scalars(select(MediaFile))).all()

    async def _empty(self) -> None:
        names = text("SELECT name FROM sqlite_master WHERE type = 'table'")
        kept = " AND ".join(f"name NOT LIKE '{pattern}'" for pattern in KEPT)
        async with self.running.agent.database.sessions() as session, session.begin():
            found = await session.scalars(text(f"{names} AND {kept}"))
            for name in found.all():
                await session.execute(text(f'DELETE FROM "{name}"'))


@contextmanager
def whatsapp_hotel(folder: Path, **more: str) -> Iterator[Hotel]:
    """One hotel, one number, and the simulator in Meta's place."""
    environ = {
        "DATABASE_URL": f"sqlite:///{folder}/a.db",
        "HOTEL_NAME": "Hotel Prueba",
        "WHATSAPP_ACCESS_TOKEN": ACCOUNT.token,
        "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT.phone_number_id,
        "WHATSAPP_VERIFY_TOKEN": "any",
        "WHATSAPP_APP_SECRET": ACCOUNT.app_secret,
        "HOTELERO__PLUGINS__CHANNEL_WHATSAPP__BUSINESS_ACCOUNT_ID": ACCOUNT.business_id,
        "HOTELERO__PLUGINS__CHANNEL_WHATSAPP__MESSAGES_PER_SECOND": "1000",
        "HOTELERO__POLL_SECONDS": "0.02",
        "HOTELERO__DEBOUNCE_SECONDS": "0",
        "HOTELERO__GUEST_MESSAGES_PER_MINUTE": "100000",
        **more,
    }
    clock = clock_at(NOW)
    with Simulator([ACCOUNT], now=clock.now, statuses=False) as meta:
        environ["WHATSAPP_API_BASE_URL"] = meta.url
        settings = load(None, environ, installed=set(installed()))
        with RunningAgent(settings, clock) as running:
            meta.webhook = f"{running.url}/webhooks/whatsapp"
            yield Hotel(running, meta)


def to_us(body: Any) -> Any:
    """The same body, but addressed to the hotel's number and business account, and of now."""
    if isinstance(body, list):
        return [to_us(item) for item in body]
    if not isinstance(body, dict):
        return body
    found = {key: to_us(value) for key, value in body.items()}
    if "phone_number_id" in found:
        found["phone_number_id"] = ACCOUNT.phone_number_id
    if "changes" in found:
        found["id"] = ACCOUNT.business_id
    if isinstance(found.get("timestamp"), str):
        found["timestamp"] = str(int(NOW.timestamp()))
    return found


def counted(body: Any) -> int:
    """How many events a body holds: what its changes list, or else each change."""
    changes = [change for entry in body["entry"] for change in entry["changes"]]
    listed = [
        sum(len(change["value"].get(part, ())) for part in LISTED.get(change["field"], ()))
        for change in changes
    ]
    return sum(number or 1 for number in listed)
