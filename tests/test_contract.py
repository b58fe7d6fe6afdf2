"""The described API under generated requests: it keeps its word, never fails, and leaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from agente_hotelero._runtime import tokens
from agente_hotelero_channel_whatsapp.testing import Account, Guest, Simulator
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.support.hotels import NUMBERS, SECRETS, TOKENS, two_hotels
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

CANARY = "palabra-secreta-de-luna"
# What the description does not list: who is not let in, what is not there, what is too much.
ALSO = {401, 403, 404, 405, 409, 413, 422, 429}
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
# These would end the token that is used; the probe waits only as long as it is told.
NOT_TRIED = ("/logout", "/tokens/revoke", "/probe")
MOST_OF_IT = 30


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    url = f"sqlite:///{tmp_path_factory.mktemp('agent')}/a.db"
    accounts = [
        Account(phone_number_id=NUMBERS[hotel], token=TOKENS[hotel], app_secret=SECRETS[hotel])
        for hotel in NUMBERS
    ]
    with (
        Simulator(accounts, now=lambda: NOVEMBER, statuses=False) as simulator,
        RunningAgent(two_hotels(url, whatsapp=simulator.url), clock_at(NOVEMBER)) as agent,
    ):
        simulator.webhook = f"{agent.url}/webhooks/whatsapp"
        for hotel in NUMBERS:
            guest = Guest(simulator, simulator.account(NUMBERS[hotel]), "5491155554001")
            guest.say("hola" if hotel == "sol" else CANARY)
        agent.settle()
        yield agent


# Schemathesis itself uses what Hypothesis would rather it did not.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.timeout(300)
def test_no_request_makes_it_fail_or_tell_of_another_hotel(running: RunningAgent) -> None:
    api = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
    tried = 0
    for found in api.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if not operation.path.endswith(NOT_TRIED):
            tried += 1
            # At the caller's own hotel, and at one where nothing but 404 may be seen.
            for tenant in ("sol", "luna"):
                attack(operation, running, tenant)
    assert tried > MOST_OF_IT


def attack(operation: Any, running: RunningAgent, tenant: str) -> None:
    """Requests of all kinds to one operation, by an owner of Hotel Sol."""
    token, _ = tokens.make(running.agent.settings, role="owner", tenants=["sol"], hours=1)

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        if "tenant" in (case.path_parameters or {}):
            case.path_parameters = {**case.path_parameters, "tenant": tenant}
        answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=20)
        assert CANARY not in answer.text, operation.label
        if answer.status_code not in ALSO:
            case.validate_response(answer, checks=CHECKS)

    one()
