from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from agente_hotelero.components import Question
from agente_hotelero_nlp_local import model, phrases, teaching
from agente_hotelero_nlp_local.commands import nlu
from agente_hotelero_nlp_local.teaching import Taught
from click.testing import CliRunner

from benchmarks.nlu import own

KITE = Question(
    name="kite_school",
    phrases={
        "es": [
            "¿tienen clases de kite?", "quiero aprender kitesurf", "¿alquilan equipo de kite?",
            "hay escuela de kite cerca", "cuánto sale una clase de kitesurf",
        ]
    },
)  # fmt: skip
TOML = """
[kite_school]
phrases.es = ["¿tienen clases de kite?", "quiero aprender kitesurf", "¿alquilan equipo de kite?"]
"""


@pytest.fixture(scope="module")
def taught() -> Taught:
    return teaching.teach(model.shipped(), teaching.examples_of([KITE]))


def first(known: Taught, text: str) -> str:
    scores, _ = known.scores([text])
    return known.intents[int(scores[0].argmax())]


@pytest.mark.parametrize(
    "text", ["me gustaría hacer un curso de kite", "kitesurf?", "tem aula de kite?"]
)
def test_a_new_question_is_known_in_other_words(taught: Taught, text: str) -> None:
    assert first(taught, text) == "kite_school"


@pytest.mark.parametrize(
    ("text", "intent"), [("¿hay pileta?", "pool_gym_spa"), ("hola", "greeting")]
)
def test_it_takes_no_more_room_than_its_own(taught: Taught, text: str, intent: str) -> None:
    assert first(taught, text) == intent


def test_what_was_known_is_known_as_well_as_before(taught: Taught) -> None:
    held = own.phrases_held_out()
    texts, wanted = [one["text"] for one in held], [one["intents"][0] for one in held]
    before, after = (known.scores(texts)[0].argmax(1) for known in (model.shipped(), taught))
    names = taught.intents
    right = [np.mean([names[n] == name for n, name in zip(found, wanted, strict=True)])
             for found in (before, after)]  # fmt: skip
    assert right[1] >= right[0] - 0.005


def test_more_phrases_for_what_every_hotel_is_asked() -> None:
    own_words = Question(name="parking", phrases={"es": ["¿dónde dejo el carromato?"] * 1})
    known = teaching.teach(model.shipped(), teaching.examples_of([own_words]))
    assert known.intents == model.shipped().intents
    assert first(known, "¿y el carromato dónde va?") == "parking"


def test_the_commands_learn_a_file_first(tmp_path: Path) -> None:
    file = tmp_path / "questions.toml"
    file.write_text(TOML, encoding="utf-8")
    told = CliRunner().invoke(nlu, ["explain", "¿hay escuela de kite?", "--questions", str(file)])
    assert "kite_school" in told.output
    assert "'¿tienen clases de kite?' (kite_school)" in told.output


@pytest.mark.parametrize(
    ("questions", "problem"),
    [("[kite]\nphrases.es = 3", "kite.phrases.es"), ("[kite", "Expected"), ("[Kite]", "Kite")],
)
def test_a_wrong_file_is_refused_with_the_place(
    tmp_path: Path, questions: str, problem: str
) -> None:
    file = tmp_path / "questions.toml"
    file.write_text(questions, encoding="utf-8")
    done = CliRunner().invoke(nlu, ["explain", "hola", "--questions", str(file)])
    assert (done.exit_code, problem in done.output) == (1, True)


def test_phrases_are_those_of_all_questions() -> None:
    found = teaching.examples_of([KITE])
    assert (len(found), found[0].language, found[0].intent) == (5, "es", "kite_school")
    assert isinstance(found[0], phrases.Example)
