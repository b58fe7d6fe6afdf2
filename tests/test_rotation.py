"""Every secret of a hotel is exchanged under a running agent, and a wrong one changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import Account, Simulator
from agente_hotelero_channel_whatsapp.testing.simulator import signature

from tests.support.cluster import message
from tests.support.processes import Served, environment, hotelero

NUMBER = "100000000000001"
FILE = """
[plugins.front_desk]
enabled = true
[plugins.nlp_local]
enabled = true
[plugins.channel_whatsapp]
enabled = true
[tenants.sol]
name = "Hotel Sol"
languages = ["es"]
channels = ["channel_whatsapp"]
house = { wifi = { es = "RED-WIFI" } }
[tenants.sol.plugins.channel_whatsapp]
access_token = { "$file" = "access_token" }
app_secret = { "$file" = "app_secret" }
app_secret_previous = { "$file" = "app_secret_previous" }
verify_token = { "$file" = "verify_token" }
accounts = [{ phone_number_id = "100000000000001" }]
"""
FIRST = {
    "access_token": "canary-access-1",
    "app_secret": "canary-app-1",
    "app_secret_previous": "canary-app-0",
    "verify_token": "canary-verify-1",
    "secret_key": "canary-key-1" * 4,
}
PATIENCE = 30.0


class Hotel:
    """A running agent whose secrets are files beside it, and Meta."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.folder, self.simulator = folder, simulator
        (folder / "hotel.toml").write_text('secret_key = { "$file" = "secret_key" }\n' + FILE)
        self.write(**FIRST)
        self.environ = environment(
            f"sqlite:///{folder}/agent.db", WHATSAPP_API_BASE_URL=simulator.url
        )
        self.served = Served(self.environ, folder)

    def write(self, **secrets: str) -> None:
        for name, value in secrets.items():
            (self.folder / name).write_text(value)

    def webhook(self, secret: str, phone: str = "5491155500001") -> int:
        body = message(phone, "¿hay wifi?", datetime.now(UTC))
        headers = {"X-Hub-Signature-256": signature(secret, body)}
        url = f"{self.served.url}/webhooks/whatsapp"
        return httpx.post(url, content=body, headers=headers).status_code

    def handshake(self, token: str) -> int:
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1"}
        return httpx.get(f"{self.served.url}/webhooks/whatsapp", params=query).status_code

    def token(self) -> str:
        return hotelero(["token", "--role", "owner"], self.environ, self.folder).stdout.strip()

    def admin(self, token: str) -> int:
        url = f"{self.served.url}/admin/api/v1/me"
        return httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code

    def log(self) -> str:
        return self.served.log.read_text()


def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotel]:
    account = Account(phone_number_id=NUMBER, token="canary-access-2", app_secret="any")
    with Simulator([account]) as simulator:
        made = Hotel(tmp_path_factory.mktemp("rotation"), simulator)
        with made.served:
            yield made


def test_secrets_change_without_a_restart(hotel: Hotel) -> None:
    """Meta has a new token and secret: what came under the old ones is answered under the new."""
    old_token = hotel.token()
    assert [hotel.webhook(f"canary-app-{n}") for n in (0, 1, 2)] == [200, 200, 401]
    until(lambda: "channel_stopped" in hotel.log())
    hotel.write(
        access_token="canary-access-2",
        app_secret="canary-app-2",
        app_secret_previous="canary-app-1",
        verify_token="canary-verify-2",
        secret_key="canary-key-2" * 4,
    )
    until(lambda: hotel.webhook("canary-app-2", "5491155500002") == 200)
    assert [hotel.webhook(f"canary-app-{n}", "5491155500003") for n in (0, 1)] == [401, 200]
    assert [hotel.handshake(f"canary-verify-{n}") for n in (1, 2)] == [403, 200]
    guests = {f"549115550000{n}" for n in (1, 2, 3)}
    until(lambda: guests <= {one.to for one in hotel.simulator.sent})
    assert hotel.admin(old_token) == 401
    assert hotel.admin(hotel.token()) == 200


def test_a_token_is_good_while_its_key_is_the_previous_one(hotel: Hotel) -> None:
    old_token = hotel.token()
    file = hotel.folder / "hotel.toml"
    file.write_text('secret_key_previous = "' + "canary-key-2" * 4 + '"\n' + file.read_text())
    hotel.write(secret_key="canary-key-3" * 4)
    until(lambda: hotel.admin(hotel.token()) == 200)
    assert hotel.admin(old_token) == 200


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda hotel: (hotel.folder / "hotel.toml").write_text("this is [no toml"), "not_taken"),
        (lambda hotel: (hotel.folder / "app_secret").unlink(), "app_secret"),
        (lambda hotel: (hotel.folder / "app_secret").write_bytes(b"\xff\xfe"), "app_secret"),
    ],
    ids=["broken", "missing", "no text"],
)
def test_a_file_that_makes_no_sense_changes_nothing_and_is_told(
    hotel: Hotel, break_it: Callable[[Hotel], object], told: str
) -> None:
    kept = SimpleNamespace(
        toml=(hotel.folder / "hotel.toml").read_text(),
        secret=(hotel.folder / "app_secret").read_text(),
    )
    before = len(hotel.log())
    break_it(hotel)
    until(lambda: told in hotel.log()[before:])
    assert hotel.webhook(kept.secret) == 200
    (hotel.folder / "hotel.toml").write_text(kept.toml)
    hotel.write(app_secret=kept.secret)


def test_what_cannot_change_while_it_runs_is_named(hotel: Hotel) -> None:
    file = hotel.folder / "hotel.toml"
    before = len(hotel.log())
    file.write_text("circuit_failures = 9\n" + file.read_text())
    until(lambda: "circuit_failures" in hotel.log()[before:])
    assert "restart_needed" in hotel.log()[before:]


def test_no_secret_was_ever_logged(hotel: Hotel) -> None:
    assert "rotated" in hotel.log()
    assert "canary" not in hotel.log()
