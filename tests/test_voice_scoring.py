"""How notes are judged: what cannot be heard is no error, and what can be is one."""

from __future__ import annotations

import pytest
from agente_hotelero.speech import Transcript, Word

from benchmarks.voice.__main__ import fate
from benchmarks.voice.scoring import counts, distance, score, words


@pytest.mark.parametrize(
    ("language", "written", "heard"),
    [
        ("en", "from the 3rd to the 21st", "from the third to the twenty-first"),
        ("en", "I paid 350 dollars", "I paid $350"),
        ("pt", "R$ 280 por noite", "280 reais por noite"),
        ("es", "son US$ 90, el primero de mayo", "Son 90 dólares el 1 de mayo."),
        ("es", "¿Tienen Wi-Fi?", "tienen wifi"),
    ],
)
def test_the_same_said_in_another_writing_is_no_error(
    language: str, written: str, heard: str
) -> None:
    assert words(written, language) == words(heard, language)


@pytest.mark.parametrize(
    ("text", "heard", "errors", "lost"),
    [
        ("room 204 is cold", "room 224 is cold", 1, ("204",)),
        ("room 204 is cold", "room 204 is", 1, ()),
        ("room 204 is cold", "the room 204 is old", 2, ()),
    ],
)
def test_another_word_is_an_error_and_another_number_loses_a_fact(
    text: str, heard: str, errors: int, lost: tuple[str, ...]
) -> None:
    found = score({"file": "a", "lang": "en", "text": text, "must_survive": ["204"]}, heard)
    assert (found.errors, found.lost) == (errors, lost)


def test_changed_missing_and_added_words_count_once_each() -> None:
    assert distance(list("abc"), list("axc")) == 1
    assert distance(list("abc"), list("ac")) == 1
    assert distance(list("abc"), list("abbc")) == 1
    assert distance([], list("ab")) == 2


def test_only_what_may_be_acted_upon_wrongly_counts() -> None:
    assert counts("15 de enero", "es")
    assert counts("sexta-feira", "pt")
    assert not counts("wifi", "en")


BOTH = "La habitación 4 tiene frío, y me quedo del 5 al 8 de marzo"


def fates(text: str, heard: str, facts: list[str], **unsure: float) -> dict[str, str]:
    told = tuple(Word(text=one, probability=unsure.get(one, 0.9)) for one in heard.split())
    transcript = Transcript(status="ok", text=heard, language="es", words=told)
    note: dict[str, object] = {"file": "x", "lang": "es", "text": text, "must_survive": facts}
    return fate(score(note, heard), text, transcript)


def test_a_wrong_room_in_a_note_with_a_stay_is_acted_on_and_not_summarised() -> None:
    heard = BOTH.replace("habitación 4", "habitación 7")
    assert fates(BOTH, heard, ["habitación 4", "del 5 al 8 de marzo"]) == {
        "habitación 4": "acted on"
    }


def test_a_wrong_stay_is_summarised_and_a_doubt_marks_what_it_covers_alone() -> None:
    heard = BOTH.replace("habitación 4", "habitación 7").replace("del 5", "del 6")
    facts = ["habitación 4", "5 al 8 de marzo"]
    assert fates(BOTH, heard, facts) == dict(zip(facts, ("acted on", "summarised"), strict=True))
    unsure = fates(BOTH, heard, facts, **{"7": 0.1})
    assert unsure == dict(zip(facts, ("read back", "summarised"), strict=True))


def test_a_fact_in_whose_place_nothing_was_heard_is_asked_for() -> None:
    assert fates(BOTH, "La tiene frío, y me quedo del 5 al 8 de marzo", ["habitación 4"]) == {
        "habitación 4": "asked for"
    }
