"""What is believed of a model's answer: only what the guest's own words show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from agente_hotelero.messages import (
    Entity,
    OfferedOption,
    PartyHint,
    StayHint,
    Understanding,
    UnderstandRequest,
)
from agente_hotelero_nlp_llm import reading
from agente_hotelero_nlp_llm.answers import Answer
from agente_hotelero_nlp_llm.meanings import MEANINGS
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

REQUEST = UnderstandRequest(
    text="",
    language="es",
    languages=("es", "pt"),
    reference=datetime(2026, 11, 18, 12, tzinfo=UTC),
    zone=ZoneInfo("America/Argentina/Buenos_Aires"),
    options=(
        OfferedOption(id="offer-a", title="Suite"),
        OfferedOption(id="offer-b", title="Doble"),
    ),
    vocabulary={"17": ("Doble Patio", "Duplo Pátio"), "4": ("Suite",)},
    rates={"flex": ("Flexible",)},
)
NOTHING: dict[str, Any] = {
    "language": "es",
    "intents": [],
    **dict.fromkeys(("stay", "party", "rooms", "room_type", "rate", "option", "yes_no")),
    **dict.fromkeys(("person", "email", "phone", "reference")),
}


def read(text: str, *, expects: tuple[str, ...] = (), **said: Any) -> Understanding:
    answer = Answer.model_validate(NOTHING | said)
    return reading.read(answer, replace(REQUEST, text=text, expects=expects), text, 0.5)


def values(found: Understanding) -> list[object]:
    return [entity.value for entity in found.entities]


def wish(name: str, quote: str, certainty: str = "high") -> dict[str, str]:
    return {"name": name, "quote": quote, "certainty": certainty}


def stay(quote: str, **said: Any) -> dict[str, Any]:
    return {"quote": quote, "arrival": None, "departure": None, "nights": None} | said


def party(quote: str, **said: Any) -> dict[str, Any]:
    return {"quote": quote, "adults": None, "children": None, "child_ages": []} | said


def test_words_are_found_whatever_their_case_and_blanks() -> None:
    found = read("Soy  ANA\nGarcía", person="Ana García")
    (entity,) = found.entities
    assert entity == Entity(
        type="person", text="ANA\nGarcía", span=(5, 15), value="ANA García", alternatives=()
    )


@pytest.mark.parametrize("quote", ["wifi gratis", "", "  ", "if", "x" * 5000, "(?:.*)"])
def test_what_was_not_said_is_dropped(quote: str) -> None:
    found = read("¿hay wifi?", intents=[wish("wifi", quote)], stay=stay(quote, nights=2))
    assert (found.intents, found.entities, found.verdict) == ((), (), "reject")


def test_wishes_keep_their_places_and_the_surest_of_two_counts() -> None:
    twice = [wish("wifi", "wifi", "low"), wish("pets", "perro"), wish("wifi", "internet")]
    found = read("perro, wifi, internet", intents=twice)
    told = [(intent.name, intent.confidence, intent.at) for intent in found.intents]
    assert told == [("pets", 0.95, 0), ("wifi", 0.95, 13)]


def test_of_very_many_wishes_the_first_count() -> None:
    many = [wish(name, "todo") for name in MEANINGS]
    assert len(read("quiero todo", intents=many).intents) == reading.MOST_INTENTS


def test_an_answer_that_does_not_fit_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as caught:
        Answer.model_validate(NOTHING | {"person": ["Ana García"]})
    assert "Ana" not in str(caught.value)


@pytest.mark.parametrize(
    ("certainty", "verdict"), [("high", "act"), ("medium", "act"), ("low", "confirm")]
)
def test_the_verdict_follows_the_certainty(certainty: str, verdict: str) -> None:
    assert read("wifi", intents=[wish("wifi", "wifi", certainty)]).verdict == verdict


def test_what_has_nothing_to_do_with_a_hotel_is_not_acted_upon() -> None:
    assert read("2+2?", intents=[wish("out_of_scope", "2+2")]).verdict == "reject"


@pytest.mark.parametrize(("said", "expected"), [("pt", "pt"), ("en", "es"), ("<script>", "es")])
def test_only_languages_of_the_hotel_are_taken(said: str, expected: str) -> None:
    assert read("oi", language=said).language == expected


DATED = StayHint(arrival=date(2026, 12, 24), departure=date(2026, 12, 27), nights=3)


@pytest.mark.parametrize(
    ("said", "hints"),
    [
        ({"arrival": "2026-12-24", "departure": "2026-12-27"}, [DATED]),
        ({"arrival": "2026-12-24", "nights": 3}, [DATED]),
        ({"arrival": "2026-12-24"}, [StayHint(arrival=date(2026, 12, 24))]),
        ({"departure": "2026-12-27", "nights": 3}, [StayHint(departure=DATED.departure, nights=3)]),
        ({"nights": 3}, [StayHint(nights=3)]),
        (
            {"arrival": "2026-12-24", "departure": "2026-12-27", "nights": 2},
            [DATED, StayHint(arrival=date(2026, 12, 24), departure=date(2026, 12, 26), nights=2)],
        ),
    ],
)
def test_a_stay_is_made_anew_from_its_dates(said: dict[str, Any], hints: list[StayHint]) -> None:
    (entity,) = read("del 24 al 27, 2 o 3", stay=stay("24 al 27", **said)).entities
    assert [entity.value, *entity.alternatives] == hints


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"arrival": "2026-02-31"},
        {"arrival": "24/12/2026"},
        {"arrival": "mañana"},
        {"arrival": ""},
        {"arrival": "2026-12-27", "departure": "2026-12-24"},
        {"arrival": "2026-12-24", "departure": "2026-12-24"},
        {"arrival": "2024-12-24", "departure": "2024-12-27"},
        {"arrival": "9999-12-31", "nights": 300},
        {"nights": 0},
        {"nights": -3},
        {"nights": 10**30},
        {"arrival": "2026-12-24", "departure": "2028-12-24"},
    ],
)
def test_a_stay_that_cannot_be_is_dropped(said: dict[str, Any]) -> None:
    assert read("del 24 al 27", stay=stay("24 al 27", **said)).entities == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"adults": 2}, PartyHint(adults=2)),
        (
            {"adults": 2, "child_ages": [4, 9]},
            PartyHint(adults=2, children=2, child_ages=(4, 9)),
        ),
        ({"children": 2, "child_ages": [0]}, PartyHint(children=2, child_ages=(0,))),
    ],
)
def test_a_party_counts_people(said: dict[str, Any], expected: PartyHint) -> None:
    assert values(read("somos 4", party=party("somos 4", **said))) == [expected]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"adults": 0},
        {"adults": -1},
        {"adults": 2, "children": -1},
        {"adults": 2, "children": 1, "child_ages": [3, 4]},
        {"adults": 2, "child_ages": [18]},
        {"adults": 2, "child_ages": [-1]},
        {"adults": 10**9},
        {"children": 0},
    ],
)
def test_a_party_that_cannot_be_is_dropped(said: dict[str, Any]) -> None:
    assert read("somos 4", party=party("somos 4", **said)).entities == ()


@pytest.mark.parametrize(("number", "expected"), [(3, [3]), (1, []), (0, []), (-2, []), (900, [])])
def test_only_several_rooms_are_worth_a_word(number: int, expected: list[int]) -> None:
    said = {"quote": "habitaciones", "number": number}
    assert values(read("tres habitaciones", rooms=said)) == expected


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("room_type", 1, ["17"]),
        ("room_type", 2, ["4"]),
        ("room_type", 17, []),
        ("room_type", 0, []),
        ("rate", 1, ["flex"]),
        ("rate", 2, []),
        ("option", 2, ["offer-b"]),
        ("option", 3, []),
        ("option", -1, []),
    ],
)
def test_only_what_was_in_the_list_can_be_chosen(
    kind: str, number: int, expected: list[str]
) -> None:
    said: dict[str, Any] = {kind: {"quote": "doble", "number": number}}
    found = read("la doble", **said)
    assert [(one.type, one.value) for one in found.entities] == [(kind, id_) for id_ in expected]


@pytest.mark.parametrize(
    ("text", "answer", "expects", "expected"),
    [
        ("sí, gracias", "yes", ("yes_no",), [True]),
        ("no, gracias", "no", ("yes_no",), [False]),
        ("sí, gracias", "yes", (), []),
        ("sí, si hay garaje", "conditional", ("yes_no",), []),
        ("sí, ¿hay garaje?", "yes", ("yes_no",), []),
        ("hola", "yes", ("yes_no",), []),
        ("todavía no, sí", "yes", ("yes_no",), []),
        ("cancélala", "yes", ("yes_no",), []),
        ("cancelala", "yes", ("yes_no",), []),
        ("dale, cancelala", "yes", ("yes_no",), []),
        ("dale, resérvala", "yes", ("yes_no",), [True]),
        ("dale, resérvala", "yes", ("yes_no", "cancel"), []),
        ("tengo una reserva", "yes", ("yes_no",), []),
        ("cancelala", "yes", ("yes_no", "cancel"), [True]),
        ("cámbiala, dale", "yes", ("yes_no", "change"), [True]),
        ("👍", "yes", ("yes_no",), [True]),
    ],
)
def test_a_yes_is_one_that_was_written_and_depends_on_nothing(
    text: str, answer: str, expects: tuple[str, ...], expected: list[bool]
) -> None:
    found = read(text, expects=expects, yes_no={"quote": text, "answer": answer})
    assert values(found) == expected


def test_an_agreement_that_is_not_believed_is_left_to_the_next_engine() -> None:
    found = read("mmm", expects=("yes_no",), intents=[wish("affirm", "mmm")])
    assert found.verdict == "reject"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("person", "Ana García", ["Ana García"]),
        ("person", "Ana <b>", []),
        ("person", "a" * 81, []),
        ("email", "ana@example.com", ["ana@example.com"]),
        ("email", "ana arroba example", []),
        ("phone", "+54 9 11 5555-1234", ["+54 9 11 5555-1234"]),
        ("phone", "1234567", []),
        ("reference", "sol-ab12", ["SOL-AB12"]),
        ("reference", "../../etc/passwd", []),
    ],
)
def test_words_of_the_guest_must_have_their_form(kind: str, text: str, expected: list[str]) -> None:
    said: dict[str, Any] = {kind: text}
    assert values(read(text, **said)) == expected


def test_where_the_answer_is_all_of_the_text_it_is_nothing_else() -> None:
    wishes = [wish("cancel_reservation", "no"), wish("thanks", "gracias")]
    said = {"quote": "no", "answer": "no"}
    found = read("no, gracias", expects=("person",), person=None, intents=wishes, yes_no=said)
    assert len(found.intents) == 2
    found = read("no", expects=("yes_no",), intents=wishes[:1], yes_no=said)
    assert (found.intents, values(found), found.verdict) == ((), [False], "act")


def test_entities_stand_in_the_order_of_the_text() -> None:
    found = read("ana@example.com, somos 2", party=party("2", adults=2), email="ana@example.com")
    assert [entity.type for entity in found.entities] == ["email", "party"]


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_quote_of_any_text_is_looked_for(text: str, quote: str) -> None:
    for entity in read(text, person=quote, stay=stay(quote, nights=1)).entities:
        assert entity.text == text[slice(*entity.span)]
