from __future__ import annotations

import math

import pytest
from agente_hotelero_stt_tts.readings import agreement, numbers_joined, tokens
from agente_hotelero_stt_tts.vocabulary import SHORT_SECONDS, sample, words


def test_a_word_on_which_the_likely_readings_differ_is_not_sure() -> None:
    """The real case of the corpus: sure of each token, and wrong."""
    readings = [
        ("O ar do 424 não funciona.", 0.0),
        ("O ar do quarto 204 não funciona.", math.log(0.8)),
        ("O ar do quarto 244 não funciona.", math.log(0.7)),
    ]
    best = ["O", "ar", "do", "424", "não", "funciona."]
    shares = agreement(best, readings, "pt")
    assert shares[0] == pytest.approx(1.0)
    assert shares[5] == pytest.approx(1.0)
    assert shares[3] == pytest.approx(1 / 2.5)


def test_a_number_in_digits_and_in_words_is_the_same() -> None:
    readings = [("tres noches", 0.0), ("3 noches", 0.0)]
    assert agreement(["tres", "noches"], readings, "es") == pytest.approx([1.0, 1.0])
    assert tokens("204", "es") == ["doscientos", "cuatro"]


def test_marks_and_accents_are_no_difference() -> None:
    readings = [("Sí, ¿hay?", 0.0), ("si hay", 0.0)]
    assert agreement(["Sí,", "¿hay?"], readings, "es") == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(
    ("language", "heard", "text"),
    [
        ("pt", "de 20 e 4 a 27", "de 24 a 27"),
        ("pt", "quarto 200 e 4.", "quarto 204."),
        ("pt", "quarto 200 e 20 e 4", "quarto 224"),
        ("es", "las 1230 y 4", "las 1234"),
        ("es", "cuartos 101 y 102", "cuartos 101 y 102"),
        ("es", "200 y 4", "200 y 4"),
        ("pt", "2 e 3", "2 e 3"),
        ("en", "20 and 4", "20 and 4"),
        ("pt", "20. e 4", "20. e 4"),
    ],
)
def test_numbers_that_were_taken_apart_are_joined(language: str, heard: str, text: str) -> None:
    pairs = [((" " if n else "") + word, 0.9) for n, word in enumerate(heard.split())]
    assert "".join(word for word, _ in numbers_joined(pairs, language)) == text


def test_a_joined_number_is_as_sure_as_its_least_sure_part() -> None:
    joined = numbers_joined([("20", 0.9), (" e", 0.3), (" 4", 0.8)], "pt")
    assert joined == [("24", 0.3)]


def test_the_hotels_names_come_first_and_not_in_short_answers() -> None:
    told = words("es", ["Posada Luna", " ", "Suite Luna", "Posada Luna"], 5.0)
    assert told.startswith("Posada Luna, Suite Luna: check-in")
    assert words("es", ["Posada Luna"], SHORT_SECONDS / 2) == ""
    assert len(words("es", ["x" * 5000], 5.0)) < 1000
    assert sample("pt", SHORT_SECONDS / 2) != sample("pt", 5.0)
