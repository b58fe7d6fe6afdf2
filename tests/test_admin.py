"""The admin API and its commands: dead letters of one's own hotels, by token."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from agente_hotelero._runtime import tokens
from agente_hotelero_channel_whatsapp.testing import Guest, MetaError, Simulator
from agente_hotelero_channel_whatsapp.testing.simulator import signature

from tests.support.hotels import NUMBERS, SECRETS
from tests.support.processes import environment, hotelero
from tests.support.running import RunningAgent

PHONE = "5491155550888"


def call(
    running: RunningAgent, tenant: str, rest: str = "", *, method: str = "GET", **token: object
) -> httpx.Response:
    made, _ = tokens.make(
        running.agent.settings,
        role=str(token.get("role", "owner")),
        tenants=[str(token.get("tenants", "sol"))],
        hours=1,
    )
    url = f"{running.url}/admin/api/v1/tenants/{tenant}/dead-letters{rest}"
    return httpx.request(method, url, headers={"Authorization": f"Bearer {made}"})


@pytest.fixture(scope="module")
def dead(running: RunningAgent, simulator: Simulator) -> int:
    """A message of Hotel Sol that Meta refused for good, and a body nobody could read."""
    simulator.faults.append(MetaError(code=131021))
    Guest(simulator, simulator.account(NUMBERS["sol"]), PHONE).say("¿hay wifi?")
    headers = {"X-Hub-Signature-256": signature(SECRETS["sol"], b"{broken")}
    httpx.post(f"{running.url}/webhooks/whatsapp", content=b"{broken", headers=headers)
    running.settle()
    (letter,) = [one for one in call(running, "sol").json() if one["kind"] == "send"]
    assert (letter["state"], "131021" in letter["reason"]) == ("failed", True)
    return int(letter["number"])


def test_staff_see_their_own_hotels_dead_letters(running: RunningAgent, dead: int) -> None:
    kinds = [one["kind"] for one in call(running, "sol").json()]
    assert sorted(kinds) == ["body", "send"]
    assert [one["kind"] for one in call(running, "sol", role="staff").json()] == ["send"]
    assert call(running, "luna", tenants="luna", role="staff").json() == []
    assert "wifi" not in call(running, "sol").text


@pytest.mark.parametrize("rest", ["", "/send/1/replay"])
def test_a_token_of_one_hotel_opens_no_other(running: RunningAgent, dead: int, rest: str) -> None:
    method = "POST" if rest else "GET"
    assert call(running, "luna", rest, method=method).status_code == 404


def test_a_foreign_number_is_not_there(running: RunningAgent, dead: int) -> None:
    path = f"/send/{dead}/replay"
    assert call(running, "luna", path, method="POST", tenants="luna").status_code == 404
    assert call(running, "sol", f"/send/{10**30}/replay", method="POST").status_code == 422


def test_who_may_only_read_may_not_replay(running: RunningAgent, dead: int) -> None:
    path = f"/send/{dead}/replay"
    assert call(running, "sol", path, method="POST", role="read-only").status_code == 403
    assert call(running, "sol", "/body/1/replay", method="POST", role="staff").status_code == 403


@pytest.mark.parametrize("claim", ["none", "expired", "foreign key", "other audience", "garbage"])
def test_a_token_that_is_not_ours_is_refused(running: RunningAgent, claim: str) -> None:
    key = tokens._keys(running.agent.settings)[0]
    end = datetime.now(UTC) + timedelta(hours=-1 if claim == "expired" else 1)
    claims = {"aud": tokens.AUDIENCE, "role": "owner", "tenants": ["sol"], "exp": end, "jti": "1"}
    claims["iat"] = datetime.now(UTC)
    if claim == "other audience":
        claims["aud"] = "else"
    made = {
        "none": jwt.encode(claims, "", "none"),
        "garbage": "x.y.z",
        "foreign key": jwt.encode(claims, b"k" * 32, tokens.ALGORITHM),
    }.get(claim) or jwt.encode(claims, key, tokens.ALGORITHM)
    url = f"{running.url}/admin/api/v1/tenants/sol/dead-letters"
    assert httpx.get(url, headers={"Authorization": f"Bearer {made}"}).status_code == 401
    assert httpx.get(url).status_code == 401


def test_a_replayed_message_reaches_the_guest(
    running: RunningAgent, simulator: Simulator, dead: int
) -> None:
    path = f"/send/{dead}/replay"
    assert call(running, "sol", path, method="POST", role="staff").status_code == 202
    running.settle()
    (answer,) = [one for one in simulator.sent if one.to == PHONE]
    assert "SolGuest" in answer.text
    assert call(running, "sol", path, method="POST").status_code == 404


def test_the_operator_lists_and_replays_in_the_terminal(tmp_path: Path) -> None:
    environ = environment(f"sqlite:///{tmp_path}/agent.db")
    hotelero(["chat"], environ, tmp_path, says="hola\n")
    listed = hotelero(["replay", "--json"], environ, tmp_path)
    assert json.loads(listed.stdout) == []
    unknown = hotelero(["replay", "send/1"], environ, tmp_path)
    assert (unknown.returncode, "no dead letter" in unknown.stderr) == (1, True)
    assert hotelero(["replay", "nonsense"], environ, tmp_path).returncode == 2
    made = hotelero(["token", "--role", "staff"], environ, tmp_path)
    assert made.stdout.count(".") == 2
    counted = json.loads(hotelero(["inbox", "--json"], environ, tmp_path).stdout)
    (hotel,) = [row for row in counted if row["tenant"] == "default"]
    assert (hotel["in_answered"], hotel["ignored"]) == (1, {})
