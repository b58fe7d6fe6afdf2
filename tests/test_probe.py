"""`hotelero probe` tells whether a guest would be answered, by being one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from agente_hotelero import _probe
from agente_hotelero.errors import Unavailable

from tests.support.processes import Served, environment, hotelero
from tests.support.running import RunningAgent


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("probed")
    with Served(environment(f"sqlite:///{folder}/agent.db", SECRET_KEY="s" * 40), folder) as agent:
        yield agent


def probe(served: Served, *more: str, **names: str) -> tuple[int, str]:
    environ = {**served.environ, **names}
    done = hotelero(["probe", "--url", served.url, *more], environ, served.cwd)
    return done.returncode, done.stdout + done.stderr


def test_a_guest_of_a_running_hotel_hears_an_offer(served: Served) -> None:
    for _ in range(2):
        code, told = probe(served)
        assert (code, told[:19]) == (0, "default answered in"), told


def test_a_conversation_that_a_person_took_is_given_back(served: Served) -> None:
    says = "quiero hablar con una persona\n"
    hotelero(["chat", "--chat", "probe"], served.environ, served.cwd, says=says)
    listed = hotelero(["conversations", "list", "--waiting"], served.environ, served.cwd)
    assert "guest=probe" in listed.stdout
    code, told = probe(served)
    assert code == 0, told


def test_from_outside_without_the_configuration_a_hotel_is_only_greeted(served: Served) -> None:
    token = hotelero(["token"], served.environ, served.cwd).stdout.strip()
    known = ("--token", token, "--tenant", "default")
    code, told = probe(served, *known, HOTELERO_CONFIG="/not/here.toml")
    assert (code, "answered" in told) == (0, True), told


def test_a_wrong_key_is_told_and_is_a_failure(served: Served) -> None:
    code, told = probe(served, SECRET_KEY="another" * 6)
    assert (code, "HTTP 401" in told) == (1, True)


def test_an_agent_that_is_down_is_a_failure(tmp_path: Path) -> None:
    environ = environment(f"sqlite:///{tmp_path}/agent.db")
    done = hotelero(["probe", "--url", "http://127.0.0.1:9"], environ, tmp_path)
    assert (done.returncode, "does not answer" in done.stderr) == (1, True)


def test_an_agent_that_takes_in_but_answers_nobody_is_a_failure(tmp_path: Path) -> None:
    """The health page of such a process may look well."""
    environ = environment(
        f"sqlite:///{tmp_path}/agent.db", HOTELERO__PLUGINS__FRONT_DESK__ENABLED="false"
    )
    with Served(environ, tmp_path) as agent:
        code, told = probe(agent, "--seconds", "30")
    assert (code, "in trouble" in told) == (1, True), told


def asked(running: RunningAgent, line: str, *, offer: bool) -> _probe.Probed:
    token = _probe.own_token(running.agent.settings, "sol")
    return _probe.probe(running.url, token, "sol", line, offer, 60.0)


def test_an_answer_with_two_noughts_is_no_offer(running: RunningAgent) -> None:
    """An hour has them too."""
    line = "¿a qué hora es el check-in?"
    assert "00" in asked(running, line, offer=False).answer
    with pytest.raises(Unavailable, match="not with an offer"):
        asked(running, line, offer=True)
