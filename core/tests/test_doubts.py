from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from agente_hotelero._runtime.doubts import SURE, doubts
from agente_hotelero.messages import Content, Entity, PartyHint, StayHint, Understanding
from agente_hotelero.speech import Transcript, Word

TODAY = date(2026, 11, 18)
STAY = StayHint(arrival=date(2026, 12, 24), departure=date(2026, 12, 27))


def note(text: str, **unsure: float) -> Content:
    """A note of which the named words are as sure as given, and all others quite."""
    words = tuple(
        Word(text=word, probability=unsure.get(f"w{word.strip('.,?')}", 0.95))
        for word in text.split()
    )
    return Content(text=text, heard=Transcript(status="ok", text=text, words=words))


def said(contents: list[Content], *entities: tuple[str, str, Any]) -> tuple[str, ...]:
    """What is doubted where these entities, given by their text, were understood."""
    text = "\n".join(content.text for content in contents if content.text)
    found = []
    for kind, words, value in entities:
        begin = text.index(words)
        span = (begin, begin + len(words))
        found.append(Entity(type=kind, text=words, span=span, value=value))
    read = Understanding(language="es", entities=tuple(found), verdict="act")
    return doubts(contents, read, TODAY)


def test_what_is_sure_and_likely_is_not_read_back() -> None:
    heard = note("una doble del 24 al 27 de diciembre para dos")
    stay = ("stay", "del 24 al 27 de diciembre", STAY)
    assert said([heard], stay, ("party", "para dos", PartyHint(adults=2))) == ()


def test_a_date_with_an_unsure_number_is_read_back() -> None:
    heard = note("una doble del 24 al 27 de diciembre", w27=SURE - 0.01)
    assert said([heard], ("stay", "del 24 al 27 de diciembre", STAY)) == (
        "del 24 al 27 de diciembre",
    )


def test_an_unsure_article_is_not() -> None:
    heard = note("una doble del 24 al 27 de diciembre", wal=0.1, wde=0.1)
    assert said([heard], ("stay", "del 24 al 27 de diciembre", STAY)) == ()


def test_a_room_number_is_always_read_back_however_sure() -> None:
    assert said([note("el aire de la habitación 424 no funciona")]) == ("424",)
    assert said([note("mi código es 12 45 78")]) == ("12 45 78",)


def test_a_year_is_no_room() -> None:
    assert said([note("en diciembre de 2026")]) == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("la habitación 2014 no funciona", "2014"),
        ("my code is 2045", "2045"),
        ("pagué 2027 pesos", "2027"),
        ("la habitación doscientos cuatro no funciona", "doscientos cuatro"),
        ("room two oh four is cold", "two oh four"),
        ("o quarto trezentos e doze", "trezentos e doze"),
        ("la reserva AH doce tres", "doce tres"),
        ("pagué mil", "mil"),
    ],
)
def test_a_long_number_is_read_back_whatever_it_looks_like(text: str, number: str) -> None:
    assert said([note(text)]) == (number,)


def test_a_number_in_words_is_read_back_where_it_is_unsure() -> None:
    assert said([note("necesito tres toallas", wtres=0.1)]) == ("tres",)
    assert said([note("necesito tres toallas")]) == ()
    assert said([note("quiero una toalla", wuna=0.1)]) == ()


def test_a_number_in_words_that_a_summary_shows_is_not_read_back() -> None:
    heard = note("del veinticuatro de diciembre para dos adultos y tres niños")
    party = ("party", "dos adultos y tres niños", PartyHint(adults=2, children=3))
    assert said([heard], ("stay", "del veinticuatro de diciembre", STAY), party) == ()


def test_one_is_a_count_though_it_is_a_small_word() -> None:
    party = ("party", "para um", PartyHint(adults=1))
    assert said([note("para um", wum=0.05)], party) == ("para um",)
    assert said([note("para um", wpara=0.9)], party) == ()


def test_a_reference_an_amount_and_an_address_are_always_read_back() -> None:
    heard = note("mi reserva XK4 y ana@x.com")
    assert said([heard], ("reference", "XK4", "XK4"), ("email", "ana@x.com", "ana@x.com")) == (
        "XK4",
        "ana@x.com",
    )


def test_an_unsure_short_number_that_nobody_read_is_read_back() -> None:
    assert said([note("necesito 3 toallas", w3=0.2)]) == ("3",)
    assert said([note("necesito 3 toallas")]) == ()


@pytest.mark.parametrize(
    "hint",
    [
        StayHint(arrival=date(2026, 11, 1), departure=date(2026, 11, 3)),
        StayHint(arrival=date(2026, 12, 5), departure=date(2026, 12, 5)),
        StayHint(arrival=date(2026, 12, 5), departure=date(2027, 12, 5)),
        StayHint(nights=90),
    ],
    ids=["past", "no night", "a year", "ninety nights"],
)
def test_dates_that_people_seldom_mean_are_read_back(hint: StayHint) -> None:
    assert said([note("para esos días")], ("stay", "esos días", hint)) == ("esos días",)


def test_more_people_than_a_family_are_read_back() -> None:
    party = ("party", "somos veinte", PartyHint(adults=20))
    assert said([note("somos veinte")], party) == ("somos veinte",)


def test_an_unsure_yes_is_read_back_although_it_is_short() -> None:
    yes = ("yes_no", "Sí", True)
    assert said([note("Sí", wSí=0.3)], yes) == ("Sí",)
    assert said([note("Sí", wSí=0.9)], yes) == ()


def test_what_was_written_is_never_doubted() -> None:
    assert said([Content(text="habitación 424, mi reserva XK4")], ("reference", "XK4", "x")) == ()


def test_of_written_and_spoken_together_only_the_spoken_is_doubted() -> None:
    contents = [Content(text="soy de la 101"), note("digo la 202")]
    assert said(contents) == ("202",)


def test_what_is_part_of_a_longer_doubt_is_told_once() -> None:
    heard = note("del 24 al 27 de diciembre", w24=0.1, w27=0.1)
    assert said([heard], ("stay", "del 24 al 27 de diciembre", STAY)) == (
        "del 24 al 27 de diciembre",
    )
