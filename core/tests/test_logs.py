from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import structlog
from agente_hotelero._runtime import logs
from agente_hotelero.errors import Unavailable


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    out = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    monkeypatch.setattr("sys.stderr", out)
    logs.configure("DEBUG")
    yield out
    root.handlers, root.level = before
    structlog.reset_defaults()


CANARY = "canary-of-a-guest"
CANARIES = {
    "email": "write to ana.garcia@example.com today",
    "phone": "call +54 9 11 5555-0101 now",
    "bearer": "header Bearer EAAG-canary-token",
    "address with password": "postgresql://user:canary-password@db/agent",
}


@pytest.mark.parametrize("said", CANARIES.values(), ids=CANARIES.keys())
def test_patterns_are_hidden_wherever_they_stand(lines: io.StringIO, said: str) -> None:
    structlog.get_logger("plugin").info(said, detail=said, nested={"deep": [said]})
    logging.getLogger("library").warning("%s", said)
    for secret in ("ana.garcia", "5555", "canary"):
        assert secret not in lines.getvalue()


@pytest.mark.parametrize("key", ["access_token", "app_secret", "text", "name", "api_key", "phone"])
def test_telling_keys_hide_their_values(lines: io.StringIO, key: str) -> None:
    structlog.get_logger("plugin").info("event", **{key: "canary"})
    assert "canary" not in lines.getvalue()
    assert key in lines.getvalue()


def test_tracebacks_are_scrubbed_too(lines: io.StringIO) -> None:
    try:
        int("ana.garcia@example.com")
    except ValueError:
        structlog.get_logger("plugin").exception("failed")
    assert "ValueError" in lines.getvalue()
    assert "ana.garcia" not in lines.getvalue()


def test_libraries_quote_nothing(lines: io.StringIO) -> None:
    word = CANARY
    logging.getLogger("aiosqlite").debug("INSERT … %s", word)
    try:
        int(word)
    except ValueError:
        logging.getLogger("library").exception("failed")
    assert CANARY not in lines.getvalue()
    assert "ValueError" in lines.getvalue()


def test_our_own_errors_keep_their_words(lines: io.StringIO) -> None:
    word = CANARY
    try:
        try:
            int(word)
        except ValueError as error:
            raise Unavailable("the PMS is away") from error
    except Unavailable:
        structlog.get_logger("plugin").exception("failed")
    assert "Unavailable: the PMS is away" in lines.getvalue()
    assert "ValueError" in lines.getvalue()
    assert CANARY not in lines.getvalue()


def test_what_operators_need_stays(lines: io.StringIO) -> None:
    structlog.get_logger("plugin").info("turn", tenant="sol", plugin="pms_mock", conversation_id=7)
    assert '"tenant": "sol"' in lines.getvalue()
    assert '"conversation_id": 7' in lines.getvalue()


@dataclass
class Letter:
    text: str = CANARY


@pytest.mark.parametrize(
    "value",
    [
        5491155550101,
        {"canary@example.com"},
        b"canary",
        Letter(),
        ValueError("canary"),
        {"X-Api-Key": "canary"},
        "https://pms.example/api?display=full&ws_key=canary",
        "guest_5491155550101 wrote",
        [["5491155550101_1"]],
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_a_plugin_hands_over_shows_no_guest_and_no_key(
    lines: io.StringIO, value: object
) -> None:
    structlog.get_logger("plugin").warning("seen", value=value)
    assert "canary" not in lines.getvalue()
    assert "5550101" not in lines.getvalue()


def test_what_helps_an_operator_is_shown_of_other_kinds(lines: io.StringIO) -> None:
    structlog.get_logger("plugin").warning(
        "seen",
        error=Unavailable("the PMS is away"),
        other=ValueError("x"),
        file=Path("data/agent.db"),
        stay=date(2026, 5, 1),
        part=0.5,
        count=77_000_000,
        on=True,
        none=None,
    )
    told = json.loads(lines.getvalue())
    expected = {
        "error": "Unavailable: the PMS is away",
        "other": "ValueError",
        "file": "data/agent.db",
        "stay": "2026-05-01",
        "part": 0.5,
        "count": 77_000_000,
        "on": True,
        "none": None,
    }
    assert {key: told[key] for key in expected} == expected
