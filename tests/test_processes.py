"""The product as its operator meets it: real processes, killed and started again."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.browser import Visitor
from tests.support.processes import Served, environment, hotelero

ARRIVAL = datetime.now(UTC).date() + timedelta(days=40)
DEPARTURE = ARRIVAL + timedelta(days=3)
BOOK = f"quiero una doble del {ARRIVAL:%d/%m/%Y} al {DEPARTURE:%d/%m/%Y} para dos"
RESERVED = "SELECT count(*) FROM pms_mock_reservation"


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/agent.db"


def reservations(folder: Path) -> int:
    with sqlite3.connect(folder / "agent.db") as connection:
        return int(connection.execute(RESERVED).fetchone()[0])


def test_a_booking_survives_being_killed_at_every_step(tmp_path: Path) -> None:
    environ = environment(sqlite_url(tmp_path))
    guest = Visitor()
    steps = [
        (BOOK, "USD"),
        ("la primera", "nombre"),
        ("Ana García", "correo"),
        ("ana@example.com", "¿Confirmo la reserva?"),
        ("sí", "Tu referencia es SOL-"),
    ]
    for text, expecting in steps:
        with Served(environ, tmp_path) as agent:
            guest.open(agent.url)
            guest.ask(agent.url, text, expecting=expecting)
            agent.kill()
    assert reservations(tmp_path) == 1


def test_a_message_that_was_stored_is_answered_after_a_kill(tmp_path: Path) -> None:
    environ = environment(sqlite_url(tmp_path))
    guest = Visitor()
    with Served(environ, tmp_path) as agent:
        guest.open(agent.url)
        guest.say(agent.url, "¿hay wifi?")
        agent.kill()
    with Served(environ, tmp_path) as agent:
        assert "HotelDemo" in guest.wait(agent.url, 0, "HotelDemo")


def test_a_terminated_agent_ends_well_and_soon(tmp_path: Path) -> None:
    with Served(environment(sqlite_url(tmp_path)), tmp_path) as agent:
        Visitor().open(agent.url)
        assert agent.stop() in (0, -signal.SIGTERM)
        assert "Application shutdown complete" in agent.log.read_text()


def test_a_second_server_on_the_same_file_is_told_why_not(tmp_path: Path) -> None:
    environ = environment(sqlite_url(tmp_path))
    with Served(environ, tmp_path):
        done = hotelero(["run", "--port", "0"], environ, tmp_path)
    assert (done.returncode, "another process already runs" in done.stderr) == (2, True)


def test_a_worker_answers_what_another_process_took_in(postgres_url: str, tmp_path: Path) -> None:
    environ = environment(postgres_url)
    guest = Visitor()
    with Served(environ, tmp_path) as taker:
        guest.open(taker.url)
        guest.say(taker.url, "¿hay wifi?")
        taker.kill()
    with Served(environ, tmp_path, "worker") as worker:
        assert httpx.get(f"{worker.url}/health/ready").json()["checks"]["relay"] == {"ok": True}
        assert httpx.get(f"{worker.url}/chat/default").status_code == 404
        with Served(environ, tmp_path) as page:
            assert "HotelDemo" in guest.wait(page.url, 0, "HotelDemo")


def test_the_terminal_books_a_room(tmp_path: Path) -> None:
    said = [BOOK, "la primera", "Ana García, ana@example.com", "sí"]
    done = hotelero(["chat"], environment(sqlite_url(tmp_path)), tmp_path, says="\n".join(said))
    assert done.returncode == 0, done.stderr
    assert re.search(r"Tu referencia es SOL-\w+", done.stdout)
    assert reservations(tmp_path) == 1


def test_the_terminal_talks_through_a_running_server(tmp_path: Path) -> None:
    environ = environment(sqlite_url(tmp_path))
    with Served(environ, tmp_path):
        done = hotelero(["chat"], environ, tmp_path, says="what time is check-in?\n")
    assert "15:00" in done.stdout or "3:00" in done.stdout, done.stdout + done.stderr


def test_staff_see_who_waits_and_give_conversations_back(tmp_path: Path) -> None:
    environ = environment(sqlite_url(tmp_path))
    hotelero(["chat"], environ, tmp_path, says="quiero hablar con una persona\n")
    listed = hotelero(["conversations", "list", "--waiting", "--json"], environ, tmp_path)
    (waiting,) = json.loads(listed.stdout)
    assert (waiting["mode"], waiting["reason"]) == ("human", "asked for")
    silent = hotelero(["chat"], environ, tmp_path, says="¿hay wifi?\n")
    assert "HotelDemo" not in silent.stdout
    released = hotelero(["conversations", "release", str(waiting["id"])], environ, tmp_path)
    assert released.returncode == 0
    heard = hotelero(["chat"], environ, tmp_path, says="¿hay wifi?\n")
    assert "HotelDemo" in heard.stdout
    assert hotelero(["conversations", "release", "999"], environ, tmp_path).returncode == 1


def test_plugins_are_listed_with_their_state(tmp_path: Path) -> None:
    done = hotelero(["plugins", "--json"], environment(sqlite_url(tmp_path)), tmp_path)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert set(rows["pms_mock"]) == {"name", "version", "state", "reason", "load_ms"}
    assert rows["pms_mock"]["state"] == "active"


BAD: list[tuple[str, str, str]] = [
    ("[plugins.pms_acme]\nenabled = true", "plugins.pms_acme", "no plugin 'pms_acme'"),
    ("[plugins.front_desk]\noffers_shown = 99", "plugins.front_desk.offers_shown", "less than"),
    ("tennants = {}", "tennants", "not a known setting"),
    ('environment = "prod"', "environment", "'development' or 'production'"),
    ('[tenants.x]\nname = "X"\ntime_zone = "Marte"', "tenants.x.time_zone", "IANA"),
]


@pytest.mark.parametrize("command", [["config", "check"], ["run", "--port", "0"]], ids=" ".join)
@pytest.mark.parametrize(("text", "where", "what"), BAD, ids=[case[1] for case in BAD])
def test_bad_settings_stop_with_their_path(
    tmp_path: Path, command: Sequence[str], text: str, where: str, what: str
) -> None:
    (tmp_path / "hotel.toml").write_text(text, encoding="utf-8")
    done = hotelero(command, environment(sqlite_url(tmp_path)), tmp_path)
    assert done.returncode == 2
    assert where in done.stderr
    assert what in done.stderr
    assert not (tmp_path / "agent.db").exists()


def test_production_refuses_the_well_known_secret(tmp_path: Path) -> None:
    environ = environment(sqlite_url(tmp_path), ENVIRONMENT="production", PMS_TYPE="mock")
    done = hotelero(["config", "check"], environ, tmp_path)
    assert (done.returncode, "secret_key" in done.stderr) == (2, True)
    good = {**environ, "SECRET_KEY": "0f9c2f3a5b"}
    assert hotelero(["config", "check"], good, tmp_path).returncode == 0


def test_a_demo_without_any_setting_answers_in_its_own_folder(tmp_path: Path) -> None:
    environ = environment("")
    del environ["DATABASE_URL"]
    with Served(environ, tmp_path) as agent:
        assert httpx.get(f"{agent.url}/", follow_redirects=True).status_code == 200
        assert "HotelDemo" in Visitor().ask(
            agent.url, "¿cuál es la clave del wifi?", expecting="Ho"
        )
    assert (tmp_path / "data" / "agent.db").exists()
