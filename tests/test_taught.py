"""What one hotel teaches in a plain file, and what is asked when a reading is not clear."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import load
from agente_hotelero.errors import ConfigError

from tests.support.direct import DirectGuest
from tests.support.hotels import FILE
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

# Between two readings: how to pay, and a slang word for cats.
UNCLEAR = "aceptan michis? 🐱"
PHONES = itertools.count(5491155560000)
QUESTIONS = """
[kite_school]
phrases.es = [
  "¿tienen clases de kite?", "quiero aprender kitesurf", "¿alquilan equipo de kite?",
  "hay escuela de kite cerca", "cuánto sale una clase de kitesurf",
]
answer.es = "La escuela Viento Sur da clases en nuestra playa."
answer.en = "Viento Sur teaches on our beach."

[yoga]
phrases.es = ["¿dan clases de yoga?", "quiero hacer yoga", "¿hay yoga por la mañana?"]

[parking]
phrases.es = ["¿dónde dejo la casa rodante?"]
"""


def environ(folder: Path, questions: str = QUESTIONS) -> dict[str, str]:
    file = folder / "questions.toml"
    file.write_text(questions, encoding="utf-8")
    return {
        "TEST_DATABASE": f"sqlite:///{folder}/agent.db",
        "TEST_MEDIA": f"{folder}/media",
        "WHATSAPP_API": "http://127.0.0.1:9",
        "HOTELERO__TENANTS__SOL__QUESTIONS": str(file),
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    folder = tmp_path_factory.mktemp("taught")
    settings = load(FILE, environ(folder), installed=set(installed()))
    with RunningAgent(settings, clock_at(NOVEMBER)) as agent:
        yield agent


def guest(running: RunningAgent, hotel: str = "sol") -> DirectGuest:
    return DirectGuest(running=running, hotel=hotel, phone=str(next(PHONES)))


def answers(asking: DirectGuest, text: str) -> str:
    before = len(asking.sent)
    asking.say(text)
    return "\n".join(bubble.text for bubble in asking.replies(before))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("me gustaría hacer un curso de kitesurf, ¿dan?", "Viento Sur da clases"),
        ("do you have kitesurfing lessons?", "Viento Sur teaches"),
    ],
)
def test_a_new_question_is_answered_from_five_examples(
    running: RunningAgent, text: str, answer: str
) -> None:
    assert answer in answers(guest(running), text)


def test_a_question_without_an_answer_is_one_for_a_person(running: RunningAgent) -> None:
    asking = guest(running)
    assert "una persona" in answers(asking, "¿se puede hacer yoga?")


def test_an_engine_has_its_own_time(running: RunningAgent) -> None:
    """Not that of the whole turn: the next engine has to have some."""
    agent = running.agent
    ((_, guard),) = agent.tenants["sol"].nlp
    assert (
        guard._timeout == agent.settings.nlp_timeout_seconds < agent.settings.turn_timeout_seconds
    )


def test_what_every_hotel_is_asked_is_answered_as_before(running: RunningAgent) -> None:
    assert "SolGuest" in answers(guest(running), "¿hay wifi?")


def test_the_hotel_next_door_has_not_learned_it(running: RunningAgent) -> None:
    other = guest(running, "luna")
    assert "Viento Sur" not in answers(other, "¿dan clases de kite?")


@pytest.mark.parametrize(
    ("questions", "problem"),
    [
        ("[kite]\nphrases.es = 3\n", "tenants.sol.questions.kite.phrases.es"),
        ('[kite]\nphrases.fr = ["a"]\n', "tenants.sol.questions.kite.phrases.fr"),
        ("[Kite School]\n", "is not valid TOML"),
        ('["Kite School"]\nphrases.es = ["a"]\n', "tenants.sol.questions"),
        ('[kite]\nphrases.es = [""]\n', "tenants.sol.questions.kite.phrases.es.0"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(
    tmp_path: Path, questions: str, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        load(FILE, environ(tmp_path, questions), installed=set(installed()))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = environ(tmp_path) | {"HOTELERO__TENANTS__SOL__QUESTIONS": str(tmp_path / "no.toml")}
    with pytest.raises(ConfigError, match="cannot be read"):
        load(FILE, missing, installed=set(installed()))


def test_what_is_not_clear_is_asked_about_and_then_answered(running: RunningAgent) -> None:
    asking = guest(running, "luna")
    answers(asking, UNCLEAR)
    titles = [title for _, title in asking.sent[-1].options]
    assert titles[-1] == "Otra cosa"
    assert len(titles) > 1
    before = len(asking.sent)
    asking.tap(titles.index("Mascotas") + 1)
    assert "Aceptamos mascotas" in "\n".join(bubble.text for bubble in asking.replies(before))


def test_another_question_ends_the_doubt(running: RunningAgent) -> None:
    asking = guest(running, "luna")
    answers(asking, UNCLEAR)
    assert "LunaWifi" in answers(asking, "¿cuál es la clave del wifi?")
    assert all(title != "Otra cosa" for _, title in asking.sent[-1].options)
